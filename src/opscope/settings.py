"""Settings: what one installation decides for all who use it, read from one TOML file and the environment, which goes before it."""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opscope.errors import SettingsError
from opscope.policies import BALANCED, POLICIES

FILE, PREFIX, VARIABLE = "opscope.toml", "OPSCOPE_", "OPSCOPE_SETTINGS"
VIEWER, REVIEWER, APPROVER = ROLES = ("viewer", "reviewer", "approver")  # each may do what those before it may
MOST_ROWS, MOST_MB, MOST_SECONDS = 1_000_000, 2_000, 3_600
_ROLE_WORDS = "viewer, reviewer or approver"
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_SLIP_IN_FILE, _SLIP_IN_ENVIRONMENT = 0.6, 0.85  # variables of other programs may begin with the prefix too
_MOST_SHOWN = 60  # characters


@dataclass(frozen=True)
class Settings:
    """The settings; None means: as it is without one. ``role_of`` gives the role for a value of the claim ``roles_claim``.

    ``seconds_per_review`` is the time in which a person reviews one activity; ``most_upload_mb`` is in megabytes.
    """

    models: Path | None = None
    reviews: str | None = field(default=None, repr=False)  # a URL may hold a password
    policy: str = BALANCED
    user: str | None = None
    most_rows_uploaded: int = 50_000
    most_upload_mb: int = 200
    seconds_per_review: int = 30
    sign_in: bool = False
    roles_claim: str = "roles"
    role_of: dict[str, str] = field(default_factory=dict)
    default_role: str = VIEWER


@dataclass(frozen=True)
class Kind:
    """What a setting may be and what it is without a word, in words.

    ``fits`` tells whether a value of the file is allowed; ``from_text`` makes such a value of a variable's text, or gives the text
    back where that cannot be.
    """

    allowed: str
    default: str
    fits: Callable[[object], bool]
    from_text: Callable[[str], object] = str.strip


def _as_it_is(text: str) -> str:
    return text


