"""Tags a file to a file in a process that is killed again and again; run by test_killed.py, in a process of its own."""

import random
import sys
import tempfile
from pathlib import Path

from faults.rounds import killed, timed
from opscope.aliases import active_version
from opscope.model import load
from opscope.registry import Version, default_models
from opscope.tables import read_table
from opscope.tagging import tag_file

_OLDER = b"what was there before\n"
_ROWS = {"xlsx": 250}  # of the others more, so that a round takes long enough to be killed midway


def killed_tagging(version: Version, folder: Path, kind: str, many: int, rng: random.Random) -> int:
    """Tags ``many`` times over an older file; gives how often it was killed midway."""
    source, target = folder / "in.csv", folder / f"out.{kind}"
    texts = (f"Grease the chain of filler {n},{n}\n" for n in range(_ROWS.get(kind, 1500)))
    source.write_text("text,number\n" + "".join(texts), encoding="utf-8")
    tag_file(version, source, target)
    whole = min(timed(lambda: tag_file(version, source, target)) for _ in range(2))
    expected = read_table(target).rows
    hits = 0
    for _ in range(many):
        target.write_bytes(_OLDER)
        hits += killed(lambda: tag_file(version, source, target), rng.random() * whole)
        assert target.read_bytes() == _OLDER or read_table(target).rows == expected
        assert len(strays(folder, source, target)) <= 1 and len(strays(folder / "tmp")) <= 1
    tag_file(version, source, target)
    assert read_table(target).rows == expected
    assert not strays(folder, source, target) and not strays(folder / "tmp")
    target.unlink()
    return hits


def strays(folder: Path, *known: Path) -> list[str]:
    """Files that should not stay in a folder."""
    return [path.name for path in folder.iterdir() if path.is_file() and path not in known]


def main(folder: Path, **counts: int) -> None:
    """Prints how many of the runs of each kind were killed before they ended."""
    rng = random.Random(8)
    version = load(active_version(default_models())).loaded
    tempfile.tempdir = str(folder / "tmp")
    (folder / "tmp").mkdir()
    hits = {kind: killed_tagging(version, folder, kind, many, rng) for kind, many in counts.items()}
    sys.stdout.write("\n".join(f"{kind}={hit}" for kind, hit in hits.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), **{name: int(many) for name, many in (pair.split("=") for pair in sys.argv[2:])})
