"""Progress of a long command: a bar on the terminal, and lines of JSON for whoever watches from outside."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from opscope.disk import why_not
from opscope.errors import DataError


@contextmanager
def progress(part: str, total: int, path: str | None) -> Iterator[Callable[[str], None]]:
    """Gives the function to call as each step begins; each adds a line to the file at ``path``, if one is named."""
    from tqdm import tqdm

    done = 0
    with tqdm(total=total, desc=part, unit="step", leave=False, disable=None) as bar:

        def on_step(step: str) -> None:
            nonlocal done
            done += 1
            bar.set_postfix_str(step)
            bar.update()
            if path:
                _append(path, json.dumps({"part": part, "step": step, "done": done, "total": total}) + "\n")

        yield on_step


def _append(path: str, line: str) -> None:
    try:
        with Path(path).open("a", encoding="utf-8") as handle:
            handle.write(line)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {why_not(error, 'name another file with --progress')}") from error
