"""Kinds of tables, a module each: ``rows(stream, name)`` reads one, ``Writer`` writes one."""
