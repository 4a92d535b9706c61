"""Hostile versions: nothing in them is run, nothing outside their folder is read, and each is refused by an error that names it.

Whoever can write a file of a version can write its hash into the manifest, so most attacks come with hashes that are right.
"""

import json
import os
import re
import shutil
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

import opscope
from faults import tries
from faults.hostile import at_most, manifest_of, opened_files, sealed, tiny_version
from opscope import classifier, cli
from opscope.aliases import ALIASES, active_version, aliases_of, make_candidate, promote, version_called
from opscope.card_file import read_card
from opscope.compare import HELD_OUT, load_held_out
from opscope.errors import ModelError, OpscopeError
from opscope.manifest import MANIFEST, read_manifest
from opscope.registry import CARD, PIPELINE, SCORER, SIMILAR, version_names

ACTIVE, CANDIDATE = "2026-01-01-aaa", "2026-02-01-bbb"
TEXTS = ["Grease the chain of the filler", "", "the contract 12 \x1b[31m", *["Pay the carrier"] * 40]
FILES = (MANIFEST, SCORER, SIMILAR, CARD)
# What is changed between two examples is the folder's content, which each writes anew.
many = settings(
    max_examples=tries(12, 400), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=False
)
pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes and alarms, which Windows has not")


@pytest.fixture
def marker(tmp_path):
    """Where the trap in the pipelines leaves its mark."""
    return tmp_path / "code-ran"


@pytest.fixture
def models(tmp_path, marker, monkeypatch):
    """Two versions with right hashes and a pipeline that runs code; the first is active, the other the candidate."""
    folder = tmp_path / "models"
    for name in (ACTIVE, CANDIDATE):
        tiny_version(folder, name, trap=marker)
    promote(folder, ACTIVE)
    make_candidate(folder, CANDIDATE)
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(tmp_path / "none.sqlite"))
    monkeypatch.setattr("opscope.compare._DRAWS", 20)  # how sure a comparison is does not matter here
    return folder


@pytest.fixture
def folder(models):
    return models / ACTIVE


def use(folder):
    """Everything that a version is used for, but its pipeline."""
    model = opscope.load(folder)
    for text in TEXTS[:3]:
        model.explain(text)
    model.predict(TEXTS)
    read_card(folder)
    load_held_out(model.loaded)


def refused_or_used(folder):
    """Whatever is in it, a version is refused by an error that names it, or of use."""
    with at_most(20):
        try:
            use(folder)
        except ModelError as error:
            assert str(folder) in str(error)
            return str(error)
    return None


# Code in a pipeline


def test_no_command_and_no_prediction_opens_a_pipeline(models, marker, capsys):
    use(models / ACTIVE)
    for arguments in (
        ["predict", "Grease the chain"], ["explain", "Grease the chain"], ["models", "list", "--log"], ["models", "show"],
        ["models", "show", "--json"], ["models", "compare"], ["models", "promote"], ["models", "rollback"],
    ):  # fmt: skip
        assert cli.main([*arguments, "--models", str(models)]) == 0, capsys.readouterr().err
    assert not marker.exists()


def test_a_pipeline_runs_only_where_the_caller_names_and_trusts_the_folder(folder, marker):
    with pytest.raises(ModelError, match="runs any code that is in it when it is opened, and it is not one that opscope ships"):
        opscope.ScopeClassifier.from_version(folder)
    assert not marker.exists()
    with pytest.raises(ModelError, match="cannot be opened as a pipeline"):
        opscope.ScopeClassifier.from_version(folder, trusted=True)
    assert marker.exists(), "the trap of these tests does not work"


def test_a_pipeline_that_is_not_the_one_in_the_manifest_does_not_run_even_if_trusted(folder, marker):
    path = folder / PIPELINE
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ModelError, match=rf"{PIPELINE} is not the file that was saved with this version\."):
        opscope.ScopeClassifier.from_version(folder, trusted=True)
    assert not marker.exists()


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("named_in", ["environment", "settings"])
def test_a_folder_that_only_the_settings_name_is_never_trusted(models, marker, monkeypatch, tmp_path, named_in, trusted):
    if named_in == "environment":
        monkeypatch.setenv("OPSCOPE_MODELS", str(models))
    else:
        (tmp_path / "opscope.toml").write_text('models = "models"\n')
        monkeypatch.chdir(tmp_path)
    assert opscope.load().version == ACTIVE
    with pytest.raises(ModelError, match="it is not one that opscope ships"):
        opscope.ScopeClassifier.from_version(trusted=trusted)
    assert not marker.exists()


