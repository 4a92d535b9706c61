"""Training from start to saved version: read, fit, compile, measure, save. What ``opscope train`` runs."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version as library_version
from pathlib import Path

import joblib
import numpy as np
from tqdm import tqdm

from opscope.card import card_of, in_words
from opscope.compiling import check_same, compile_familiarity, compile_scorer
from opscope.dataset import PAIR_PREFIX, Dataset, Example, read_dataset, read_labelled, read_non_activities
from opscope.errors import DataError, InputError, ModelError
from opscope.evaluation import Report, evaluate
from opscope.familiarity import Familiarity
from opscope.features import vectors_of
from opscope.guide import LABELS, guide
from opscope.model import Model
from opscope.paths import shipped
from opscope.registry import Manifest, Version, active_version, load_version, save_version
from opscope.scorer import Scorer
from opscope.similar import make_neighbours
from opscope.thresholds import policy_thresholds
from opscope.training import TrainedModel, fit_model, number_of_steps

FEWEST_ALONE = 50  # rows of each label
_LIBRARIES = ("mapie", "numpy", "scikit-learn", "scipy")


@dataclass(frozen=True)
class Trained:
    """A version that was trained and saved, and what to tell about it."""

    folder: Path
    report: Report
    lines: tuple[str, ...]


def train_version(
    csv: Path,
    *,
    models: Path,
    only: bool = False,
    skip_rejected: bool = False,
    jobs: int = 2,
    cluster: str | None = None,
    seed: int = 0,
) -> Trained:
    """Trains on a CSV (with the shipped rows unless ``only``), measures on the evaluation set, and saves a version in ``models``.

    Cross-validation runs in ``jobs`` processes, or on the Dask cluster whose scheduler has the address ``cluster``. The active
    version stays the active one. Raises DataError for wrong rows, unless ``skip_rejected`` leaves them out, ModelError when the
    folder cannot be written, InputError when no cluster answers.
    """
    own = read_labelled(csv).dataset if skip_rejected else read_dataset(csv)
    if only:
        _check_enough_alone(own)
    shipped_rows = read_dataset(shipped("data/activities.csv"))
    dataset = own if only else training_rows(own, shipped_rows, guide_rows())
    non_activities = read_non_activities(shipped("data/non_activities.csv"))
    with cross_validated_on(cluster), tqdm(total=number_of_steps(), desc="training", unit="step", leave=False) as bar:

        def on_step(step: str) -> None:
            bar.set_postfix_str(step)
            bar.update()

        model = fit_model(
            dataset,
            non_activities,
            function_rows=dataset if _names_functions(dataset) else shipped_rows,
            seed=seed,
            jobs=jobs,
            on_step=on_step,
        )
    evaluation_set = read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True)
    scorer, familiarity = compile_scorer(model, dataset), compile_familiarity(model, dataset)
    check_same(scorer, model, [*dataset.texts, *(other.text for other in non_activities)])
    manifest = _manifest(model, scorer, familiarity, dataset)
    version = Version(models / manifest.version, manifest, scorer, familiarity)
    report = evaluate(Model(version), evaluation_set)
    neighbours = make_neighbours(dataset, non_activities, vectors_of(model.classifier.features_), scorer.functions)
    folder = save_version(models, version, neighbours, _as_bytes(model), card_of(manifest, report))
    return Trained(folder, report, tuple(_lines(folder, dataset, report, models, evaluation_set)))


def _check_enough_alone(own: Dataset) -> None:
    """Raises DataError where rows are too few to be learned from without the shipped ones."""
    counts = {label: own.labels.count(label) for label in LABELS}
    if min(counts.values()) < FEWEST_ALONE:
        told = " and ".join(f"{count} {label}" for label, count in counts.items())
        raise DataError(
            f"{told} rows are too few to be learned from alone: below {FEWEST_ALONE} of each label, thresholds and figures are "
            "guesses. Add rows, or leave --only away, so that the shipped rows are used too."
        )


@contextmanager
def cross_validated_on(address: str | None) -> Iterator[None]:
    """Within the block cross-validation runs on the Dask cluster at the address, if one is given.

    Raises InputError when no scheduler answers there.
    """
    if address is None:
        yield
        return
    # Only this way of training needs Dask.
    from distributed import Client

    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise InputError(f"No Dask scheduler answers at {address}: {error}. Start one, or train without --dask.") from error
    with client, joblib.parallel_config("dask"):
        yield


def guide_rows() -> Dataset:
    """The title and the definition of each of the guide's functions: who types one must get its label."""
    rows = [
        Example(text, function.label, function.key, id=f"guide-{function.key}-{place}", source="guide")
        for function in guide().functions.values()
        for place, text in enumerate((function.title, function.definition))
    ]
    return Dataset(tuple(rows))


def training_rows(own: Dataset, *others: Dataset) -> Dataset:
    """The own rows, followed by the rows of ``others`` whose text is not among them.

    Pairs of own rows get names of their own, so that they are never taken for shipped ones.
    """
    texts, rows = {example.text for example in own.examples}, []
    for example in own.examples:
        rows.append(replace(example, source=example.source.replace(PAIR_PREFIX, f"{PAIR_PREFIX}own-", 1)))
    return Dataset((*rows, *(example for other in others for example in other.examples if example.text not in texts)))


def _names_functions(dataset: Dataset) -> bool:
    """Whether the rows name at least two functions of each label, enough to learn to tell them apart."""
    named = {(example.label, example.function) for example in dataset.examples if example.function}
    return all(sum(label == own for own, _ in named) >= 2 for label in LABELS)


def _manifest(model: TrainedModel, scorer: Scorer, familiarity: Familiarity | None, dataset: Dataset) -> Manifest:
    """The manifest; the version is named by its content, so the same model always has the same name."""
    data = hashlib.sha256()
    for example in dataset.examples:
        data.update("\x1f".join((example.text, example.label, example.function)).encode() + b"\x1e")
    manifest = Manifest(
        version="",
        guide_version=guide().version,
        data_sha256=data.hexdigest(),
        rows=len(dataset),
        settings=model.settings,
        policies=policy_thresholds(model.held_out, model.held_out_labels),
        examples=len(model.held_out),
        libraries={name: library_version(name) for name in _LIBRARIES},
        files={},
    )
    content = hashlib.sha256(repr(sorted(asdict(manifest).items())).encode())
    for part in filter(None, (scorer, familiarity)):
        for name in part.__dataclass_fields__:  # not what is kept beside them once the scorer has been used
            array = getattr(part, name)
            content.update(np.asarray(array).tobytes() if not isinstance(array, tuple) else "\n".join(array).encode())
    return replace(manifest, version=content.hexdigest()[:12])


def _as_bytes(model: TrainedModel) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(model, buffer, compress=3)
    return buffer.getvalue()


def _lines(folder: Path, dataset: Dataset, report: Report, models: Path, evaluation_set: Dataset) -> Sequence[str]:
    yield f"Trained on {len(dataset):,} rows; saved as {folder}"
    decided = report.decided
    yield (
        f"On the evaluation set: label right {in_words(report.accuracy)}, decided without a person {in_words(decided.share)}, "
        f"right among these {in_words(decided.right)}."
    )
    promote = f"opscope models promote {folder.name} --models {models}"
    try:
        active = active_version(models)
    except ModelError:
        yield f"There is no active version yet. To use this one: {promote}"
        return
    if active.name == folder.name:
        yield "This is the active version already: the same rows give the same model."
        return
    before = evaluate(Model(load_version(active)), evaluation_set)
    yield f"The active version {active.name} has {in_words(before.accuracy)} right. It stays active."
    yield f"To use the new one: {promote}"
