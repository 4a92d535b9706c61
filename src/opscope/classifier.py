"""The label's classifier, as people know it from scikit-learn."""

import io
import warnings
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as library_version
from pathlib import Path

import joblib
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from opscope.aliases import active_version
from opscope.errors import ModelError, VersionWarning
from opscope.features import TextFeatures
from opscope.paths import shipped
from opscope.registry import PIPELINE, Manifest, default_models, read_manifest, unaltered
from opscope.text import checked
from opscope.vectors import WordVectors


class ScopeClassifier(ClassifierMixin, BaseEstimator):
    """Tags texts as production or operations; a scikit-learn classifier over TextFeatures.

    ``C`` is the inverse penalty of the logistic regression; ``vectors`` go to TextFeatures.
    """

    def __init__(self, C: float = 5.0, vectors: WordVectors | None = None):
        self.C = C
        self.vectors = vectors

    def __sklearn_tags__(self):
        """What scikit-learn should know: it takes texts, and tells two classes apart."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.string = False, True
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, texts: Sequence[str], labels: Sequence) -> "ScopeClassifier":
        """Fits on n texts and their n labels, of which there must be two.

        Raises InputError for what is no text, ValueError for labels that do not fit.
        """
        texts, labels = checked(texts), column_or_1d(labels, warn=True)
        check_consistent_length(texts, labels)
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        if len(self.classes_) != 2:
            shown = ", ".join(map(str, self.classes_[:5]))
            raise ValueError(
                f"Only binary classification is supported. Expected rows of two labels, got {len(self.classes_)} class ({shown})."
            )
        self.features_ = TextFeatures(vectors=self.vectors).fit(texts)
        self.model_ = logistic(self.C).fit(self.features_.transform(texts), labels)
        self.slope_, self.offset_ = 1.0, 0.0
        return self

    def calibrate(self, scores: np.ndarray, labels: Sequence[str]) -> "ScopeClassifier":
        """Maps scores to log-odds by the slope and offset that fit held-out ``scores`` (n,) and their labels best (Platt)."""
        fitted = platt(scores, labels)
        self.slope_, self.offset_ = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
        return self

    def decision_function(self, texts: Sequence[str]) -> np.ndarray:
        """Log-odds of the second of ``classes_``, (n,)."""
        check_is_fitted(self, "model_")
        return self.slope_ * self.model_.decision_function(self.features_.transform(checked(texts))) + self.offset_

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities of ``classes_``, (n, 2)."""
        second = 1 / (1 + np.exp(-self.decision_function(texts)))
        return np.column_stack([1 - second, second])

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """The likelier label of each text, (n,)."""
        second_is_likelier = self.decision_function(texts) > 0
        return self.classes_[second_is_likelier.astype(int)]

    @classmethod
    def from_version(cls, folder: str | Path | None = None, *, trusted: bool = False) -> "ScopeClassifier":
        """The classifier of a version's folder, such as ``models/2026-11-28-18a24d08aab9``; without one, of the active version.

        ``pipeline.joblib`` runs any code that is in it when it is opened. So only versions in the models folder that opscope ships
        are opened as they are; of any other, name the folder and say ``trusted=True``, and say it only of folders that were trained
        here, or by people whom you would let run programs here. A folder that only the settings or the environment name is never
        opened. The SHA-256 in the manifest is checked, too: it finds damage, not malice, since who can write the file can write
        the manifest.

        Raises ModelError where the version is not trusted, or a file is missing or altered. Warns by name and version where a
        library is another than the version was trained with (VersionWarning).
        """
        named = folder is not None
        folder = Path(folder) if named else active_version(default_models())
        if not (named and trusted) and not _is_shipped(folder):
            raise ModelError(
                f"{folder / PIPELINE} runs any code that is in it when it is opened, and it is not one that opscope ships. "
                f"If you trust who made it: ScopeClassifier.from_version({str(folder)!r}, trusted=True)."
            )
        manifest = read_manifest(folder)
        content = unaltered(folder / PIPELINE, manifest)
        _warn_of_other_libraries(manifest)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InconsistentVersionWarning)  # said already, with what to do
            return _opened(folder / PIPELINE, content).classifier


def _opened(path: Path, content: bytes):
    """What the pipeline's file holds; raises ModelError where that is no pipeline."""
    try:
        found = joblib.load(io.BytesIO(content))
    except (ImportError, AttributeError) as error:  # the file is the one that was saved: what it names is not in these libraries
        raise ModelError(
            f"{path} cannot be opened with the libraries installed here: {error}. "
            "Install those that the manifest names, or train again."
        ) from error
    except Exception as error:  # code of any kind may run here, and fail in any way
        raise _no_pipeline(path, str(error)) from error
    if not isinstance(getattr(found, "classifier", None), ScopeClassifier):
        raise _no_pipeline(path, f"it holds a {type(found).__name__}")
    return found


def _no_pipeline(path: Path, problem: str) -> ModelError:
    return ModelError(f"{path} cannot be opened as a pipeline: {problem}. Restore the folder, or train again.")


def _is_shipped(folder: Path) -> bool:
    """Whether the folder lies in the models folder that opscope ships, and leads to no other by a link."""
    return folder.resolve().parent == shipped("models").resolve()


def _warn_of_other_libraries(manifest: Manifest) -> None:
    others = []
    for name, trained_with in manifest.libraries.items():
        try:
            installed = library_version(name)
        except PackageNotFoundError:
            installed = "not installed"
        if installed != trained_with:
            others.append(f"{name} {trained_with} (here: {installed})")
    if others:
        warnings.warn(
            f"Version {manifest.version} was trained with {', '.join(others)}; its results may differ here. "
            "Install those versions, or train again.",
            VersionWarning,
            stacklevel=3,
        )


def logistic(C: float) -> LogisticRegression:
    """The logistic regression used throughout; deterministic."""
    return LogisticRegression(C=C, max_iter=5000)


def platt(scores: np.ndarray, labels: Sequence[str]) -> LogisticRegression:
    """Slope and offset that turn scores into log-odds; after Platt, Probabilistic outputs for support vector machines, 1999."""
    return logistic(1e6).fit(scores[:, None], labels)
