"""Progress of a long command: a bar on the terminal, and lines of JSON for whoever watches from outside."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


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
                with Path(path).open("a", encoding="utf-8") as handle:
                    handle.write(json.dumps({"part": part, "step": step, "done": done, "total": total}) + "\n")

        yield on_step
