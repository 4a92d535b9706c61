"""Kinds of tables, a module each: ``rows(stream, name)`` reads one, ``Writer`` writes one."""

FORMAT_OF = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
FORMATS = tuple(dict.fromkeys(FORMAT_OF.values()))
