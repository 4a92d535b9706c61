"""Training from start to saved version: fit, compile, measure, compare, save. What ``opscope train`` runs."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version as library_version
from pathlib import Path

import joblib
import numpy as np

from opscope import learning
from opscope.aliases import active_version, aliases_of, make_candidate, who_asks
from opscope.card import Before, card_of, in_words
from opscope.compare import HELD_OUT, Comparison, HeldOut, compare, comparison_lines, difference_on, held_out_as_bytes
from opscope.compiling import check_same, compile_familiarity, compile_scorer
from opscope.dataset import PAIR_PREFIX, Dataset, Example
from opscope.errors import InputError
from opscope.evaluation import Report, evaluate
from opscope.familiarity import Familiarity
from opscope.features import vectors_of
from opscope.guide import LABELS, guide
from opscope.labelled import read_dataset, read_non_activities
from opscope.model import Model
from opscope.paths import shipped
from opscope.registry import CARD, PIPELINE, Manifest, Version, load_version, named_by, save_version, sha256_of
from opscope.scorer import Scorer
from opscope.settling import Settled
from opscope.similar import make_neighbours
from opscope.thresholds import policy_thresholds
from opscope.training import TrainedModel, fit_model, number_of_steps

_LIBRARIES = ("joblib", "mapie", "numpy", "scikit-learn", "scipy")
_EVALUATION = "data/evaluation.csv"
_PACKED = 3  # level of compression
_FEWEST_FOR_CURVE = 40  # own rows


@dataclass(frozen=True)
class Trained:
    """A version that was trained and saved, how good it is, whether more rows would help, and how it compares.

    ``comparison`` is None where there was no active version, or it is the same.
    """

    folder: Path
    rows: int
    report: Report
    curve: learning.LearningCurve | None
    comparison: Comparison | None


def train_version(
    own: Dataset,
    *,
    models: Path,
    only: bool = False,
    reviewed: Sequence[Settled] = (),
    jobs: int = 2,
    seed: int = 0,
    on_step: Callable[[str], None] = lambda step: None,
) -> Trained:
    """Trains on own rows (with the shipped ones unless ``only``), measures on the evaluation set, saves in ``models``.

    Cross-validation runs in ``jobs`` processes, or on a cluster within ``cross_validated_on``. The version becomes the candidate;
    the active one stays, and is compared with it, on ``reviewed`` activities too. ``on_step`` is called ``steps_of_training()``
    times at most. Raises DataError for too few rows, ModelError when the folder cannot be written.
    """
    shipped_rows = read_dataset(shipped("data/activities.csv"))
    dataset = training_rows(own) if only else training_rows(own, shipped_rows, guide_rows())
    non_activities = read_non_activities(shipped("data/non_activities.csv"))
    functions = dataset if _names_functions(dataset) else shipped_rows
    model = fit_model(dataset, non_activities, function_rows=functions, seed=seed, jobs=jobs, on_step=on_step)
    curve = _curve(model, dataset, len(own), seed, jobs, on_step)
    on_step("compiling and measuring")
    scorer, familiarity = compile_scorer(model, dataset), compile_familiarity(model, dataset)
    check_same(scorer, model, [*dataset.texts, *(other.text for other in non_activities)])
    of_the_users = set(own.texts) - set(shipped_rows.texts)
    manifest = _manifest(model, scorer, familiarity, dataset, len(of_the_users))
    version = Version(models / manifest.version, manifest, scorer, familiarity)
    evaluation_set = read_dataset(shipped(_EVALUATION), allow_empty_labels=True)
    report = evaluate(Model(version), evaluation_set)
    active = _active(models)
    before = _before(active, Model(version), evaluation_set)
    files = {
        PIPELINE: _as_bytes(model),
        CARD: card_of(manifest, report, curve, before).encode(),
    }
    if of_the_users:
        files[HELD_OUT] = held_out_as_bytes(HeldOut(own, model.held_out[: len(own)]))
    neighbours = make_neighbours(dataset, non_activities, vectors_of(model.classifier.features_), scorer.functions)
    folder = save_version(models, version, neighbours, files)
    if aliases_of(models).active == folder.name:
        return Trained(folder, len(dataset), report, curve, None)
    make_candidate(models, folder.name)
    comparison = compare(active, Model(load_version(folder)), evaluation_set, reviewed) if active else None
    return Trained(folder, len(dataset), report, curve, comparison)


def steps_of_training() -> int:
    """How often ``train_version`` calls ``on_step``, at most."""
    return number_of_steps() + learning.number_of_steps() + 1


def trained_lines(trained: Trained, models: Path) -> list[str]:
    """What to tell about a version that was trained, and how to use it."""
    decided = trained.report.decided
    lines = [
        f"Trained on {trained.rows:,} rows; saved as {trained.folder}",
        f"On the evaluation set: label right {in_words(trained.report.accuracy)}, decided without a person "
        f"{in_words(decided.share)}, right among these {in_words(decided.right)}.",
    ]
    lines += trained.curve.sentences if trained.curve else []
    promote = f"opscope models promote {trained.folder.name} --models {models}"
    if trained.comparison:
        return [*lines, *comparison_lines(trained.comparison), f"The active version stays. To use the new one: {promote}"]
    if aliases_of(models).active == trained.folder.name:
        return [*lines, "This is the active version already: the same rows give the same model."]
    return [*lines, f"There is no active version yet. To use this one: {promote}"]


def _active(models: Path) -> Model | None:
    """The active version, if there is one."""
    return Model(load_version(active_version(models))) if aliases_of(models).active else None


def _before(active: Model | None, candidate: Model, evaluation_set: Dataset) -> Before | None:
    return Before(active.loaded.manifest, difference_on(active, candidate, evaluation_set)) if active else None


def _curve(
    model: TrainedModel, dataset: Dataset, own: int, seed: int, jobs: int, on_step: Callable[[str], None]
) -> learning.LearningCurve | None:
    """The learning curve of the own rows, which come first; None where there are too few to tell anything."""
    if own < _FEWEST_FOR_CURVE:
        return None
    parts = Dataset(dataset.examples[:own]), Dataset(dataset.examples[own:])
    return learning.learning_curve(*parts, model.settings["C"], model.held_out, seed=seed, jobs=jobs, on_step=on_step)


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
    texts, rows = set(own.texts), []
    for example in own.examples:
        rows.append(replace(example, source=example.source.replace(PAIR_PREFIX, f"{PAIR_PREFIX}own-", 1)))
    return Dataset((*rows, *(example for other in others for example in other.examples if example.text not in texts)))


def _names_functions(dataset: Dataset) -> bool:
    """Whether the rows name at least two functions of each label, enough to learn to tell them apart."""
    named = {(example.label, example.function) for example in dataset.examples if example.function}
    return all(sum(label == own for own, _ in named) >= 2 for label in LABELS)


def _manifest(model: TrainedModel, scorer: Scorer, familiarity: Familiarity | None, dataset: Dataset, own: int) -> Manifest:
    """The manifest; the hash in the version's name is that of its content, so that the same model is known again."""
    data, now = hashlib.sha256(), datetime.now(UTC)
    for example in dataset.examples:
        data.update("\x1f".join((example.text, example.label, example.function)).encode() + b"\x1e")
    manifest = Manifest(
        version="",
        created="",
        author="",
        guide_version=guide().version,
        guide_sha256=sha256_of(shipped("data/guide.toml")),
        data_sha256=data.hexdigest(),
        evaluation_sha256=sha256_of(shipped(_EVALUATION)),
        rows=len(dataset),
        own_rows=own,
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
    name = named_by(now.date(), content.hexdigest())
    return replace(manifest, version=name, created=now.isoformat(timespec="seconds"), author=who_asks())


def _as_bytes(model: TrainedModel) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(model, buffer, compress=_PACKED)
    return buffer.getvalue()
