import json
import os
import re
import sys
import tomllib
from pathlib import Path

import pytest

from opscope.cli import main
from opscope.commands.app import shipped_options
from opscope.settings import Settings

CONFIG = tomllib.loads((Path(__file__).parents[1] / ".streamlit/config.toml").read_text(encoding="utf-8"))


@pytest.fixture
def started(monkeypatch, tmp_path):
    """The words with which Streamlit is started; no server really is."""
    found = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["opscope"])
    monkeypatch.setenv("OPSCOPE_MODELS", os.environ.get("OPSCOPE_MODELS", ""))
    monkeypatch.setattr("streamlit.web.cli.main", lambda: found.append(sys.argv[3:]))
    return found


def options_in(words):
    """The options as Streamlit's own command understands these words, without those that are not given."""
    from streamlit.web.cli import main_run

    given = main_run.make_context("run", ["script.py", *words]).params
    words = {name.replace("_", "."): value for name, value in given.items() if value not in (None, (), "script.py")}
    return {name: as_read(value) for name, value in words.items()}


def as_read(value):
    """A value as a file would have it: tuples are lists, and JSON and switches within texts are what they say."""
    if isinstance(value, tuple):
        return list(value)
    return json.loads(value) if value in ("true", "false") or str(value).startswith("[") else value


def test_the_app_is_for_this_machine_unless_told_otherwise(started, capsys):
    assert main(["app"]) == 0
    options = options_in(started[0])
    assert (options["server.address"], options["server.maxUploadSize"]) == ("localhost", 200)
    assert options["browser.gatherUsageStats"] is False
    assert capsys.readouterr().err == ""


def test_port_address_and_the_limit_of_the_settings_reach_the_server(started, tmp_path):
    (tmp_path / "opscope.toml").write_text("most_upload_mb = 12\nsign_in = true", encoding="utf-8")
    assert main(["app", "--address", "10.0.0.4", "--port", "8600"]) == 0
    options = options_in(started[0])
    assert (options["server.address"], options["server.port"], options["server.maxUploadSize"]) == ("10.0.0.4", 8600, 12)


def test_the_server_of_an_installed_opscope_has_every_option_of_a_checkouts(started):
    assert main(["app"]) == 0
    assert options_in(started[0]) == shipped_options() | {"server.maxUploadSize": 200}


def test_the_options_of_a_checkout_are_all_of_its_streamlit_config():
    sections = {name.partition(".")[0] for name in shipped_options()}
    assert sections == set(CONFIG) == {"server", "browser", "client", "theme"}
    assert shipped_options()["theme.dark.textColor"] == CONFIG["theme"]["dark"]["textColor"]


def test_nothing_that_keeps_strangers_out_is_left_to_streamlits_defaults():
    assert CONFIG["server"].items() >= {"enableXsrfProtection": True, "enableCORS": True, "enableStaticServing": False}.items()
    assert CONFIG["server"]["enableAgentApi"] is False
    assert CONFIG["client"] == {
        "toolbarMode": "minimal", "showErrorDetails": "type", "showErrorLinks": False, "allowedOrigins": ["https://none.invalid"],
    }  # fmt: skip


def test_who_opens_it_to_a_network_without_sign_in_is_told_so(started, capsys):
    assert main(["app", "--address", "0.0.0.0"]) == 0
    assert capsys.readouterr().err == (
        "opscope: everybody who reaches 0.0.0.0 can use the app, in the role viewer and without signing in. "
        "To tell people apart, set sign_in = true in opscope.toml.\n"
    )


@pytest.mark.parametrize(("address", "variable"), [("127.0.0.1", "false"), ("0.0.0.0", "true")])
def test_nobody_is_warned_where_no_stranger_comes_in(started, capsys, monkeypatch, address, variable):
    monkeypatch.setenv("OPSCOPE_SIGN_IN", variable)
    assert main(["app", "--address", address]) == 0
    assert capsys.readouterr().err == ""


def test_the_folder_of_versions_that_is_named_is_the_apps(started):
    assert main(["app", "--models", "own"]) == 0
    assert os.environ["OPSCOPE_MODELS"] == "own"


def test_bad_settings_start_no_server(started, capsys, monkeypatch):
    monkeypatch.setenv("OPSCOPE_SIGN_IN", "maybe")
    assert main(["app"]) == 2
    assert "OPSCOPE_SIGN_IN is 'maybe', expected true or false." in capsys.readouterr().err
    assert started == []


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "८५०१", "", "000065535123"])
def test_a_port_that_is_none_is_refused(started, capsys, port):
    with pytest.raises(SystemExit, match="^2$"):
        main(["app", f"--port={port}"])
    assert f"argument --port: {port!r} is no port, expected a whole number from 1 to 65535\n" in capsys.readouterr().err


def test_the_help_says_that_another_address_opens_the_app_to_the_network(capsys):
    with pytest.raises(SystemExit, match="^0$"):
        main(["app", "--help"])
    assert "another one opens the app to the network" in " ".join(capsys.readouterr().out.split())


def test_the_server_of_a_checkout_is_for_this_machine():
    assert CONFIG["server"]["address"] == "localhost"


def luminance(colour):
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(part, 16) / 255 for part in re.findall("..", colour.removeprefix("#"))]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first, second):
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_everything_can_be_read_on_its_background(name):
    theme = CONFIG["theme"][name]
    for ground in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(theme["textColor"], theme[ground]) > 7
        assert contrast(theme["linkColor"], theme[ground]) > 4.5
        assert contrast(theme["primaryColor"], theme[ground]) > 4.5
    for colour in ("blue", "green", "yellow", "red"):
        assert contrast(theme[f"{colour}TextColor"], theme[f"{colour}BackgroundColor"]) > 4.5


def test_streamlit_knows_every_option():
    from streamlit import config

    assert set(shipped_options()) <= set(config.get_config_options())


def test_the_limit_for_uploads_is_streamlits_own_by_default():
    from streamlit import config

    assert config.get_config_options()["server.maxUploadSize"].default_val == Settings().most_upload_mb
