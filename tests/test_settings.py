import dataclasses
import json
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from opscope.errors import SettingsError
from opscope.policies import POLICIES
from opscope.settings import KINDS, MOST_MB, MOST_ROWS, MOST_SECONDS, ROLES, Settings, present_settings, read_settings, variable_of

PAGE = (Path(__file__).parents[1] / "docs" / "settings.md").read_text(encoding="utf-8")
NAMES = ", ".join(KINDS)


def refused(message):
    return pytest.raises(SettingsError, match=f"^{re.escape(message)}$")


def written(folder, content):
    (folder / "opscope.toml").write_text(content, encoding="utf-8")
    return folder


def test_without_a_file_and_variables_everything_is_as_it_is_by_default(tmp_path):
    assert read_settings({}, tmp_path) == Settings()


def test_each_setting_may_stand_in_the_file(tmp_path):
    found = read_settings({}, written(tmp_path, re.findall(r"```toml\n(models.*?)```", PAGE, flags=re.S)[0]))
    assert found == Settings(
        models=Path("/srv/opscope/models"), reviews="postgresql+psycopg://opscope@db.example.com/reviews", policy="strict",
        user="Plant 2", most_rows_uploaded=200_000, most_upload_mb=500, seconds_per_review=20, sign_in=True, roles_claim="groups",
        role_of={"shift leads": "reviewer", "model.owners": "approver"}, default_role="viewer",
    )  # fmt: skip


def test_a_variable_goes_before_the_file(tmp_path):
    written(tmp_path, 'policy = "strict"\nmost_upload_mb = 5\n')
    found = read_settings({"OPSCOPE_POLICY": " quick "}, tmp_path)
    assert (found.policy, found.most_upload_mb) == ("quick", 5)


def test_each_setting_may_be_a_variable(tmp_path):
    said = {
        "models": "own", "reviews": "sqlite:///a.sqlite", "policy": "quick", "user": " Ana ", "most_rows_uploaded": "7",
        "most_upload_mb": "8", "seconds_per_review": "9", "sign_in": "YES", "roles_claim": "groups",
        "role_of": '{"a, b=c": "approver"}', "default_role": "reviewer",
    }  # fmt: skip
    assert read_settings({variable_of(name): text for name, text in said.items()}, tmp_path) == Settings(
        models=Path("own"), reviews="sqlite:///a.sqlite", policy="quick", user="Ana", most_rows_uploaded=7, most_upload_mb=8,
        seconds_per_review=9, sign_in=True, roles_claim="groups", role_of={"a, b=c": "approver"}, default_role="reviewer",
    )  # fmt: skip


def test_a_blank_variable_counts_as_none(tmp_path):
    written(tmp_path, 'policy = "strict"\n')
    assert read_settings({variable_of(name): " " for name in [*KINDS, "settings"]}, tmp_path).policy == "strict"


def test_paths_in_the_file_are_relative_to_the_file(tmp_path):
    (tmp_path / "etc").mkdir()
    written(tmp_path / "etc", 'models = "models"\nreviews = "team.sqlite"\n')
    found = read_settings({"OPSCOPE_SETTINGS": "etc/opscope.toml"}, tmp_path)
    assert (found.models, found.reviews) == (tmp_path / "etc" / "models", str(tmp_path / "etc" / "team.sqlite"))


def test_the_named_file_takes_the_place_of_the_usual_one(tmp_path):
    written(tmp_path, 'policy = "strict"\n')
    (tmp_path / "other.toml").write_text("\ufeffsign_in = true\r\n", encoding="utf-8")
    assert read_settings({"OPSCOPE_SETTINGS": str(tmp_path / "other.toml")}, tmp_path) == Settings(sign_in=True)