def test_a_link_among_the_shipped_models_is_not_shipped(models, marker, monkeypatch, tmp_path):
    own = tmp_path / "shipped"
    own.mkdir()
    (own / ACTIVE).symlink_to(models / ACTIVE)
    monkeypatch.setattr(classifier, "shipped", lambda name: own)
    with pytest.raises(ModelError, match="it is not one that opscope ships"):
        opscope.ScopeClassifier.from_version(own / ACTIVE)
    assert not marker.exists()


# Files of arrays


def contents_of(folder, name):
    if name == HELD_OUT:
        texts = np.frombuffer(b"grease the chain\npay the carrier", dtype=np.uint8).copy()
        return save({"texts": texts, "labels": np.array([1, 0], np.int8), "log_odds": np.array([1, -1], np.float32)})
    return (folder / name).read_bytes()


def header_of(content):
    (length,) = struct.unpack("<Q", content[:8])
    return content[8 : 8 + length], content[8 + length :]


def with_header(header, rest, length=None):
    return struct.pack("<Q", len(header) if length is None else length) + header + rest


@pytest.mark.parametrize("name", [SCORER, SIMILAR, HELD_OUT])
@given(damage=st.tuples(st.sampled_from(["flip", "cut", "append", "length", "header"]), st.integers(0), st.binary(min_size=1)))
@many
def test_altered_arrays_are_refused_by_their_hash_and_do_no_harm_with_a_right_one(folder, name, damage):
    kind, number, put = damage
    original = contents_of(folder, name)
    header, rest = header_of(original)
    place = number % len(original)
    altered = {
        "flip": lambda: original[:place] + bytes([original[place] ^ (1 + put[0] % 255)]) + original[place + 1 :],
        "cut": lambda: original[:place],
        "append": lambda: original + put,
        "length": lambda: with_header(header, rest, number % 2**64),
        "header": lambda: with_header(header[: place % len(header)] + put + header[place % len(header) :], rest),
    }[kind]()
    (folder / name).write_bytes(original)
    sealed(folder)
    try:
        (folder / name).write_bytes(altered)
        if altered != original:
            assert "is not the file that was saved with this version" in refused_or_used(folder)
        sealed(folder)
        refused_or_used(folder)
    finally:
        (folder / name).write_bytes(original)


OFFSETS = [[0, 2**63], [2**64, 2**65], [-8, 0], [8, 0], [0, 10**30], [0.5, 1], ["0", "1"], [0], []]


@pytest.mark.parametrize(
    "told",
    [*({"data_offsets": offsets} for offsets in OFFSETS), {"shape": [2**62, 8]}, {"shape": [-1]}, {"shape": []}, {"shape": None},
     {"dtype": "BF16"}, {"dtype": "F8_E4M3"}, {"dtype": "F4"}, {"dtype": "C64"}, {"dtype": "O"}, {"dtype": 8}],
)  # fmt: skip
@pytest.mark.parametrize(("name", "array"), [(SCORER, "weights"), (SIMILAR, "places")])
def test_a_header_that_lies_is_refused(folder, name, array, told):
    header, rest = header_of((folder / name).read_bytes())
    lie = json.loads(header)
    lie[array] |= told
    (folder / name).write_bytes(with_header(json.dumps(lie).encode(), rest))
    assert name in refused_or_used(sealed(folder))


@pytest.mark.parametrize("header", [b"{" * 100_000, b'{"a":' * 50_000, b"[]", b"null", b"", b"\0" * 9, b'{"__metadata__": 1}'])
def test_a_header_that_is_none_is_refused(folder, header):
    (folder / SCORER).write_bytes(with_header(header, b""))
    assert SCORER in refused_or_used(sealed(folder))


def set_to(number, place=0):
    def change(array):
        changed = array.copy()
        changed.flat[place] = number
        return changed

    return change


def strings(*told):
    return lambda array: np.frombuffer("\n".join(told).encode(), dtype=np.uint8).copy()


