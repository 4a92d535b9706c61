"""The frame of the app: page settings, sign-in, and the navigation between the pages that the user's role may use."""

from pathlib import Path

import streamlit as st

from opscope.pages.signing_in import person_or_sign_in_page, show_person
from opscope.roles import CLASSIFY, REVIEW, TRAIN, may

_STYLE = """<style>
[data-testid='stMainBlockContainer'] { padding-top: 4.25rem; } /* Streamlit leaves much room on top */
.st-key-alone { display: none; }
/* Streamlit's own button under a table writes formulas as they are, past the exports. */
[data-testid='stElementToolbarButton']:has(button[aria-label^='Download as CSV']) { display: none; }
</style>"""
_ALONE = """<script>
try { void window.top.location.href } catch { document.body.textContent = "opscope does not show itself within another site." }
</script>"""  # else that site could lay its own page over the buttons; Streamlit sends no header against it
_PAGES = (  # file, title, icon, and the action without which there is no use for it; the first is where people begin
    ("classify.py", "Classify", ":material/label:", CLASSIFY),
    ("review.py", "Review", ":material/rate_review:", REVIEW),
    ("train.py", "Train", ":material/model_training:", TRAIN),
    ("model.py", "Model", ":material/monitoring:", CLASSIFY),
    ("guide.py", "Guide", ":material/menu_book:", CLASSIFY),
)


def show() -> None:
    """Draws the page that the user chose, or the page to sign in."""
    st.set_page_config(page_title="opscope", page_icon=":material/factory:", layout="wide")
    st.html(_STYLE)
    with st.container(key="alone"):
        st.html(_ALONE, unsafe_allow_javascript=True)
    person = person_or_sign_in_page()
    folder = Path(__file__).parent
    pages = [
        st.Page(folder / file, title=title, icon=icon, default=file == _PAGES[0][0])
        for file, title, icon, action in _PAGES
        if may(person.role, action)
    ]
    show_person(person)
    st.navigation(pages, position="top").run()


if __name__ == "__main__":
    show()
