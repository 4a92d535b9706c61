"""Versions of the model: immutable folders, one of them active. Nothing else touches ``models/``."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from opscope.errors import ModelError
from opscope.familiarity import Familiarity
from opscope.guide import guide
from opscope.paths import shipped
from opscope.scorer import Scorer
from opscope.scorer_file import load_scorer, save_scorer
from opscope.similar import Neighbours, load_neighbours, save_neighbours
from opscope.vectors import shipped_vectors

FORMAT = 3
MANIFEST, SCORER, SIMILAR, PIPELINE, CARD = (
    "manifest.json", "scorer.safetensors", "similar.safetensors", "pipeline.joblib", "card.md",
)  # fmt: skip
_ACTIVE = "active"


@dataclass(frozen=True)
class Manifest:
    """What a version says of itself; ``files`` holds the SHA-256 of the files beside it.

    ``policies`` holds for each policy and label the probability below which a text goes to review, ``examples`` the number of
    rows on which these thresholds rest.
    """

    version: str
    guide_version: str
    data_sha256: str
    rows: int
    settings: dict[str, float]
    policies: dict[str, dict[str, float]]
    examples: int
    libraries: dict[str, str]
    files: dict[str, str]
    format: int = FORMAT


@dataclass(frozen=True)
class Version:
    """A model folder that was loaded and checked."""

    folder: Path
    manifest: Manifest
    scorer: Scorer
    familiarity: Familiarity | None

    @cached_property
    def neighbours(self) -> Neighbours:
        """The labelled texts it was trained on, loaded when first asked for; raises ModelError when they are missing or altered."""
        path = self.folder / SIMILAR
        _check_unaltered(path, self.manifest)
        return load_neighbours(path, shipped_vectors())

    def __getstate__(self) -> dict:
        """Without the neighbours: they are loaded again where the version arrives."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def default_models() -> Path:
    """The models folder that opscope ships."""
    return shipped("models")


def active_version(models: Path) -> Path:
    """Folder of the active version; raises ModelError when there is none."""
    try:
        name = (models / _ACTIVE).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ModelError(f"{models} has no active version. Train one, or name a version's folder.") from error
    return version_folder(models, name)


def version_folder(models: Path, name: str) -> Path:
    """Folder of the version with this name; raises ModelError that lists the versions there are."""
    if name not in (there := version_names(models)):
        listed = ", ".join(there) or "none"
        raise ModelError(f"There is no version {name!r} in {models}. Versions there: {listed}.")
    return models / name


def version_names(models: Path) -> list[str]:
    """Names of the versions in a models folder, sorted; what is still being written is none."""
    return sorted(path.parent.name for path in models.glob(f"[!.]*/{MANIFEST}"))


def make_active(models: Path, name: str) -> None:
    """Makes a version the active one, in one step."""
    folder = version_folder(models, name)
    written = models / f".{_ACTIVE}.{os.getpid()}"
    try:
        written.write_text(folder.name + "\n", encoding="utf-8")
        os.replace(written, models / _ACTIVE)
    except OSError as error:
        written.unlink(missing_ok=True)
        raise ModelError(f"{models} cannot be written: {error.strerror}. {name} was not made active.") from error


def load_version(folder: Path) -> Version:
    """Loads a version; raises ModelError when a file is missing, altered, or of a newer format."""
    manifest = _read_manifest(folder)
    _check_unaltered(folder / SCORER, manifest)
    scorer, familiarity = load_scorer(folder / SCORER)
    if scorer.functions != tuple(guide().functions):
        raise ModelError(f"{folder} was trained for another guide ({manifest.guide_version}). Train again with this one.")
    return Version(folder, manifest, scorer, familiarity)


def _check_unaltered(path: Path, manifest: Manifest) -> None:
    if not path.is_file():
        raise ModelError(f"{path} is missing. Restore the version's folder, or train again.")
    if sha256_of(path) != manifest.files.get(path.name):
        raise ModelError(f"{path} is not the file that was saved with this version. Restore the folder, or train again.")


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{folder} holds no {MANIFEST}, so it is no version of a model. Name a folder inside models/.") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}. Restore the version's folder.") from error
    if isinstance(raw, dict) and isinstance(raw.get("format"), int) and raw["format"] > FORMAT:
        raise ModelError(f"{path} has format {raw['format']}, this opscope reads up to {FORMAT}. Upgrade opscope.")
    if isinstance(raw, dict) and isinstance(raw.get("format"), int) and raw["format"] < FORMAT:
        raise ModelError(f"{path} has format {raw['format']}, this opscope reads format {FORMAT}. Train the version again.")
    try:
        return Manifest(**raw)
    except TypeError as error:
        raise ModelError(f"{path} is incomplete: {error}. Restore the version's folder.") from error


def save_version(models: Path, version: Version, neighbours: Neighbours, pipeline: bytes, card: str) -> Path:
    """Writes a version's folder; it appears under its name only when it is complete. The active version stays as it is.

    The same version saved again is left as it is. Raises ModelError when the folder cannot be written.
    """
    manifest = version.manifest
    target = models / manifest.version
    if target.exists():
        return target
    building = models / f".{manifest.version}.{os.getpid()}"
    try:
        building.mkdir(parents=True)
        save_scorer(version.scorer, version.familiarity, building / SCORER)
        save_neighbours(neighbours, building / SIMILAR)
        for name in (SCORER, SIMILAR):
            (building / name).chmod(0o644)
        (building / PIPELINE).write_bytes(pipeline)
        (building / CARD).write_text(card, encoding="utf-8")
        files = {name: sha256_of(building / name) for name in (SCORER, SIMILAR, PIPELINE, CARD)}
        (building / MANIFEST).write_text(_as_json(manifest, files), encoding="utf-8")
        building.rename(target)
    except OSError as error:
        raise ModelError(f"{models} cannot be written: {error.strerror}. Choose another folder with --models.") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return target


def _as_json(manifest: Manifest, files: dict[str, str]) -> str:
    return json.dumps(manifest.__dict__ | {"files": files}, indent=2, sort_keys=True) + "\n"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
