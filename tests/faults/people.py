"""What people do in the app, with lists of their own, and what each of them must get back."""

import asyncio
import csv
import io
import random
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field

import pyarrow as pa

from faults.visitor import Broken, Visitor
from opscope.desk import LEAST_SECONDS

PATIENCE = 300  # seconds; the machine may be busy with other work
LISTED, TABLE = "Activities, one a line", "Each activity with its label"
_WORDS = ("carrier", "line", "stock", "the", "invoice")
_BUTTONS = {"production": "Production-scoped", "operations": "Operations-wide", "": "Cannot decide"}
_CSV, _XLSX, _PACK = "CSV", "XLSX", "Evidence pack"


@dataclass(frozen=True)
class Acknowledged:
    """A verdict that the app has said to have kept: who gave it, on what, and which; taken back where ``verdict`` is withdrawn."""

    reviewer: str
    text: str
    label: str
    withdrawn: bool = False


@dataclass(frozen=True)
class Measured:
    """What people lived through: seconds of each kind of action, acknowledged verdicts, and who has done everything once."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    verdicts: list[Acknowledged] = field(default_factory=list)
    warm: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Lists:
    """How long lists are: at most so many lines are pasted, and tables of so many rows are uploaded."""

    lines: int = 500
    rows: int = 5_000


class Person(Visitor):
    """A person with lists of their own who does one thing after another; raises Broken for what is not theirs or not right."""

    def __init__(self, address: str, number: int, corpus: list[str], measured: Measured, lists: Lists):
        super().__init__(address, number, PATIENCE)
        self.name = f"Reviewer {number}"
        self.random = random.Random(number)
        self._corpus, self._measured, self._sizes = corpus, measured, lists
        self._lists, self._mine, self._filter = 0, [], ""

    async def live(self, until: float, pause: float) -> None:
        """Opens the app, does everything once, and goes on in any order until then, with so many seconds between on average."""
        clock = asyncio.get_running_loop().time
        await self._timed("open", self.open())
        actions = [self.paste, self.upload, self.filter, self.choose, self.download, self.review]
        first = list(actions)
        while clock() < until or first:
            await (first.pop(0) if first else self.random.choice(actions))()
            if not first and self.name not in self._measured.warm:
                self._measured.warm.append(self.name)
            await asyncio.sleep(self.random.expovariate(1 / pause))

    async def paste(self, lines: int | None = None) -> float:
        """Pastes lines; all of them must come back, and no older ones."""
        await self._turn_to("Paste")
        self._mine = self._new_list(lines or self.random.randint(5, self._sizes.lines))
        took = await self._timed("paste", self.give("text_area", LISTED, "\n".join(self._mine)))
        self._check_table()
        return took

    async def upload(self) -> float:
        """Uploads a table with a column of another kind."""
        await self._turn_to("Upload a table")
        self._mine = self._new_list(self._sizes.rows)
        content = io.StringIO()
        csv.writer(content).writerows([("site", "text"), *((self.marker, text) for text in self._mine)])
        took = await self._timed("upload", self.upload_file("Table", f"{self.marker}.csv", content.getvalue().encode()))
        self._check_table()
        return took

    async def filter(self) -> None:
        """Narrows the table by a word; those that hold it must come, and no others."""
        await self._narrow(self.random.choice(_WORDS))
        self._check_table()

    async def choose(self) -> None:
        """Opens the explanation of one row."""
        await self._narrow("")
        place = self.random.randrange(len(self._mine))
        await self._timed("explain", self.give("dataframe", TABLE, place))
        if (shown := self.one("text_input", "Try another wording").default) != self._mine[place]:
            raise Broken(f"{self.marker} chose {self._mine[place]!r} and was shown {shown!r}")

    async def download(self) -> None:
        """Takes the list along; all of it must be there."""
        kind = self.random.choice((_CSV, _XLSX, _PACK))
        address = await self._timed(f"download {kind}", self.make_file(kind))
        file = await self.fetch(address)
        texts = [file.decode("utf-8")] if kind != _XLSX else _parts_of(file)
        found = sum(text.count(self._stamp) for text in texts)
        if found < (len(self._mine) if kind != _PACK else 1):
            raise Broken(f"{self.marker}: {kind} holds {found} of {len(self._mine)} rows")

    async def review(self) -> None:
        """Decides a few activities, some with two clicks, and takes one back now and then."""
        await self._timed("open Review", self.go("Review"))
        if next(self.all("text_input", "Your name"), None):
            self.hold("text_input", "Your name", self.name)
            await self.click("Begin")
        for _ in range(self.random.randint(2, 5)):
            await self._decide()
            await asyncio.sleep(LEAST_SECONDS)
        if self.random.random() < 0.3:
            await self._undo()
        await self._timed("back to Classify", self.go("Classify"))
        self._filter = ""
        self._check_table()

    async def _decide(self) -> None:
        label = self.random.choice(list(_BUTTONS))
        await self._timed("decide", self.click(_BUTTONS[label], times=self.random.choice((1, 1, 2))))
        self._measured.verdicts.append(Acknowledged(self.name, self._decided_last(), label))

    async def _undo(self) -> None:
        taken_back = self._decided_last()
        await self._timed("undo", self.click("Undo"))
        self._measured.verdicts.append(Acknowledged(self.name, taken_back, "", withdrawn=True))

    def _decided_last(self) -> str:
        """The activity under "Decided last"."""
        found = next((told.body for told in self.all("text") if "\nYou: " in told.body), None)
        if found is None:
            raise Broken(f"{self.marker}: a verdict was not acknowledged. The page says: {self.said[:500]}")
        return found.partition("\nYou: ")[0]

    async def _turn_to(self, way: str) -> None:
        await self._narrow("")
        await self._timed("turn to paste or upload", self.give("button_group", "Activities", [way]))

    async def _narrow(self, words: str) -> None:
        if words != self._filter:
            self._filter = words
            await self._timed("filter", self.give("text_input", "Text", words))

    def _new_list(self, rows: int) -> list[str]:
        self._lists += 1
        return [f"{text} {self._stamp}" for text in self.random.choices(self._corpus, k=rows)]

    @property
    def _stamp(self) -> str:
        """What stands in every text of the list of now, and in no older one."""
        return f"at {self.marker} {self._lists}."

    def _check_table(self) -> None:
        """Whether the table shows just the list of now, as it is filtered."""
        expected = [text for text in self._mine if self._filter in text.casefold()]
        found = next(self.all("dataframe", TABLE), None)
        shown = pa.ipc.open_stream(found.arrow_data.data).read_all()["activity"].to_pylist() if found else []
        if shown != expected:
            raise Broken(f"{self.marker} should see {len(expected)} rows and sees {len(shown)}. The page says: {self.said[:500]}")

    async def _timed(self, what: str, action):
        began = asyncio.get_running_loop().time()
        result = await action
        took = asyncio.get_running_loop().time() - began
        self._measured.seconds[what].append(took)
        return took if isinstance(result, float) else result


def _parts_of(workbook: bytes) -> list[str]:
    """The texts of a workbook's parts."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        return [parts.read(name).decode("utf-8", "replace") for name in parts.namelist() if "shared" in name or "sheet1" in name]