def test_the_present_settings_are_those_of_the_folder_and_the_environment(tmp_path, monkeypatch):
    monkeypatch.chdir(written(tmp_path, 'policy = "strict"\nmodels = "own"\n'))
    monkeypatch.setenv("OPSCOPE_SECONDS_PER_REVIEW", "5")
    assert dataclasses.replace(present_settings(), reviews=None) == Settings(
        policy="strict", models=Path("own"), seconds_per_review=5
    )


BAD_FILES = [
    ('polcy = "strict"', "FILE: There is no setting 'polcy'. Write policy if that is meant, or delete it."),
    ("Sign-In = true", "FILE: There is no setting 'Sign-In'. Write sign_in if that is meant, or delete it."),
    ("colour = 1", f"FILE: There is no setting 'colour'. Settings are {NAMES}."),
    (
        'policy = "fast"',
        "FILE: policy is 'fast', expected strict, balanced or quick. Correct it, or leave it out (then: balanced).",
    ),
    ("policy = []", "FILE: policy is an array, expected strict, balanced or quick. Correct it, or leave it out (then: balanced)."),
    ("models = 3", "FILE: models is 3, expected the path of a folder. Correct it, or leave it out (then: the shipped folder)."),
    (
        'models = ""',
        "FILE: models is empty, expected the path of a folder. Correct it, or leave it out (then: the shipped folder).",
    ),
    (
        'user = "a\\nb"',
        "FILE: user is 'a\\nb', expected a name on one line. Correct it, or leave it out (then: the machine's name for you).",
    ),
    (
        "most_rows_uploaded = 1_000_001",
        "FILE: most_rows_uploaded is 1000001, expected a whole number from 1 to 1,000,000. "
        "Correct it, or leave it out (then: 50,000).",
    ),
    (
        "most_rows_uploaded = true",
        "FILE: most_rows_uploaded is true, expected a whole number from 1 to 1,000,000. "
        "Correct it, or leave it out (then: 50,000).",
    ),
    (
        f"most_upload_mb = 0x{'f' * 9000}",
        "FILE: most_upload_mb is a huge number, expected a whole number from 1 to 2,000. Correct it, or leave it out (then: 200).",
    ),
    (
        "seconds_per_review = 0",
        "FILE: seconds_per_review is 0, expected a whole number from 1 to 3,600. Correct it, or leave it out (then: 30).",
    ),
    (
        "seconds_per_review = 2026-01-01",
        "FILE: seconds_per_review is a date or time, expected a whole number from 1 to 3,600. "
        "Correct it, or leave it out (then: 30).",
    ),
    ('sign_in = "yes"', "FILE: sign_in is 'yes', expected true or false. Correct it, or leave it out (then: false)."),
    ("sign_in = 1", "FILE: sign_in is 1, expected true or false. Correct it, or leave it out (then: false)."),
    (
        'default_role = "admin"',
        "FILE: default_role is 'admin', expected viewer, reviewer or approver. Correct it, or leave it out (then: viewer).",
    ),
    ('role_of.leads = "boss"', "FILE: role_of: 'leads' is 'boss', expected viewer, reviewer or approver."),
    (
        'role_of.plant.leads = "viewer"',
        "FILE: role_of: 'plant' is a table, expected viewer, reviewer or approver. Put a claim's value that holds a dot in quotes.",
    ),
    (
        'models = "C:\\data"',
        "FILE is no valid TOML: Unescaped '\\' in a string (at line 1, column 15). "
        "Texts stand in quotes; a path with \\ stands in single quotes.",
    ),
    (
        "policy = strict",
        "FILE is no valid TOML: Invalid value (at line 1, column 10). "
        "Texts stand in quotes; a path with \\ stands in single quotes.",
    ),
    (
        'policy = "fast"\nsignin = true\nsign_in = 0',
        "FILE: policy is 'fast', expected strict, balanced or quick. Correct it, or leave it out (then: balanced).\n"
        "FILE: There is no setting 'signin'. Write sign_in if that is meant, or delete it.\n"
        "FILE: sign_in is 0, expected true or false. Correct it, or leave it out (then: false).",
    ),
]


