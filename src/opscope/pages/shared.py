"""What several pages need: the model in service, loaded once for all users, and files that wait until they are fetched."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx
from threadpoolctl import threadpool_limits

from opscope.aliases import active_version
from opscope.desk import Screens
from opscope.guide import OPERATIONS, PRODUCTION
from opscope.jobs import Job
from opscope.model import Model, load
from opscope.registry import default_models
from opscope.reviews import open_reviews
from opscope.reviews_place import reviews_exist
from opscope.settling import settle
from opscope.similar import Precedents

COLOUR_OF = {PRODUCTION: "#E69F00", OPERATIONS: "#0072B2"}  # told apart with any kind of colour vision


def active_model() -> Model:
    """The version that is active now; a promotion takes effect with the next click. Raises ModelError where there is none."""
    return loaded(active_version(default_models()))


# These two are no cached resources of Streamlit: anybody who reaches the server may have it empty those.
@cache
def jobs_of_all() -> list[Job]:
    """The jobs of all who use this server, so that they do not slow each other down."""
    return []


@cache
def screens(place: str) -> Screens:
    """What is on the screens of all who use this server and these reviews."""
    return Screens()


@st.cache_resource(max_entries=3, show_spinner=False)
def loaded(folder: Path) -> Model:
    """The version in a folder, for all users: versions never change. Raises ModelError where it cannot be loaded."""
    # Users share the processors already: a multiplication spread over all of them waits until all are free, each time anew.
    threadpool_limits(1, user_api="blas")
    return load(folder)


def precedents(model: Model) -> Precedents | None:
    """What people have settled so far, made ready for explanations; None where nobody has reviewed anything."""
    if not reviews_exist():
        return None
    reviews = open_reviews()
    return _placed(model, model.version, reviews.place, reviews.count())


@st.cache_resource(max_entries=3, show_spinner=False)
def _placed(_model: Model, version: str, place: str, count: int) -> Precedents:
    """``count`` is the number of verdicts, so that a new one is seen."""
    return _model.precedents(settle(open_reviews().verdicts()).settled)


@dataclass(frozen=True)
class _Owner:
    """Whom a file is kept for: what Streamlit asks of a run's context, which itself would hold the whole session for ever."""

    session_id: str


def kept_for_download(make: Callable[[], bytes], file_name: str, mime: str) -> Callable[[], bytes]:
    """Makes a file when it is asked for, and keeps it for this session until its next click.

    Streamlit ties such a file to no session, and deletes it when two clicks of anybody have been answered, which may be before the
    browser has fetched it.
    """
    owner = _Owner(getattr(get_script_run_ctx(), "session_id", ""))

    def made() -> bytes:
        content = make()
        keeping = Thread(target=_keep, args=(content, file_name, mime))
        add_script_run_ctx(keeping, owner).start()
        keeping.join()
        return content

    return made


def _keep(content: bytes, file_name: str, mime: str) -> None:
    if runtime.exists():
        runtime.get_instance().media_file_mgr.add(content, mime, f"download {file_name}", file_name, is_for_static_download=True)
