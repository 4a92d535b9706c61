"""The frame of the app: page settings and navigation."""

from pathlib import Path

import streamlit as st


def show() -> None:
    """Draws the page that the user chose."""
    st.set_page_config(page_title="opscope", page_icon=":material/factory:", layout="wide")
    classify = st.Page(Path(__file__).parent / "classify.py", title="Classify", icon=":material/label:", default=True)
    st.navigation([classify], position="top").run()


if __name__ == "__main__":
    show()
