import dataclasses
import re

import pytest

from opscope.aliases import active_version
from opscope.card_file import read_card
from opscope.errors import ModelError
from opscope.paths import shipped
from opscope.registry import CARD, load_version, save_version


@pytest.fixture
def folder_with(tmp_path):
    """Makes a version's folder with this card, or none."""
    version = load_version(active_version(shipped("models")))

    def made(card):
        renamed = dataclasses.replace(version, manifest=dataclasses.replace(version.manifest, version="2026-01-01-aaa"))
        return save_version(tmp_path, renamed, version.neighbours, {} if card is None else {CARD: card.encode()})

    return made


def test_the_card_is_cut_into_front_and_technical_part(folder_with):
    card = read_card(folder_with("# opscope model x\n\nFor all.\n\n## Scores\n\n| a |\n\n## More\n\nTwo\nlines\n"))
    assert (card.title, card.front) == ("opscope model x", "For all.")
    assert card.technical == "## Scores\n\n| a |\n\n## More\n\nTwo\nlines"
    assert (card.section("Scores"), card.section("More"), card.section("Mor")) == ("| a |", "Two\nlines", "")


def test_a_card_without_technical_part_is_all_front(folder_with):
    card = read_card(folder_with("# opscope model x\r\n\r\nFor all.\r\n"))
    assert (card.title, card.front, card.technical, card.section("Scores")) == ("opscope model x", "For all.", "", "")


def test_the_shipped_card_says_what_the_version_is_for():
    card = read_card(active_version(shipped("models")))
    assert card.title.startswith("opscope model 20") and card.front.startswith("**What it is for.**")
    assert "|---|" in card.section("Policies")


def test_a_version_without_a_card_says_so(folder_with):
    folder = folder_with(None)
    message = f"{folder / CARD} is missing. Restore the version's folder, or train again."
    with pytest.raises(ModelError, match=f"^{re.escape(message)}$"):
        read_card(folder)


def test_an_altered_card_is_refused(folder_with):
    folder = folder_with("# x\n\nGood.\n")
    (folder / CARD).write_text("# x\n\nBetter.\n", encoding="utf-8")
    message = f"{folder / CARD} is not the file that was saved with this version. Restore the folder, or train again."
    with pytest.raises(ModelError, match=f"^{re.escape(message)}$"):
        read_card(folder)