@pytest.mark.parametrize(("content", "message"), BAD_FILES, ids=[content[:30] for content, _ in BAD_FILES])
def test_a_bad_file_says_what_to_mend(content, message, tmp_path):
    written(tmp_path, content)
    with refused(message.replace("FILE", str(tmp_path / "opscope.toml"))):
        read_settings({}, tmp_path)


BAD_VARIABLES = [
    (
        {"OPSCOPE_POLICY": "fast"},
        "The environment variable OPSCOPE_POLICY is 'fast', expected strict, balanced or quick. "
        "Correct it, or leave it out (then: balanced).",
    ),
    (
        {"OPSCOPE_MOST_UPLOAD_MB": "१२"},
        "The environment variable OPSCOPE_MOST_UPLOAD_MB is '१२', expected a whole number from 1 to 2,000. "
        "Correct it, or leave it out (then: 200).",
    ),
    (
        {"OPSCOPE_SIGN_IN": "perhaps"},
        "The environment variable OPSCOPE_SIGN_IN is 'perhaps', expected true or false. Correct it, or leave it out (then: false).",
    ),
    (
        {"OPSCOPE_ROLE_OF": "leads=approver"},
        "The environment variable OPSCOPE_ROLE_OF is 'leads=approver', "
        "expected a table from a claim's values to viewer, reviewer or approver. Correct it, or leave it out (then: empty).",
    ),
    (
        {"OPSCOPE_ROLE_OF": '{"leads": null}'},
        "The environment variable OPSCOPE_ROLE_OF: 'leads' is null, expected viewer, reviewer or approver.",
    ),
    (
        {"OPSCOPE_USER": "\udcff" + "x" * 99},
        f"The environment variable OPSCOPE_USER is '\\udcff{'x' * 58}…', expected a name on one line. "
        "Correct it, or leave it out (then: the machine's name for you).",
    ),
    (
        {"OPSCOPE_SIGNIN": "true"},
        "OPSCOPE_SIGNIN is no environment variable of opscope. Write OPSCOPE_SIGN_IN if that is meant, or unset it.",
    ),
    (
        {"OPSCOPE_SETTING": "a.toml"},
        "OPSCOPE_SETTING is no environment variable of opscope. Write OPSCOPE_SETTINGS if that is meant, or unset it.",
    ),
]


@pytest.mark.parametrize(("variables", "message"), BAD_VARIABLES, ids=["-".join(variables) for variables, _ in BAD_VARIABLES])
def test_a_bad_variable_says_what_to_mend(variables, message, tmp_path):
    with refused(message):
        read_settings(variables, tmp_path)


def test_a_variable_of_another_program_is_no_setting(tmp_path):
    assert read_settings({"OPSCOPE_NEEDS_BROWSER": "1", "OPSCOPE_KILLS": "1,2", "OPSCOPE_MODEL": ""}, tmp_path) == Settings()


def test_a_named_file_that_is_not_there_is_refused(tmp_path):
    advice = "No such file or directory. Correct the file, or OPSCOPE_SETTINGS."
    with refused(f"The settings {tmp_path / 'none.toml'} cannot be read: {advice}"):
        read_settings({"OPSCOPE_SETTINGS": "none.toml"}, tmp_path)


def test_a_link_that_leads_nowhere_is_not_taken_for_no_file(tmp_path):
    (tmp_path / "opscope.toml").symlink_to(tmp_path / "gone.toml")
    advice = "No such file or directory. Correct the file, or OPSCOPE_SETTINGS."
    with refused(f"The settings {tmp_path / 'opscope.toml'} cannot be read: {advice}"):
        read_settings({}, tmp_path)


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "opscope.toml").mkdir()
    with refused(
        f"The settings {tmp_path / 'opscope.toml'} cannot be read: Is a directory. Correct the file, or OPSCOPE_SETTINGS."
    ):
        read_settings({}, tmp_path)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "opscope.toml").write_bytes('user = "Zoë"'.encode("cp1252"))
    with refused(f"{tmp_path / 'opscope.toml'} is not in UTF-8 (byte 11). Save it as UTF-8."):
        read_settings({}, tmp_path)


