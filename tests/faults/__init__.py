"""Attacks on the files, the models, the text, the processes and the people's rights; each says how many tries it makes."""

import os


def tries(short: int, full: int) -> int:
    """How often to try: a few times in the whole test run, often with OPSCOPE_FAULTS=full (make test-faults)."""
    return full if os.environ.get("OPSCOPE_FAULTS") == "full" else short
