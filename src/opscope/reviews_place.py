"""Where the reviews lie: a file, or the address of a database. Finding out loads no database library."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from opscope.errors import ReviewError
from opscope.settings import present_settings, variable_of

VARIABLE = variable_of("reviews")
_FILE = "reviews.sqlite"
_FILE_ADDRESS = re.compile(r"sqlite(?:\+pysqlite)?://(?:/(?P<path>[^?]*))?(?:\?.*)?")
_PASSWORD = re.compile(r"(?<=://)([^:/@]*:).*(?=@)|(password=)[^&]*")


@dataclass(frozen=True)
class Place:
    """A place for reviews. ``path`` is None for a database that is no file; ``name`` is for messages and holds no password."""

    name: str
    url: str
    path: Path | None
    is_default: bool = False


def place_of(where: str | os.PathLike | None = None) -> Place:
    """The place that a file's path or an SQLAlchemy URL names.

    Without one, the place of the settings (OPSCOPE_REVIEWS); without that, a file in the user's own folder.
    Raises ReviewError for a database in memory.
    """
    named = os.fspath(where) if where else present_settings().reviews
    if not named:
        return _default_place()
    if "://" not in named:
        return Place(named, "", Path(named))
    name = _PASSWORD.sub(lambda found: f"{found[1] or found[2]}***", named)
    if (match := _FILE_ADDRESS.fullmatch(named)) is None:
        return Place(name, named, None)
    if match["path"] in (None, "", ":memory:"):
        raise ReviewError(f"{name} is a database in memory, which keeps nothing. Name a file.")
    return Place(name, named, Path(match["path"]))


def reviews_exist(where: str | os.PathLike | None = None) -> bool:
    """Whether there may be reviews: the file is there, or the place is a database that only a connection could ask."""
    try:
        place = place_of(where)
    except ModuleNotFoundError:  # without the extra there is no default place, and nobody wrote there
        return False
    return place.path is None or os.path.isfile(place.path)


def check_place(place: Place, *, must_exist: bool) -> None:
    """Raises ReviewError where reviews cannot be kept, or ``must_exist`` and do not; makes the folder of the usual place."""
    path = place.path
    if path is None:
        return
    if os.path.isdir(path):  # unlike Path.is_dir it answers for any name, however long
        raise ReviewError(f"{path} is a folder. Name a file in it.")
    if must_exist and not os.path.exists(path):
        raise missing_reviews(place)
    if place.is_default:
        _make_folder(path.parent)
    elif not os.path.isdir(path.parent):
        raise ReviewError(f"The folder {path.parent} does not exist, so {path.name} cannot be kept there. Make it first.")


def missing_reviews(place: Place) -> ReviewError:
    """The error for a place where reviews should be and are not."""
    advice = f"Begin with opscope review queue FILE, or name their place with --reviews or {VARIABLE}."
    return ReviewError(f"There are no reviews at {place.name}. {advice}")


def missing_driver(place: Place, error: ImportError) -> ReviewError:
    """The error for a database whose driver is not installed, or not whole."""
    if isinstance(error, ModuleNotFoundError):
        package = "'opscope[postgresql]'" if error.name == "psycopg" else error.name
        return ReviewError(f"{place.name} needs the driver {error.name}, which is not installed: pip install {package}")
    said = " ".join(str(error).split())  # psycopg without the library of PostgreSQL, for one
    return ReviewError(f"The driver for {place.name} does not start: {said}. Install it whole: pip install 'opscope[postgresql]'")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReviewError(f"The folder {folder} cannot be made: {error.strerror}. Name another place with --reviews.") from error


def _default_place() -> Place:
    from platformdirs import user_data_path

    path = user_data_path("opscope", appauthor=False) / _FILE
    return Place(str(path), "", path, is_default=True)
