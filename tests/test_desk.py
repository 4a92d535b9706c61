import gc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from opscope import desk as module
from opscope.desk import Desk, Screens
from opscope.errors import DataError, ReviewError
from opscope.reviewing import Places, queue_paste
from opscope.reviews import open_reviews

PASTE = [
    "Oil the chain of line 2", "Pay the carrier for the Lyon pallets", "Count the drums beside dryer 4", "Hire a clerk",
    "Check the torque of lot 7", "Renew the lease of the branch", "Swap the filler nozzles", "Audit the resin supplier",
    "Sand the moulds of press 3", "Answer the complaint of a shop", "Weigh the dough for oven 2", "File the customs papers",
]  # fmt: skip


@pytest.fixture(autouse=True)
def clicks_as_quick_as_a_test(monkeypatch):
    monkeypatch.setattr(module, "LEAST_SECONDS", 0.0)


@pytest.fixture
def reviews(tmp_path, model):
    reviews = open_reviews(tmp_path / "reviews.sqlite")
    queue_paste(reviews, model, "\n".join(PASTE))
    return reviews


@pytest.fixture
def office(reviews, model):
    """Shows a desk its next activity, as the page does."""
    screens, places = Screens(), Places(model.loaded.neighbours)
    return lambda desk: desk.next(reviews.queued(), reviews.verdicts(), places, screens)


def decide(desk, reviews, model, label="production", **more):
    return desk.decide(reviews, model.predict(desk.shown.activity.text), label, **({"turn": desk.turn} | more))


def test_a_desk_needs_a_name():
    with pytest.raises(DataError, match=r"^reviewer is empty\. Say who decided\.$"):
        Desk(" ")


def test_every_activity_is_shown_once_and_one_of_them_blind(reviews, model, office):
    desk, shown, blind = Desk("Anna"), [], 0
    while (chosen := office(desk)) is not None:
        shown.append(chosen.activity.text)
        blind += chosen.blind
        decide(desk, reviews, model)
    assert sorted(shown) == sorted(PASTE)
    assert 1 <= blind <= 2
    assert [verdict.text for verdict in reviews.verdicts()] == shown


def test_an_activity_stays_until_it_is_decided_whatever_others_do(reviews, model, office):
    anna, ben = Desk("Anna"), Desk("Ben")
    first = office(anna)
    while office(ben) is not None:
        decide(ben, reviews, model)
    assert office(anna) == first


def test_two_reviewers_at_a_time_get_different_activities(reviews, model, office):
    desks = Desk("Anna"), Desk("Ben")
    for _ in range(5):
        assert office(desks[0]).activity.text != office(desks[1]).activity.text
        for desk in desks:
            decide(desk, reviews, model)
    assert len({verdict.text for verdict in reviews.verdicts()}) == 10


def test_the_last_that_waits_is_given_to_both(reviews, model, office):
    anna, ben = Desk("Anna"), Desk("Ben")
    for _ in PASTE[1:]:
        office(anna)
        decide(anna, reviews, model)
    assert office(anna) is not None
    assert office(ben).activity == office(anna).activity


def test_a_second_look_gives_what_one_other_has_decided_blind(reviews, model, office):
    anna, ben = Desk("Anna"), Desk("Ben", second=True)
    assert office(ben) is None
    done = {office(anna).activity.text}
    decide(anna, reviews, model)
    chosen = office(ben)
    assert {chosen.activity.text} == done and chosen.blind
    decide(ben, reviews, model)
    assert office(ben) is None
    assert office(Desk("ANNA", second=True)) is None


def test_put_back_shows_what_waits_by_then(reviews, model, office):
    desk, other = Desk("Anna"), Desk("Ben")
    office(other)
    decide(other, reviews, model)
    office(desk)
    turn = desk.turn
    desk.put_back(second=True)
    assert office(desk).activity.text == reviews.verdicts()[0].text
    assert desk.turn > turn


def test_a_click_on_what_is_shown_no_more_changes_nothing(reviews, model, office):
    desk = Desk("Anna")
    office(desk)
    old = desk.turn
    decide(desk, reviews, model)
    office(desk)
    assert decide(desk, reviews, model, turn=old) is None
    assert desk.undo(reviews, turn=old) is None
    assert len(reviews.verdicts()) == 1


def test_a_key_held_down_decides_once(reviews, model, office, monkeypatch):
    monkeypatch.setattr(module, "LEAST_SECONDS", 60.0)
    desk = Desk("Anna")
    for _ in range(3):
        office(desk)
        decide(desk, reviews, model)
    assert len(reviews.verdicts()) == 1
    assert desk.undo(reviews, turn=desk.turn).label == "production"


def test_clicks_that_run_side_by_side_decide_once(reviews, model, office):
    desk, start = Desk("Anna"), Barrier(8)
    office(desk)
    prediction, turn = model.predict(desk.shown.activity.text), desk.turn

    def click(_):
        start.wait()
        return desk.decide(reviews, prediction, "production", turn=turn)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(click, range(8)))
    assert sum(verdict is not None for verdict in found) == 1
    assert len(reviews.verdicts()) == 1


def test_undo_withdraws_and_shows_the_activity_again(reviews, model, office):
    desk = Desk("Anna")
    first = office(desk)
    decide(desk, reviews, model, reason="a slip")
    second = office(desk)
    assert desk.undo(reviews, turn=desk.turn).reason == "a slip"
    assert office(desk) == first
    assert [verdict.verdict for verdict in reviews.verdicts()][1:] == ["withdrawn"]
    decide(desk, reviews, model, "operations")
    assert office(desk) == second
    assert desk.undo(reviews, turn=desk.turn) and desk.undo(reviews, turn=desk.turn) is None


def test_undo_goes_back_one_by_one(reviews, model, office):
    desk = Desk("Anna")
    shown = []
    for _ in range(3):
        shown.append(office(desk))
        decide(desk, reviews, model)
    for chosen in reversed(shown):
        desk.undo(reviews, turn=desk.turn)
        assert office(desk) == chosen


@pytest.mark.parametrize("is_shown", [True, False])
def test_a_verdict_says_whether_the_tag_was_shown(reviews, model, office, is_shown):
    desk = Desk("Anna")
    office(desk)
    if is_shown:
        desk.show_tag()
    assert decide(desk, reviews, model).saw_prediction is is_shown


def test_who_takes_a_blind_verdict_back_knows_the_tag(reviews, model, office):
    desk = Desk("Anna")
    office(desk)
    assert not decide(desk, reviews, model).saw_prediction
    desk.undo(reviews, turn=desk.turn)
    assert decide(desk, reviews, model).saw_prediction


def test_a_verdict_that_cannot_be_kept_leaves_the_activity_there(reviews, model, office, monkeypatch):
    def full(verdicts):
        raise ReviewError("the disk is full")

    desk = Desk("Anna")
    first = office(desk)
    with monkeypatch.context() as patch:
        patch.setattr(reviews, "add", full)
        with pytest.raises(ReviewError, match=r"^the disk is full$"):
            decide(desk, reviews, model)
    assert office(desk) == first and desk.decided == []
    decide(desk, reviews, model)
    with monkeypatch.context() as patch:
        patch.setattr(reviews, "add", full)
        with pytest.raises(ReviewError, match=r"^the disk is full$"):
            desk.undo(reviews, turn=desk.turn)
    assert len(desk.decided) == 1


def test_what_was_on_a_screen_that_is_gone_is_given_to_the_next(office):
    closed = Desk("Anna")
    first = office(closed)
    del closed
    gc.collect()
    assert office(Desk("Anna")) == first
