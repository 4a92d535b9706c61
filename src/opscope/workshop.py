"""Training from start to saved version: read, fit, compile, measure, save. What ``opscope train`` runs."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version as library_version
from pathlib import Path

import joblib
from tqdm import tqdm

from opscope.card import card_of, in_words
from opscope.compiling import check_same, compile_scorer
from opscope.dataset import Dataset, read_dataset
from opscope.errors import ModelError
from opscope.evaluation import Report, evaluate
from opscope.guide import guide
from opscope.model import Model
from opscope.paths import shipped
from opscope.registry import Manifest, Version, active_version, load_version, save_version
from opscope.tables import find_column, read_table
from opscope.teaching import load_taught, nothing_taught
from opscope.thresholds import activity_threshold, review_thresholds
from opscope.training import TrainedModel, fit_model, number_of_steps

_LIBRARIES = ("numpy", "scikit-learn", "scipy")


@dataclass(frozen=True)
class Trained:
    """A version that was trained and saved, and what to tell about it."""

    folder: Path
    report: Report
    lines: tuple[str, ...]


def train_version(csv: Path, *, models: Path, only: bool = False, jobs: int = 2, seed: int = 0) -> Trained:
    """Trains on a CSV (with the shipped rows unless ``only``), measures on the evaluation set, and saves a version in ``models``.

    The active version stays the active one. Raises DataError for wrong rows, ModelError when the folder cannot be written.
    """
    dataset = training_rows(csv, only=only)
    with tqdm(total=number_of_steps(), desc="training", unit="step", leave=False) as bar:

        def on_step(step: str) -> None:
            bar.set_postfix_str(step)
            bar.update()

        taught = nothing_taught() if only else load_taught(shipped("data/taught.csv.gz"))
        model = fit_model(dataset, shipped_non_activities(), taught=taught, seed=seed, jobs=jobs, on_step=on_step)
    evaluation_set = read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True)
    scorer = compile_scorer(model)
    check_same(scorer, model, dataset.texts)
    manifest = _manifest(model, dataset)
    report = evaluate(Model(Version(models / manifest.version, manifest, scorer)), evaluation_set)
    folder = save_version(models, manifest, scorer, _as_bytes(model), card_of(manifest, report))
    return Trained(folder, report, tuple(_lines(folder, dataset, report, models, evaluation_set)))


def training_rows(csv: Path, *, only: bool) -> Dataset:
    """The rows of a CSV; unless ``only``, followed by the shipped rows whose text it does not hold."""
    own = read_dataset(csv)
    if only:
        return own
    texts = set(own.texts)
    added = read_dataset(shipped("data/activities.csv")).only(lambda example: example.text not in texts)
    return Dataset(own.examples + added.examples)


def shipped_non_activities() -> list[str]:
    """The texts that are no activity, from ``data/non_activities.csv``."""
    table = read_table(shipped("data/non_activities.csv"))
    column = find_column(table, None)
    return [row.values[column] for row in table.rows]


def _manifest(model: TrainedModel, dataset: Dataset) -> Manifest:
    data = hashlib.sha256()
    for example in dataset.examples:
        data.update("\x1f".join((example.text, example.label, example.function)).encode() + b"\x1e")
    manifest = Manifest(
        version="",
        guide_version=guide().version,
        data_sha256=data.hexdigest(),
        rows=len(dataset),
        settings=model.settings,
        review_below=review_thresholds(model.held_out, model.held_out_labels),
        activity_below=activity_threshold(model.held_out_activity),
        libraries={name: library_version(name) for name in _LIBRARIES},
        files={},
    )
    content = hashlib.sha256(repr(sorted(asdict(manifest).items())).encode() + _as_bytes(model)).hexdigest()
    return replace(manifest, version=f"{datetime.now(UTC):%Y-%m-%d}-{content[:8]}")


def _as_bytes(model: TrainedModel) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(model, buffer, compress=3)
    return buffer.getvalue()


def _lines(folder: Path, dataset: Dataset, report: Report, models: Path, evaluation_set: Dataset) -> Sequence[str]:
    yield f"Trained on {len(dataset):,} rows; saved as {folder}"
    yield f"On the evaluation set: label right {in_words(report.accuracy)}, decided {in_words(report.decided)}."
    try:
        active = active_version(models)
    except ModelError:
        yield f"There is no active version yet. To use this one: opscope models promote {folder.name}"
        return
    if active.name == folder.name:
        yield "This is the active version already: the same rows give the same model."
        return
    before = evaluate(Model(load_version(active)), evaluation_set)
    yield f"The active version {active.name} has {in_words(before.accuracy)} right. It stays active."
    yield f"To use the new one: opscope models promote {folder.name}"
