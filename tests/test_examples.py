"""The README's walk-through of a retraining, as somebody types it."""

import re
from pathlib import Path

import pytest

from opscope.cli import main

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shown():
    """What the README shows of the command's output; long lines are cut there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```\n\$ opscope train examples/plant_tickets\.csv\n(.*?)```", readme, flags=re.S)
    return block.splitlines()


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What the command prints, with its error last."""
    models = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(ROOT)
        lines = []
        patched.setattr("builtins.print", lambda *parts, **keywords: lines.extend(str(parts[0]).splitlines()))
        assert main(["train", "examples/plant_tickets.csv", "--models", str(models)]) == 2
    assert not list(models.iterdir())
    return lines


def test_the_readme_shows_what_the_command_prints(shown, printed):
    assert len(shown) == len(printed)
    for own, line in zip(shown, printed, strict=True):
        assert line.startswith(own.removesuffix("…"))


@pytest.mark.parametrize(
    ("fault", "told"),
    {
        "unknown label": "  row 8: label is 'Prodcution'",
        "no label": "  row 12: label is ''",
        "no text": "  row 15: text is ''",
        "unknown function": "  row 18: function is 'welding'",
        "function of the other label": "  row 21: function quality_control belongs to production",
        "formula": "  row 24: text is '=VLOOKUP(B24,Tickets!A:D,4,0)', a formula of a spreadsheet.",
        "row of the evaluation set": "  row 27: text is nearly the evaluation set's ",
        "contradiction": "  row 10: 'Count masterbatch drums beside the dryers and mend the bin cards' (production) and row 33: ",
        "duplicate": "  row 6: 'Forwarder from Gdynia wants a later slot for the two export trailers' (operations) and row 30: ",
        "wrong label": "  row 36: 'Grease the toggle joints of press 8 and tighten the tie-bar nuts to the sheet' is labelled op",
    }.items(),
)
def test_every_planted_fault_is_reported(printed, fault, told):
    assert [line for line in printed if line.startswith(told)], fault
