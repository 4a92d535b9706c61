"""Many people at once in the app: nobody gets another's texts, an error or no answer; verdicts are kept once; memory is bounded."""

import asyncio
import sys
import weakref
from collections import Counter

import pytest

from faults import tries
from faults.load import LONG, THINKING, USUAL, crowd, fair_share, held_by_uploads, kept
from faults.people import Lists, Measured, Person
from faults.serving import Server, served
from faults.visitor import Broken
from opscope.pages import shared

PEOPLE, SECONDS, PAUSE = tries(4, 20), tries(10, 600), tries(1, 10 * THINKING) / 10
LISTS = Lists(lines=tries(40, USUAL.lines), rows=tries(150, USUAL.rows))
MB_A_ROW = 0.001  # a row of a table, its tag and Streamlit's copies of them: some 45 MB for 50,000
TABLES_KEPT = 2  # for each session, as pages/classify.py says
MB_FOR_WORK = 100  # what several actions at once need for the while, and what the heap does not give back
MOST_TIMES_AS_LONG = 3  # fair share of two is twice; the rest is for a machine that is busy with other work
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
only_full = pytest.mark.skipif(tries(0, 1) == 0, reason="takes minutes: make test-load")


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Server:
    with served(tmp_path_factory.mktemp("load"), queued=tries(200, 3_000)) as server:
        yield server


def test_people_at_once_get_what_is_theirs_and_leave_nothing(server):
    found = asyncio.run(crowd(server, PEOPLE, SECONDS, pause=PAUSE, lists=LISTS))
    assert Counter(kept(server.reviews)) == Counter(found.measured.verdicts)
    assert found.growth < PEOPLE * TABLES_KEPT * LISTS.rows * MB_A_ROW + MB_FOR_WORK
    assert not list(server.reviews.parent.glob("opscope-upload-*"))
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_a_file_waits_until_it_is_fetched_whatever_others_click(server):
    async def fetch_late() -> bytes:
        one, other = (Person(server.address, number, ["Grease the chain"], Measured(), LISTS) for number in (0, 1))
        await one.open()
        await one.paste(3)
        await other.open()
        address = await one.make_file("CSV")
        for lines in (1, 2, 3):
            await other.paste(lines)
        file = await one.fetch(address)
        await asyncio.gather(one.close(), other.close())
        return file

    assert asyncio.run(fetch_late()).decode().count("Grease the chain") == 3


def test_a_text_of_another_is_seen():
    one, other = (Person("http://localhost", number, [], Measured(), LISTS) for number in (3, 30))
    one.check_markers(f"Grease the chain at {one.marker.lower()}".encode())
    with pytest.raises(Broken, match=f"{one.marker} was sent texts of {other.marker}$"):
        one.check_markers(f"Grease the chain at {one.marker} and {other.marker.lower()}".encode())


def test_a_file_that_can_be_made_holds_no_session(monkeypatch):
    class Context:
        session_id = "1"

    context = Context()
    held = weakref.ref(context)
    monkeypatch.setattr(shared, "get_script_run_ctx", held)
    make = shared.kept_for_download(bytes, "opscope.csv", "text/csv")
    del context
    assert held() is None
    assert make() == b""


@only_full
def test_one_user_costs_another_no_more_than_a_fair_share(tmp_path):
    with served(tmp_path) as server:
        assert asyncio.run(fair_share(server, 15)).ratio < MOST_TIMES_AS_LONG


@only_full
def test_what_closed_sessions_held_is_used_again(tmp_path):
    with served(tmp_path) as server:
        held = asyncio.run(held_by_uploads(server, 5))
    first, second = held.rested
    assert second - first < LONG.rows * MB_A_ROW  # that of one session of five
