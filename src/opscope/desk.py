"""A reviewer's desk: one activity after another is shown, decided and, if need be, taken back, whatever others do meanwhile."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock, RLock
from weakref import WeakKeyDictionary
from zlib import crc32

import numpy as np

from opscope.prediction import Prediction
from opscope.review_queue import Chosen, queue_order, second_look
from opscope.reviewing import checked_reviewer, verdict_on, withdrawal_of
from opscope.reviews import Reviews
from opscope.settling import reviewed_keys
from opscope.verdicts import Queued, Verdict, key_of

LEAST_SECONDS = 0.5  # between two of the same click: a key that is held down, or a double click, says it once
_AT_A_TIME = 200  # activities put in order at a time


@dataclass(frozen=True)
class Decided:
    """A verdict with the activity as it was chosen, and the prediction that was or was not shown."""

    chosen: Chosen
    prediction: Prediction
    verdict: Verdict


class Screens:
    """Which activity is on whose screen, so that reviewers at the same time get different ones; threads may share it.

    A desk that nobody holds any more, since its session has ended, has no screen.

    It only prefers: where all that wait are on other screens, one of these is given, since two verdicts on it do no harm.
    """

    def __init__(self):
        self._shown: WeakKeyDictionary[Desk, str] = WeakKeyDictionary()
        self._lock = Lock()

    def take(self, desk: "Desk", candidates: Iterable[Chosen]) -> Chosen | None:
        """The first candidate that is on no other screen, or else the first; None where there is none. It is on this one now."""
        candidates = list(candidates)
        with self._lock:
            self._shown.pop(desk, None)
            others = set(self._shown.values())
            free = (one for one in candidates if key_of(one.activity.text) not in others)
            taken = next(free, candidates[0] if candidates else None)
            if taken:
                self._shown[desk] = key_of(taken.activity.text)
        return taken


class Desk:
    """One reviewer's place of work: the activity that is shown, until it is decided, and what was decided.

    ``turn`` grows whenever another activity is shown, so that a click that comes late is known as such. With ``second`` set,
    activities are given that one other reviewer has labelled. Threads may share it: a quick second click runs beside the first.
    """

    def __init__(self, reviewer: str, *, second: bool = False):
        self.reviewer = checked_reviewer(reviewer)
        self.second = second
        self.turn = 0
        self.shown: Chosen | None = None
        self.decided: list[Decided] = []
        self._order: list[Chosen] = []
        self._tags_seen: set[str] = set()
        self._lock = RLock()
        self._last_click, self._clicked_at = "", float("-inf")

    def next(
        self,
        queued: Sequence[Queued],
        verdicts: Sequence[Verdict],
        place_of: Callable[[str], np.ndarray],
        screens: Screens,
    ) -> Chosen | None:
        """The activity to show: the one shown already until it is decided, whatever others do; None where none waits.

        ``place_of`` gives the unit vector of a text, (dimensions,).
        """
        with self._lock:
            if self.shown is None:
                waiting = self._waiting(verdicts)
                if not waiting:
                    self._order = self._ordered(queued, verdicts, place_of)
                    waiting = self._waiting(verdicts)
                self.shown = screens.take(self, waiting)
            return self.shown

    def put_back(self, *, second: bool) -> None:
        """Shows another activity next, of those that wait by then."""
        with self._lock:
            self.second, self.shown, self._order = second, None, []
            self.turn += 1

    def show_tag(self) -> None:
        """Remembers that the reviewer knows the tag of the activity that is shown."""
        self._tags_seen.add(key_of(self.shown.activity.text))

    def decide(
        self, reviews: Reviews, prediction: Prediction, label: str, *, turn: int, function: str = "", reason: str = ""
    ) -> Verdict | None:
        """Keeps the verdict on the activity that is shown, and lets the next one be shown.

        Gives the verdict; None for a click that came late or twice.
        Raises DataError or ReviewError where it cannot be kept; the activity is shown on then.
        """
        with self._lock:
            if self._is_repeated(f"decide {label}") or self.shown is None or turn != self.turn:
                return None
            verdict = verdict_on(
                prediction,
                label,
                reviewer=self.reviewer,
                function=function,
                reason=reason,
                saw_prediction=self.knows_tag(prediction.text),
            )
            reviews.add([verdict])
            self.decided.append(Decided(self.shown, prediction, verdict))
            self._tags_seen.add(key_of(prediction.text))  # it is shown now, for whoever takes the verdict back
            self.shown = None
            self.turn += 1
            return verdict

    def undo(self, reviews: Reviews, *, turn: int) -> Verdict | None:
        """Takes the last verdict of this desk back and shows its activity again.

        Gives that verdict; None where there is none, or for a click that came late or twice.

        Raises ReviewError where that cannot be kept; nothing changes then.
        """
        with self._lock:
            if self._is_repeated("undo") or not self.decided or turn != self.turn:
                return None
            last = self.decided[-1]
            reviews.add([withdrawal_of(last.verdict)])
            self.decided.pop()
            self.shown = last.chosen
            self.turn += 1
            return last.verdict

    def knows_tag(self, text: str) -> bool:
        """Whether the tag of this activity was shown here."""
        return key_of(text) in self._tags_seen

    def _is_repeated(self, click: str) -> bool:
        """Whether the same click came just before; the next one must wait as long again."""
        now = time.monotonic()
        repeated = click == self._last_click and now - self._clicked_at < LEAST_SECONDS
        self._last_click, self._clicked_at = click, now
        return repeated

    def _waiting(self, verdicts: Sequence[Verdict]) -> list[Chosen]:
        """Those of the order that still wait for this reviewer."""
        own = key_of(self.reviewer)
        mine = [verdict for verdict in verdicts if key_of(verdict.reviewer) == own]
        done = reviewed_keys(mine if self.second else verdicts)
        return [one for one in self._order if key_of(one.activity.text) not in done]

    def _ordered(
        self, queued: Sequence[Queued], verdicts: Sequence[Verdict], place_of: Callable[[str], np.ndarray]
    ) -> list[Chosen]:
        seed = crc32(f"{key_of(self.reviewer)}\n{len(verdicts)}".encode())
        if self.second:
            return second_look(queued, verdicts, reviewer=self.reviewer, many=_AT_A_TIME, seed=seed)
        return queue_order(queued, sorted(reviewed_keys(verdicts)), place_of, many=_AT_A_TIME, seed=seed)
