"""Who reviews: the person who signed in, or where nobody signs in whoever gives a name."""

import streamlit as st

from opscope.desk import Desk
from opscope.errors import NotAllowed, OpscopeError
from opscope.markdown import as_markdown
from opscope.pages.signing_in import guard, served_settings
from opscope.review_status import Status
from opscope.reviewing import checked_reviewer
from opscope.roles import REVIEW

_DESK = "review_desk"


def own_desk() -> Desk:
    """The desk of who clicks now; raises NotAllowed where it is somebody else's, who was signed in before."""
    person, desk = guard(REVIEW), st.session_state.get(_DESK)
    if desk is None or (served_settings().sign_in and desk.reviewer != checked_reviewer(person.name)):
        raise NotAllowed("You are not the one for whom this page was drawn. Load it again.")
    return desk


def show_reviewer(status: Status) -> Desk | None:
    """Draws who reviews, and gives that person's desk; draws the question for a name where it is not known, and gives None."""
    person = guard(REVIEW)
    if served_settings().sign_in:
        try:
            desk = own_desk()
        except NotAllowed:
            desk = st.session_state[_DESK] = Desk(person.name)
        st.text(f"Reviewing as {desk.reviewer}")
        return desk
    if _DESK not in st.session_state:
        _ask_name(status)
        return None
    desk = st.session_state[_DESK]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"Reviewing as {desk.reviewer}")
        st.button("Change", key="review_change_name", type="tertiary", on_click=_leave, help="For somebody else at this screen")
    return desk


def _ask_name(status: Status) -> None:
    st.markdown("Activities are shown one at a time, and you say what each is. Your name is kept with what you decide.")
    with st.form("name", border=False):
        name = st.text_input("Your name", key="review_name", autocomplete="name")
        begin = st.form_submit_button("Begin", type="primary")
    if status.reviewers:
        st.text(f"Here already: {', '.join(status.reviewers)}. If you are one of them, spell your name as it stands here.")
    if begin:
        try:
            st.session_state[_DESK] = Desk(name)
        except OpscopeError as error:
            st.error(as_markdown(str(error)))
        else:
            st.rerun()


def _leave() -> None:
    del st.session_state[_DESK]
