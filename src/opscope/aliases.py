"""Which version is active and which is the candidate, and the log of how that came about.

Aliases and log lie in one file that is replaced as a whole, so that every change is one step: it is done and logged, or neither.
"""

import getpass
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from opscope.disk import flush_file
from opscope.disk import replace as renamed
from opscope.errors import ModelError
from opscope.registry import locked, version_folder, version_names
from opscope.settings import present_settings
from opscope.version_files import MOST_TOLD, content_of, is_version_name, json_in
from opscope.visible import visible_line

ACTIVE, CANDIDATE = "active", "candidate"
ALIASES = "aliases.json"
PROMOTED, ROLLED_BACK, TRAINED = "promoted", "rolled back", "trained"
_FORMAT = 1
_MOST_SHOWN = 60  # characters


@dataclass(frozen=True)
class Step:
    """One change: what was done with which version, the one active before, when and by whom, and why; ``forced`` past a refusal."""

    done: str
    version: str
    before: str | None
    when: str
    who: str
    why: str = ""
    forced: bool = False

    @property
    def line(self) -> str:
        """All of it in one line that steers no terminal."""
        forced, why = " (forced)" if self.forced else "", f": {self.why}" if self.why else ""
        return visible_line(f"{self.when}  {self.who}  {self.done} {self.version}{forced}{why}")


@dataclass(frozen=True)
class Aliases:
    """The names of the active version and of the candidate, None where there is none, and all steps, the oldest first."""

    active: str | None = None
    candidate: str | None = None
    log: tuple[Step, ...] = ()


def aliases_of(models: Path) -> Aliases:
    """The aliases of a models folder; none where there is no file yet. Raises ModelError when the file cannot be read."""
    path = models / ALIASES
    try:
        raw = json_in(content_of(path, MOST_TOLD))
        if type(raw["format"]) is int and raw["format"] > _FORMAT:
            raise ModelError(f"{path} has format {raw['format']}, this opscope reads up to {_FORMAT}. Upgrade opscope.")
        return Aliases(*(_name(raw, alias) for alias in (ACTIVE, CANDIDATE)), tuple(map(_step_in, raw["log"])))
    except FileNotFoundError:
        return Aliases()
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"{path} cannot be read: {error}. Restore the file from a backup, or delete it and promote again."
        ) from error


def versions_by_age(models: Path) -> list[str]:
    """Names of the versions in the order of training, the oldest first, whatever the clock said; first those no log knows."""
    trained: dict[str, int] = {}
    for place, step in enumerate(aliases_of(models).log):
        if step.done == TRAINED:
            trained.setdefault(step.version, place)
    return sorted(version_names(models), key=lambda name: (trained.get(name, -1), name))


def _name(raw: dict, alias: str) -> str | None:
    name = raw[alias]
    if name is not None and not is_version_name(name):
        raise ValueError(f"{alias} is {str(name)[:_MOST_SHOWN]!r}, expected the name of a version or null")
    return name


def _step_in(raw: dict) -> Step:
    step = Step(**raw)
    texts = (step.done, step.version, step.when, step.who, step.why, step.before or "")
    if not all(isinstance(text, str) for text in texts) or not isinstance(step.forced, bool):
        raise ValueError("a step of the log holds what is no text")
    return step


def active_version(models: Path) -> Path:
    """Folder of the active version; raises ModelError when there is none."""
    return _of(models, ACTIVE)


def version_called(models: Path, name: str) -> Path:
    """Folder of the version with this name, hash, or alias (``active``, ``candidate``); raises ModelError when there is none."""
    return _of(models, name) if name in (ACTIVE, CANDIDATE) else version_folder(models, name)


def _of(models: Path, alias: str) -> Path:
    name = getattr(aliases_of(models), alias)
    if name is None:
        raise ModelError(f"{models} has no {alias} version. Train one, or name a version's folder.")
    return version_folder(models, name)


def make_candidate(models: Path, name: str) -> None:
    """Makes a version that was just trained the candidate."""

    def change(aliases: Aliases) -> Aliases:
        return replace(aliases, candidate=name, log=(*aliases.log, _step(TRAINED, name, aliases.active)))

    _change(models, change)


def promote(models: Path, name: str, *, why: str = "", forced: bool = False, who: str = "") -> None:
    """Makes a version the active one, in one step that is logged as that of ``who``; raises ModelError where there is none."""
    folder = version_called(models, name)

    def change(aliases: Aliases) -> Aliases:
        step = _step(PROMOTED, folder.name, aliases.active, why, forced, who)
        candidate = None if aliases.candidate == folder.name else aliases.candidate
        return Aliases(folder.name, candidate, (*aliases.log, step))

    _change(models, change)


def roll_back(models: Path, *, why: str = "", who: str = "") -> str:
    """Makes the version active again that was so before the active one was promoted, in one logged step; gives its name.

    Raises ModelError when there is none, or its folder is gone.
    """

    def change(aliases: Aliases) -> Aliases:
        before = _active_before(aliases)
        if before not in version_names(models):
            raise ModelError(
                f"{models} has no version to go back to: the log names {before or 'none'} before the active one. "
                "Promote a version by its name instead."
            )
        return Aliases(before, aliases.candidate, (*aliases.log, _step(ROLLED_BACK, before, aliases.active, why, who=who)))

    return _change(models, change).active


def _active_before(aliases: Aliases) -> str | None:
    """The version under the active one on the pile that promotions build up and rollbacks take down."""
    pile: list[str | None] = []
    for step in aliases.log:
        if step.done == PROMOTED:
            pile.append(step.before)
        elif step.done == ROLLED_BACK and pile:
            pile.pop()
    return pile[-1] if pile else None


def _step(done: str, version: str, before: str | None, why: str = "", forced: bool = False, who: str = "") -> Step:
    return Step(done, version, before, datetime.now(UTC).isoformat(timespec="seconds"), who or who_asks(), why, forced)


def who_asks() -> str:
    """Who asks for a change: the user of the settings (OPSCOPE_USER), or else the name that the machine knows the user by."""
    if named := present_settings().user:
        return named
    try:
        return visible_line(getpass.getuser())
    except (OSError, KeyError):  # no name belongs to the number of the user, as in some containers
        return "unknown"


def _change(models: Path, change: Callable[[Aliases], Aliases]) -> Aliases:
    """Replaces the file by what ``change`` makes of it, while nobody else may."""
    with locked(models):
        changed = change(aliases_of(models))
        written = models / f".{ALIASES}"
        written.unlink(missing_ok=True)  # what a killed run left, or a link that would lead the writing elsewhere
        told = {"format": _FORMAT, "active": changed.active, "candidate": changed.candidate, "log": [*map(asdict, changed.log)]}
        try:
            with written.open("x", encoding="utf-8") as handle:
                handle.write(json.dumps(told, indent=2) + "\n")
            flush_file(written)
            renamed(written, models / ALIASES)
        finally:
            written.unlink(missing_ok=True)
    return changed