ARRAYS = [
    *((SCORER, array, set_to(number)) for array in ("weights", "pair_weights", "head_scales", "intercepts", "familiarity.weights")
      for number in (np.nan, np.inf, 1e30)),
    *((SCORER, "familiarity.numbers", set_to(number)) for number in (np.nan, 1e30)),
    *((SCORER, "familiarity.numbers", set_to(number, -1)) for number in (np.nan, np.inf, -np.inf, 1e30)),
    (SCORER, "intercepts", set_to(-np.inf)),
    *((SCORER, array, lambda a: a.astype("float16")) for array in ("weights", "head_weights", "opens", "familiarity.numbers")),
    *((SCORER, array, lambda a: a[..., None]) for array in ("weights", "head_weights", "bare", "familiarity.weights")),
    *((SCORER, array, lambda a: a[:-1]) for array in ("weights", "pair_weights", "head_weights", "opens", "familiarity.numbers")),
    (SCORER, "words", strings()), (SCORER, "words", strings("a", "b")), (SCORER, "words", lambda a: np.full(60, 0xFF, np.uint8)),
    (SCORER, "pairs", strings("the chain", "the unknown")), (SCORER, "pairs", strings("the", "chain the contract")),
    (SCORER, "pairs", strings("the chain chain", "chain")), (SCORER, "functions", strings(*["x"] * 26)),
    (SCORER, "forms", strings(*["activity"] * 8)), (SCORER, "forms", strings("x")),
    *((SIMILAR, array, set_to(number)) for array in ("labels", "functions") for number in (-2, -128, 2, 127)),
    (SIMILAR, "weights", set_to(np.nan)), (SIMILAR, "weights", lambda a: np.repeat(a, 2)),
    (SIMILAR, "places", lambda a: a[:, :5]), (SIMILAR, "places", lambda a: a.astype("float32")),
    (SIMILAR, "places", lambda a: a[:1]),
    (SIMILAR, "texts", strings("one")), (SIMILAR, "texts", lambda a: np.full(3, 0xFF, np.uint8)),
    (SIMILAR, "function_names", strings("../x")), (SIMILAR, "labels", lambda a: a.astype("int64")),
    *((HELD_OUT, "labels", set_to(number)) for number in (-1, -128, 2)), (HELD_OUT, "log_odds", set_to(np.nan)),
    (HELD_OUT, "log_odds", lambda a: a[:1]), (HELD_OUT, "texts", strings("one")),
    (HELD_OUT, "labels", lambda a: a.astype("float64")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "array", "change"), ARRAYS)
def test_arrays_that_hold_what_they_should_not_are_refused(folder, name, array, change):
    stored = load(contents_of(folder, name))
    stored[array] = np.ascontiguousarray(change(stored[array]))
    (folder / name).write_bytes(save(stored))
    assert refused_or_used(sealed(folder)) is not None


@pytest.mark.parametrize(("name", "array"), [(SCORER, "weights"), (SCORER, "words"), (SIMILAR, "texts"), (HELD_OUT, "labels")])
def test_an_array_that_is_missing_is_named(folder, name, array):
    stored = load(contents_of(folder, name))
    del stored[array]
    (folder / name).write_bytes(save(stored))
    assert re.search(f"{name} cannot be read as .*'{array}'", refused_or_used(sealed(folder)))


# The manifest


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/passwd", "..\\x", "C:\\x", "C:x", "/dev/zero", "..", ".", "", ".hidden", "a/b", "a\0b", "a\n", "\u202e",
     "x" * 300],
)  # fmt: skip
def test_a_manifest_that_names_a_file_elsewhere_is_refused(folder, name):
    sealed(folder, files=manifest_of(folder)["files"] | {name: "0" * 64})
    assert re.search(f"{MANIFEST}: files is .*, expected a table of names, without a folder", refused_or_used(folder))


WRONG = [
    *((field, value) for field in ("version", "author", "guide_sha256", "rows", "settings", "policies", "files", "libraries")
      for value in (None, 1.5, [], True, "a\x1b[31m", {"a": {"b": 1}}, -1, {"a\nb": "c"})),
    ("version", "../x"), ("version", ""), ("rows", True), ("rows", 10**30), ("policies", {}), ("settings", {"C": float("nan")}),
    ("policies", {policy: {"operations": 0.5} for policy in ("strict", "balanced", "quick")}), ("files", {SCORER: "0" * 63}),
    ("format", True), ("format", "4"), ("format", None), ("format", 4.0), ("unknown", 1),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_field_that_is_not_what_it_should_be_is_named(folder, field, value):
    told = refused_or_used(sealed(folder, **{field: value}))
    assert re.search(rf"{MANIFEST}(: {field} is .*, expected .*| is incomplete: .*{field})", told) and told.isprintable()


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"[]", b"1", b"null", b'"x"', b"{", b"{}", b"[" * 100_000, b'{"a":' * 100_000, b'{"rows": 1, "rows": 2}',
     b"\xff\xfe{", b"\x80\x04", b'{"rows": 1e999999}', b'{"rows": ' + b"9" * 5000 + b"}", b'{"version": "\\ud800"}', b"PK\x03\x04"],
)  # fmt: skip
@pytest.mark.parametrize("name", [MANIFEST, ALIASES])
def test_a_manifest_and_aliases_that_are_none_are_refused(models, name, content):
    path = (models / ACTIVE / MANIFEST) if name == MANIFEST else models / ALIASES
    path.write_bytes(content)
    with at_most(10), pytest.raises(ModelError, match=re.escape(str(path))):
        read_manifest(models / ACTIVE) if name == MANIFEST else aliases_of(models)


