"""What several pages need: the model in service, loaded once for all users."""

from pathlib import Path

import streamlit as st
from threadpoolctl import threadpool_limits

from opscope.aliases import active_version
from opscope.model import Model, load
from opscope.registry import default_models
from opscope.reviews import open_reviews
from opscope.reviews_place import reviews_exist
from opscope.settling import settle
from opscope.similar import Precedents


def active_model() -> Model:
    """The version that is active now; a promotion takes effect with the next click. Raises ModelError where there is none."""
    return _loaded(active_version(default_models()))


@st.cache_resource(max_entries=3, show_spinner=False)
def _loaded(folder: Path) -> Model:
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
