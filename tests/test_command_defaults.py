"""What commands take from the settings where no option is given."""

import json
import shutil
from collections import Counter

import pytest

from opscope import model
from opscope.aliases import aliases_of, make_candidate, who_asks
from opscope.cli import main
from opscope.paths import shipped
from opscope.registry import default_models
from opscope.reviews import open_reviews
from opscope.reviews_place import place_of, reviews_exist

DOUBTFUL = "Plan the week for the plant"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder in which the commands run, without variables that would go before its file."""
    for name in ("MODELS", "REVIEWS", "POLICY", "USER", "SETTINGS"):
        monkeypatch.delenv(f"OPSCOPE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settle(folder, content):
    (folder / "opscope.toml").write_text(content, encoding="utf-8")


def test_models_of_the_settings_are_used_unless_an_option_names_others(folder, capsys):
    shutil.copytree(shipped("models"), folder / "own")
    settle(folder, 'models = "own"')
    make_candidate(folder / "own", aliases_of(folder / "own").active)
    assert main(["models", "list"]) == 0
    assert "(active, candidate)" in capsys.readouterr().out
    assert main(["models", "list", "--models", str(shipped("models"))]) == 0
    assert "candidate" not in capsys.readouterr().out


def test_the_variable_for_models_goes_before_the_file(folder, monkeypatch):
    settle(folder, 'models = "own"')
    assert str(default_models()) == "own"
    monkeypatch.setenv("OPSCOPE_MODELS", "other")
    assert str(default_models()) == "other"


@pytest.mark.parametrize("command", ["predict", "explain"])
def test_the_policy_of_the_settings_is_used_unless_an_option_names_another(folder, command, monkeypatch):
    asked, predictions = [], model.predictions

    def noted(version, texts, policy):
        asked.append(policy)
        return predictions(version, texts, policy)

    monkeypatch.setattr("opscope.model.predictions", noted)
    assert main([command, DOUBTFUL]) == 0
    settle(folder, 'policy = "strict"')
    assert main([command, DOUBTFUL]) == 0
    assert main([command, DOUBTFUL, "--policy", "quick"]) == 0
    assert asked == ["balanced", "strict", "quick"]


def test_a_table_is_tagged_by_the_policy_of_the_settings(folder, monkeypatch):
    (folder / "in.csv").write_text(f"text\n{DOUBTFUL}\n", encoding="utf-8")
    asked = []
    monkeypatch.setattr("opscope.tagging.tag_file", lambda *given, policy, **more: asked.append(policy) or Counter())
    settle(folder, 'policy = "quick"')
    assert main(["predict", "in.csv"]) == 0
    assert asked == ["quick"]


def test_reviews_of_the_settings_are_used_unless_an_option_names_others(folder, capsys):
    (folder / "labels.csv").write_text("text,label\nGrease the chain,production\n", encoding="utf-8")
    settle(folder, 'reviews = "team.sqlite"')
    assert not reviews_exist()
    assert main(["review", "import", "labels.csv", "--reviewer", "Ana"]) == 0
    assert main(["review", "import", "labels.csv", "--reviewer", "Ana", "--reviews", "other.sqlite"]) == 0
    assert reviews_exist() and {"team.sqlite", "other.sqlite"} <= {path.name for path in folder.iterdir()}
    capsys.readouterr()
    assert main(["explain", "Grease the chain", "--json"]) == 0
    assert "Ana" in json.dumps(json.loads(capsys.readouterr().out)["similar"])


def test_the_variable_for_reviews_goes_before_the_file(folder, monkeypatch):
    settle(folder, 'reviews = "team.sqlite"')
    monkeypatch.setenv("OPSCOPE_REVIEWS", "sqlite:///mine.sqlite")
    assert place_of().name == "sqlite:///mine.sqlite"
    assert place_of("named.sqlite").name == "named.sqlite"
    assert open_reviews("named.sqlite").place == "named.sqlite"


def test_the_user_of_the_settings_is_who_asks(folder, monkeypatch):
    settle(folder, 'user = "Plant 2"')
    assert who_asks() == "Plant 2"
    monkeypatch.setenv("OPSCOPE_USER", " Ana ")
    assert who_asks() == "Ana"


@pytest.mark.parametrize("arguments", [["predict", DOUBTFUL], ["models", "list"], ["review", "status"]])
def test_bad_settings_stop_a_command_with_what_to_mend(folder, arguments, capsys):
    settle(folder, 'policy = "fast"')
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "opscope: opscope.toml: policy is 'fast', expected strict, balanced or quick. "
        "Correct it, or leave it out (then: balanced).\n"
    )