def test_no_message_shows_a_password(tmp_path):
    for content in ('reviews = ["postgresql://ana:s3cret@db/reviews"]', 'reviews = "postgresql://ana:s3cret@db/\\u0000"'):
        with pytest.raises(SettingsError, match=r"^.*: reviews is .*SQLAlchemy URL\..*$") as caught:
            read_settings({}, written(tmp_path, content))
        assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(Settings(reviews="postgresql://ana:s3cret@db/reviews"))


def check_allowed(found):
    assert found.policy in POLICIES and found.default_role in ROLES and set(found.role_of.values()) <= set(ROLES)
    assert 1 <= found.most_rows_uploaded <= MOST_ROWS and 1 <= found.most_upload_mb <= MOST_MB
    assert 1 <= found.seconds_per_review <= MOST_SECONDS
    assert found.sign_in is True or found.sign_in is False
    assert found.user is None or (found.user.isprintable() and found.user.strip() == found.user)


NEARLY = some.sampled_from(
    ["true", "TRUE ", "0", "-1", "1e3", "99999999999999999", "{}", '{"a": "viewer"}', "[" * 9999, "strict", "\udcff"]
)


@given(some.dictionaries(some.sampled_from([*map(variable_of, KINDS)]), some.text() | NEARLY))
def test_any_environment_gives_allowed_settings_or_an_error_that_names_the_variable(tmp_path_factory, environment):
    try:
        check_allowed(read_settings(environment, tmp_path_factory.getbasetemp()))
    except SettingsError as error:
        assert all(
            re.match(r"The environment variable OPSCOPE_[A-Z_]+(: .*)? is .*expected ", line) for line in str(error).split("\n")
        )


VALUES = some.recursive(
    some.booleans() | some.integers() | some.floats() | some.text() | some.sampled_from([*POLICIES, *ROLES]),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=4,
)


def as_toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_toml(name)} = {as_toml(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf") if not isinstance(value, str) else json.dumps(value)


@given(some.dictionaries(some.sampled_from(list(KINDS)) | some.text(), VALUES))
def test_any_file_gives_allowed_settings_or_an_error_that_names_the_file(tmp_path_factory, table):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text("".join(f"{as_toml(name)} = {as_toml(value)}\n" for name, value in table.items()), encoding="utf-8")
    try:
        check_allowed(read_settings({"OPSCOPE_SETTINGS": str(path)}, Path()))
    except SettingsError as error:
        assert all(line.startswith(str(path)) for line in str(error).split("\n"))


@given(some.binary(max_size=60))
def test_any_bytes_as_a_file_give_settings_or_an_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(content)
    try:
        read_settings({"OPSCOPE_SETTINGS": str(path)}, Path())
    except SettingsError as error:
        assert str(path) in str(error)


def test_the_page_lists_every_setting_as_it_is():
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| `(\w+)` \| [^|]+ \|$", PAGE, flags=re.M)
    assert [name for name, *_ in rows] == [field.name for field in dataclasses.fields(Settings)] == list(KINDS)
    assert rows == [(name, kind.allowed, kind.default, variable_of(name)) for name, kind in KINDS.items()]


def test_the_defaults_in_words_are_those_of_the_settings():
    told = {name: kind.default for name, kind in KINDS.items()}
    for name in ("models", "reviews", "user"):
        assert getattr(Settings(), name) is None
        del told[name]
    said = {name: getattr(Settings(), name) for name in told}
    assert told == {
        name: "empty" if value == {} else f"{value:,}" if type(value) is int else str(value).lower() for name, value in said.items()
    }


def test_the_pages_examples_are_toml():
    for example in re.findall(r"```toml\n(.*?)```", PAGE, flags=re.S):
        assert tomllib.loads(example)
