"""Versions of the model: immutable folders. Nothing but this and ``aliases`` touches ``models/``."""

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from safetensors import SafetensorError

from opscope.disk import flush_file, flush_folder, replace, why_not
from opscope.errors import ModelError
from opscope.familiarity import Familiarity
from opscope.guide import guide
from opscope.manifest import MANIFEST, Manifest, read_manifest
from opscope.paths import shipped
from opscope.scorer import Scorer
from opscope.scorer_file import load_scorer, save_scorer
from opscope.settings import present_settings
from opscope.similar import Neighbours, load_neighbours, save_neighbours
from opscope.vectors import shipped_vectors
from opscope.version_files import check_no_link, content_of, is_version_name

SCORER, SIMILAR, PIPELINE, CARD = "scorer.safetensors", "similar.safetensors", "pipeline.joblib", "card.md"
_CONTENT_LENGTH = 12  # characters of the hash that names the content
_LOCK, _PATIENCE = ".lock", 60  # seconds


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
        return load_neighbours(path, shipped_vectors(), unaltered(path, self.manifest))

    def __getstate__(self) -> dict:
        """Without the neighbours: they are loaded again where the version arrives."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def default_models() -> Path:
    """The models folder of the settings (OPSCOPE_MODELS), or else the one that opscope ships."""
    return present_settings().models or shipped("models")


def version_names(models: Path) -> list[str]:
    """Names of the versions in a models folder, the oldest first.

    What is still being written is none, and neither is a folder whose name is_version_name refuses.
    """
    names = (path.parent.name for path in models.glob(f"[!.]*/{MANIFEST}"))
    return sorted(name for name in names if is_version_name(name))


def version_folder(models: Path, name: str) -> Path:
    """Folder of the version with this name, or with this hash at its end.

    Raises ModelError that lists the versions there are, or where the folder is a link.
    """
    there = version_names(models)
    found = [name] if name in there else [other for other in there if name and other.endswith(f"-{name}")]
    if len(found) != 1:
        raise ModelError(f"There is no version {name!r} in {models}. Versions there: {', '.join(there) or 'none'}.")
    check_no_link(models / found[0])
    return models / found[0]


def named_by(day: date, content: str) -> str:
    """The name of a version: the day, so that names sort by age, and the hash of its content, so that no two share one."""
    return f"{day.isoformat()}-{content[:_CONTENT_LENGTH]}"


@contextmanager
def locked(models: Path) -> Iterator[None]:
    """Within the block nobody else changes the folder; the lock ends with its process, even if that is killed.

    Raises ModelError when the folder cannot be written, or somebody else holds the lock for a minute.
    """
    # Only what changes the folder needs it, and predicting should start at once.
    from filelock import FileLock, Timeout

    try:
        models.mkdir(parents=True, exist_ok=True)
        with FileLock(models / _LOCK, timeout=_PATIENCE):
            yield
    except Timeout:
        raise ModelError(
            f"{models} is being changed by another run for more than {_PATIENCE} s. Try again when it is done."
        ) from None
    except OSError as error:
        raise _unwritable(models, error) from error


def make_ready(models: Path) -> tuple[str, ...]:
    """Makes sure that versions can be saved here, before a training begins, and removes what killed runs left; gives its names.

    Raises ModelError where nothing can be written.
    """
    if models.is_dir():
        with locked(models):
            return _remove_unfinished(models)
    parent = next(folder for folder in models.absolute().parents if folder.exists())
    if not os.access(parent, os.W_OK):
        raise _unwritable(models, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    return ()


def _unwritable(models: Path, error: OSError) -> ModelError:
    return ModelError(f"{models} cannot be written: {why_not(error, 'choose another folder with --models')}")


def load_version(folder: Path) -> Version:
    """Loads a version; raises ModelError when a file is missing, altered, or of a newer format."""
    manifest = read_manifest(folder)
    scorer, familiarity = load_scorer(folder / SCORER, unaltered(folder / SCORER, manifest))
    if scorer.functions != tuple(guide().functions):
        raise ModelError(f"{folder} was trained for another guide ({manifest.guide_version}). Train again with this one.")
    return Version(folder, manifest, scorer, familiarity)


def unaltered(path: Path, manifest: Manifest) -> bytes:
    """The content of a version's file; raises ModelError when it is missing or not the one saved with the version.

    What is used is what was checked: nobody can exchange the file in between.
    """
    try:
        content = content_of(path)
    except FileNotFoundError:
        raise ModelError(f"{path} is missing. Restore the version's folder, or train again.") from None
    if hashlib.sha256(content).hexdigest() != manifest.files.get(path.name):
        raise ModelError(f"{path} is not the file that was saved with this version. Restore the folder, or train again.")
    return content


def save_version(models: Path, version: Version, neighbours: Neighbours, others: dict[str, bytes]) -> Path:
    """Writes a version's folder; it appears under its name only when it is complete. No alias changes.

    ``others`` are the contents of further files by name. The same content saved again is left as it is, whatever its day. Raises
    ModelError when the folder cannot be written.
    """
    manifest = version.manifest
    content = manifest.version.rpartition("-")[2]
    with locked(models):
        if same := [name for name in version_names(models) if name.endswith(f"-{content}")]:
            return models / same[0]
        _remove_unfinished(models)
        building = models / f".{manifest.version}"
        try:
            building.mkdir()
            with _as_errors_of_the_system():
                save_scorer(version.scorer, version.familiarity, building / SCORER)
                save_neighbours(neighbours, building / SIMILAR)
            for name, written in others.items():
                (building / name).write_bytes(written)
            files = {path.name: sha256_of(path) for path in sorted(building.iterdir())}
            (building / MANIFEST).write_text(_as_json(manifest, files), encoding="utf-8")
            for path in building.iterdir():
                path.chmod(0o644)
                flush_file(path)
            flush_folder(building)
            replace(building, models / manifest.version)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return models / manifest.version


def _remove_unfinished(models: Path) -> tuple[str, ...]:
    """Removes what runs that were killed left half written; who holds the lock is the only one writing."""
    left = sorted(models.glob(".????-??-??-*"))
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return tuple(path.name for path in left)


@contextmanager
def _as_errors_of_the_system() -> Iterator[None]:
    """Raises OSError where safetensors tells of one in its own words."""
    try:
        yield
    except SafetensorError as error:
        if number := re.search(r"os error (\d+)", str(error)):
            raise OSError(int(number[1]), os.strerror(int(number[1]))) from error
        raise


def _as_json(manifest: Manifest, files: dict[str, str]) -> str:
    return json.dumps(manifest.__dict__ | {"files": files}, indent=2, sort_keys=True) + "\n"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
