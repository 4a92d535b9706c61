"""The frame of the app: page settings and navigation."""

from pathlib import Path

import streamlit as st


def show() -> None:
    """Draws the page that the user chose."""
    st.set_page_config(page_title="opscope", page_icon=":material/factory:", layout="wide")
    pages = Path(__file__).parent
    classify = st.Page(pages / "classify.py", title="Classify", icon=":material/label:", default=True)
    train = st.Page(pages / "train.py", title="Train", icon=":material/model_training:")
    review = st.Page(pages / "review.py", title="Review", icon=":material/rate_review:")
    model = st.Page(pages / "model.py", title="Model", icon=":material/monitoring:")
    guide = st.Page(pages / "guide.py", title="Guide", icon=":material/menu_book:")
    st.navigation([classify, review, train, model, guide], position="top").run()


if __name__ == "__main__":
    show()
