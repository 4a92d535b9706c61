"""The model as people use it: one object that predicts, explains and tags tables."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import overload

from opscope.aliases import active_version
from opscope.errors import InputError
from opscope.explanation import Explanation, explanation
from opscope.policies import BALANCED
from opscope.prediction import Prediction, predictions
from opscope.registry import Version, default_models, load_version
from opscope.settling import Settled
from opscope.similar import Precedents
from opscope.text import checked


class Model:
    """A loaded version of the model."""

    def __init__(self, version: Version):
        """Wraps a version that the registry loaded."""
        self._version = version

    @property
    def version(self) -> str:
        """Name of the version."""
        return self._version.manifest.version

    @property
    def loaded(self) -> Version:
        """The version itself, for opscope's own modules."""
        return self._version

    @overload
    def predict(self, text: str, policy: str = BALANCED) -> Prediction: ...
    @overload
    def predict(self, text: Sequence[str], policy: str = BALANCED) -> list[Prediction]: ...
    def predict(self, text, policy=BALANCED):
        """Tags one text (gives a Prediction) or many (gives a list of them, in order).

        ``policy`` says how many of the labels given without a person may be wrong: ``strict`` 2 %, ``balanced`` 5 %, or ``quick``
        10 %. Raises InputError for another one, and for anything that is no text. An empty or unreadable text is no error: its
        decision is ``unfamiliar``.
        """
        if isinstance(text, str):
            return predictions(self._version, [text], policy)[0]
        return predictions(self._version, checked(text), policy)

    def precedents(self, settled: Sequence[Settled]) -> Precedents:
        """Activities that people settled, made ready for ``explain``."""
        return Precedents.among(self._version.neighbours, settled)

    def explain(self, text: str, policy: str = BALANCED, precedents: Precedents | None = None) -> Explanation:
        """The prediction for one text with the reasons for it, similar ``precedents`` among them.

        Raises InputError for anything that is no text.
        """
        if not isinstance(text, str):
            raise InputError(f"explain takes one text, got {type(text).__name__}. Pass a str; loop over a list.")
        return explanation(self._version, self.predict(text, policy), policy, precedents)

    def predict_table(self, table, text_column: str = "text", policy: str = BALANCED):
        """The table (pandas, polars or pyarrow) with a column for each of RESULT_COLUMNS appended; the same kind comes back.

        A result whose name is taken gets ``opscope_`` in front. Raises DataError when the text column is missing.
        """
        # Loaded here, since one text needs no table library and should not wait for one.
        from opscope.frames import tagged

        return tagged(self._version, table, text_column, policy)


def load(folder: str | Path | None = None) -> Model:
    """Loads a version's folder, such as ``models/2026-11-28-1a2b3c4d5e6f``; without one, the active version that opscope ships.

    Raises ModelError when the folder holds no complete version.
    """
    return Model(load_version(active_version(default_models()) if folder is None else Path(folder)))


@cache
def default_model() -> Model:
    """The active version that opscope ships, loaded once."""
    return load()