def _is_place(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _switch_in(text: str) -> bool | str:
    word = text.strip().lower()
    return word in _TRUE if word in _TRUE + _FALSE else text


def _number_in(text: str) -> int | str:
    return int(text) if re.fullmatch(r"\s*\d{1,15}\s*", text, re.ASCII) else text


def _table_of(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _number(most: int, default: int) -> Kind:
    def fits(value: object) -> bool:
        return type(value) is int and 1 <= value <= most  # bool is a kind of int

    return Kind(f"a whole number from 1 to {most:,}", f"{default:,}", fits, _number_in)


KINDS = {
    "models": Kind("the path of a folder", "the shipped folder", _is_place, _as_it_is),
    "reviews": Kind("the path of a file or an SQLAlchemy URL", "a file in your own folder", _is_place, _as_it_is),
    "policy": Kind("strict, balanced or quick", BALANCED, lambda value: isinstance(value, str) and value in POLICIES),
    "user": Kind("a name on one line", "the machine's name for you", _is_name),
    "most_rows_uploaded": _number(MOST_ROWS, Settings.most_rows_uploaded),
    "most_upload_mb": _number(MOST_MB, Settings.most_upload_mb),
    "seconds_per_review": _number(MOST_SECONDS, Settings.seconds_per_review),
    "sign_in": Kind("true or false", "false", lambda value: isinstance(value, bool), _switch_in),
    "roles_claim": Kind("the name of a claim", "roles", _is_name),
    "role_of": Kind(f"a table from a claim's values to {_ROLE_WORDS}", "empty", lambda value: isinstance(value, dict), _table_of),
    "default_role": Kind(_ROLE_WORDS, VIEWER, lambda value: isinstance(value, str) and value in ROLES),
}


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def present_settings() -> Settings:
    """The settings of this process: of its environment, and of ``opscope.toml`` in the folder it runs in."""
    return read_settings(os.environ, Path())


def read_settings(environment: Mapping[str, str], folder: Path) -> Settings:
    """The settings of the TOML file that OPSCOPE_SETTINGS names, else of ``opscope.toml`` in ``folder`` if there is one.

    A variable OPSCOPE_<NAME> that is not blank goes before the file. Paths in the file are relative to the file. Raises
    SettingsError that lists every unknown name and every value that is not allowed; also for a file that cannot be read.
    """
    found: dict[str, object] = {}
    problems: list[str] = []
    path = _file_named(environment, folder)
    for name, value in (_read_table(path) if path else {}).items():
        if wrong := _problems_in_file(path, name, value):
            problems += wrong
        else:
            found[name] = _placed(name, value, path.parent)
    for name, kind in KINDS.items():
        if (text := environment.get(variable_of(name), "")).strip():
            value = kind.from_text(text)
            problems += _problems_with(f"The environment variable {variable_of(name)}", name, value)
            found[name] = Path(value) if name == "models" and isinstance(value, str) else value
    problems += _slips_in(environment)
    if problems:
        raise SettingsError("\n".join(problems))
    return Settings(**found)


def _file_named(environment: Mapping[str, str], folder: Path) -> Path | None:
    if (named := environment.get(VARIABLE, "")).strip():
        return folder / named
    return folder / FILE if os.path.lexists(folder / FILE) else None  # a link that leads nowhere is an error, not no file


def _read_table(path: Path) -> dict[str, object]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not in UTF-8 (byte {error.start + 1}). Save it as UTF-8.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        told = getattr(error, "strerror", None) or error
        raise SettingsError(f"The settings {path} cannot be read: {told}. Correct the file, or {VARIABLE}.") from error
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        advice = "Texts stand in quotes; a path with \\ stands in single quotes."
        raise SettingsError(f"{path} is no valid TOML: {error}. {advice}") from error


def _placed(name: str, value: object, folder: Path) -> object:
    """The value as the settings hold it: a path of the file is relative to the folder of the file."""
    if name == "models":
        return folder / os.path.expanduser(value)
    if name == "reviews" and "://" not in value:
        return str(folder / os.path.expanduser(value))
    return value.strip() if name in ("user", "roles_claim") else value


def _problems_in_file(path: Path, name: str, value: object) -> list[str]:
    if name in KINDS:
        return _problems_with(f"{path}: {name}", name, value)
    near = _nearest(name, _SLIP_IN_FILE, *KINDS)
    advice = f"Write {near} if that is meant, or delete it." if near else f"Settings are {', '.join(KINDS)}."
    return [f"{path}: There is no setting {_shortened(name)}. {advice}"]


def _slips_in(environment: Mapping[str, str]) -> Iterator[str]:
    """Variables that look like a setting's and are none: one that is mistyped must not be taken for one that is not set."""
    known = {*map(variable_of, KINDS), VARIABLE}
    for variable in sorted(name for name, text in environment.items() if name.startswith(PREFIX) and text.strip()):
        name = variable.removeprefix(PREFIX)
        if variable not in known and (near := _nearest(name, _SLIP_IN_ENVIRONMENT, *KINDS, "settings")):
            yield f"{variable} is no environment variable of opscope. Write {variable_of(near)} if that is meant, or unset it."


def _nearest(name: str, likeness: float, *names: str) -> str | None:
    found = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1, cutoff=likeness)
    return found[0] if found else None


def _problems_with(where: str, name: str, value: object) -> list[str]:
    kind = KINDS[name]
    if not kind.fits(value):
        got = f"is {_got(name, value)}, expected {kind.allowed}"
        return [f"{where} {got}. Correct it, or leave it out (then: {kind.default})."]
    if name != "role_of":
        return []
    return [
        f"{where}: {_shortened(claim)} is {_got(name, role)}, expected {_ROLE_WORDS}."
        + (" Put a claim's value that holds a dot in quotes." if isinstance(role, dict) else "")
        for claim, role in value.items()
        if role not in ROLES
    ]


def _got(name: str, value: object) -> str:
    """The value as a message shows it; never that of ``reviews``, which may hold a password."""
    if isinstance(value, str):
        return ("a text that is no place" if name == "reviews" else _shortened(value)) if value.strip() else "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**18):  # Python refuses to write out a huge number
        return "a number" if name == "reviews" else str(value)
    words = {int: "a huge number", list: "an array", dict: "a table", type(None): "null"}
    return words.get(type(value), "a date or time")


def _shortened(text: str) -> str:
    return repr(text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…")
