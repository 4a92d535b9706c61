"""A table that the user uploads: which sheet of it, read, and kept for this session."""

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import streamlit as st

from opscope.errors import DataError
from opscope.markdown import as_markdown
from opscope.tables import Table, read_table, sheets_of
from opscope.visible import visible_line

_KINDS = ["csv", "tsv", "xlsx", "parquet", "jsonl", "gz"]
_ENDING = re.compile(r"(\.[A-Za-z0-9]{1,8}){1,2}$")  # such as .csv or .csv.gz


def uploaded_table() -> Table | None:
    """Draws where to upload; gives the table that is there, None where there is none yet. A broken one stops the page."""
    given = st.file_uploader("Table", type=_KINDS, help="CSV, TSV, XLSX, Parquet or JSON Lines. Columns stay as they are.")
    if given is None:
        return st.session_state.get("uploaded")
    name, ending = visible_line(given.name), _ENDING.search(given.name)
    with tempfile.TemporaryDirectory(prefix="opscope-upload-") as folder:
        path = Path(folder) / f"table{ending[0] if ending else ''}"  # the user's name may be none that the disk takes
        path.write_bytes(given.getvalue())
        try:
            sheets = _sheets(given.file_id, str(path))
            sheet = st.selectbox("Sheet", sheets) if len(sheets) > 1 else None
            st.session_state["uploaded"] = replace(_read(given.file_id, str(path), sheet), path=name)
        except DataError as error:
            st.error(as_markdown(str(error).replace(str(path), name)))
            st.stop()
    return st.session_state["uploaded"]


@st.cache_resource(scope="session", max_entries=2, show_spinner=False)
def _sheets(file_id: str, _path: str) -> tuple[str, ...]:
    return sheets_of(_path)


@st.cache_resource(scope="session", max_entries=2, show_spinner="Reading the table")
def _read(file_id: str, _path: str, sheet: str | None) -> Table:
    return read_table(_path, sheet=sheet)
