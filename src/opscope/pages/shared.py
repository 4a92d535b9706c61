"""What several pages need: the model in service, loaded once for all users."""

from pathlib import Path

import streamlit as st

from opscope.aliases import active_version
from opscope.model import Model, load
from opscope.registry import default_models


def active_model() -> Model:
    """The version that is active now; a promotion takes effect with the next click. Raises ModelError where there is none."""
    return _loaded(active_version(default_models()))


@st.cache_resource(max_entries=3, show_spinner=False)
def _loaded(folder: Path) -> Model:
    return load(folder)