@given(
    told=st.dictionaries(
        st.sampled_from(["version", "rows", "settings", "policies", "files", "libraries", "created", "format", "examples"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=6,
        ),
        min_size=1,
    )
)
@example(told={"files": {SCORER: "../" * 20}})
@many
def test_no_manifest_breaks_opscope(folder, told):
    sealed(folder, **told)
    try:
        read_manifest(folder)
    except ModelError as error:
        assert str(folder / MANIFEST) in str(error) and str(error).replace("\n", "").isprintable()


@pytest.mark.parametrize("name", [MANIFEST, CARD, ALIASES, SCORER])
def test_a_huge_file_is_not_read(models, name):
    path = (models if name == ALIASES else models / ACTIVE) / name
    with path.open("r+b") as handle:
        handle.truncate((1 << 30) + 1)  # takes no room on the disk
    with at_most(10), pytest.raises(ModelError, match=rf"{re.escape(str(path))} has 1,073,741,825 bytes, and at most "):
        {ALIASES: aliases_of}.get(name, use)(models if name == ALIASES else models / ACTIVE)


# Links, pipes and folders


def make_link(path, secret):
    path.symlink_to(secret)


def make_pipe(path, secret):
    os.mkfifo(path)


def make_folder(path, secret):
    path.mkdir()


def make_device(path, secret):
    path.symlink_to("/dev/zero")


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text('{"secret": "hunter2"}')
    return path


@pytest.mark.parametrize("name", [*FILES, PIPELINE, HELD_OUT, ALIASES])
@pytest.mark.parametrize("make", [make_link, make_pipe, make_folder, make_device])
def test_what_is_no_plain_file_is_refused_unread(models, secret, name, make, capsys):
    path = (models if name == ALIASES else models / ACTIVE) / name
    sealed(models / ACTIVE, files=manifest_of(models / ACTIVE)["files"] | {HELD_OUT: "0" * 64})
    path.unlink(missing_ok=True)
    make(path, secret)
    with at_most(10), opened_files() as opened:
        with pytest.raises(ModelError, match=rf"^{re.escape(str(path))} is (a link|no plain file|no version)") as refusal:
            if name == ALIASES:
                opscope.load(active_version(models))
            elif name == PIPELINE:
                opscope.ScopeClassifier.from_version(models / ACTIVE, trusted=True)
            else:
                use(models / ACTIVE)
        slow = ("compare", "promote") if name in (MANIFEST, SCORER, ALIASES) else ()  # the other files are not asked for there
        for command in ("list", "show", "rollback", *slow):
            assert cli.main(["models", command, "--models", str(models)]) in (0, 2)
    assert str(secret) not in opened and "/dev/zero" not in opened
    assert "hunter2" not in str(refusal.value) + "".join(capsys.readouterr())


def test_a_link_in_the_place_of_a_version_is_refused(models, tmp_path):
    shutil.move(models / CANDIDATE, tmp_path / "elsewhere")
    (models / CANDIDATE).symlink_to(tmp_path / "elsewhere")
    with opened_files() as opened, pytest.raises(ModelError, match=f"{CANDIDATE} is a link, and nothing outside of its folder is"):
        version_called(models, "candidate")
    assert not [name for name in opened if "elsewhere" in name]
    assert opscope.load(models / CANDIDATE).predict("Grease the chain"), "a caller may name a link"


def test_what_opscope_ships_may_be_links_as_some_installers_make_them(models, monkeypatch, tmp_path):
    for path in list((models / ACTIVE).iterdir()):
        shutil.move(path, tmp_path / path.name)
        path.symlink_to(tmp_path / path.name)
    monkeypatch.setattr("opscope.version_files.shipped", lambda name: models)
    use(models / ACTIVE)


@pytest.mark.parametrize("name", [".aliases.json", ".lock"])
def test_a_link_laid_out_for_what_is_written_leads_nowhere(models, secret, name):
    (models / name).unlink(missing_ok=True)
    (models / name).symlink_to(secret)
    try:
        promote(models, CANDIDATE)
    except ModelError as error:
        assert str(models) in str(error)
    assert secret.read_text() == '{"secret": "hunter2"}'


# Names


NAMES = [
    "../x",
    "../../etc",
    "/etc",
    "..",
    ".",
    "a/b",
    "a\\b",
    "C:x",
    "x\x1b[31m",
    "x\nforged: line",
    "\u202ex",
    "x" * 5000,
    "\ud800",
    "=cmd",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("alias", ["active", "candidate"])
def test_aliases_that_name_no_version_are_refused(models, alias, name):
    told = {"format": 1, "active": ACTIVE, "candidate": CANDIDATE, "log": []} | {alias: name}
    (models / ALIASES).write_text(json.dumps(told))
    with opened_files() as opened, pytest.raises(ModelError, match=rf"{ALIASES} cannot be read: {alias} is ") as refusal:
        aliases_of(models)
    assert str(refusal.value).isprintable() and opened == [str(models / ALIASES)]


STEP = {"done": "promoted", "version": ACTIVE, "before": None, "when": "", "who": "", "why": "", "forced": False}


@pytest.mark.parametrize(
    "log",
    [1, {"a": 1}, None, [1], ["x"], [[]], [{}], [{"done": "promoted"}], [STEP | {"strange": ""}], [STEP | {"forced": 1}],
     *([STEP | {field: value}] for field in ("done", "version", "when", "who", "why", "before") for value in (1, ["x"], {"a": 1}))],
)  # fmt: skip
def test_a_log_that_is_none_is_refused(models, log):
    (models / ALIASES).write_text(json.dumps({"format": 1, "active": ACTIVE, "candidate": None, "log": log}))
    with pytest.raises(ModelError, match=rf"{ALIASES} cannot be read: "):
        aliases_of(models)


@pytest.mark.parametrize("name", [name for name in NAMES if "\ud800" != name])
@pytest.mark.parametrize("action", ["promote", "show", "compare"])
def test_no_name_on_the_command_line_leads_out_of_the_folder(models, action, name, capsys):
    for arguments in ([name], [name, "--force", "--why", "x"])[: 2 if action == "promote" else 1]:
        assert cli.main(["models", action, *arguments, "--models", str(models)]) == 2
        told = capsys.readouterr().err
        assert told.startswith("opscope: There is no version ") and told.removesuffix("\n").isprintable()
    assert aliases_of(models).active == ACTIVE


@pytest.mark.parametrize("name", ["x\x1b[31m", "\u202ex", "x\nforged", "\x9b1m", "=1+1", "-x"])
def test_a_folder_with_a_steering_name_is_no_version(models, name, capsys):
    shutil.copytree(models / ACTIVE, models / name)
    assert version_names(models) == [ACTIVE, CANDIDATE]
    assert cli.main(["models", "list", "--models", str(models)]) == 0
    assert capsys.readouterr().out == f"{ACTIVE}  (active)\n{CANDIDATE}  (candidate)\n"


@pytest.mark.parametrize("place", ["../../etc", "a\0b", "x" * 5000, "", "\ud800", "/dev/null", "/proc/self", "/dev/stdin"])
def test_whatever_place_is_loaded_is_refused_by_an_error_of_opscopes_own(place):
    with at_most(10), pytest.raises(OpscopeError, match="holds no manifest|cannot be read"):
        opscope.load(place)


# The card


@given(card=st.text(st.sampled_from("#|-*`![]()<>:$\\~_=+ \n\tax1.@/\u202e\x1b"), max_size=60))
@example(card="# x\n\n![i](https://evil.example/p.png) <script>alert(1)</script> [a](javascript:alert(1)) :red[x] $x$")
@many
def test_of_a_card_come_headings_lists_tables_bold_and_code_only(folder, card):
    (folder / CARD).write_text(card, encoding="utf-8")
    found = read_card(sealed(folder))
    for line in f"{found.front}\n{found.technical}".split("\n"):
        kept = re.sub(r"^(#{1,6}|-)( |$)|\*\*|`[\w ,./-]+`|^\|(:?-+:?\|)+$", "", line)
        kept = re.sub(r"\|", "", kept) if line.startswith("|") else kept
        assert not re.search(r"[!#$*+<=>@\[\]^_`{|}~]|:[^\s\d]|(?<!\w)-|-(?!\w)", re.sub(r"\\.", "", kept)), line
        assert "\x1b" not in line and "\u202e" not in line
