"""Writes docs/licences.md: the licence of every locked package, as the package itself states it; run by ``make licences``.

What is not installed, since it is for another system or Python, is fetched for its metadata only.
"""

import re
import subprocess
import sys
import tempfile
import zipfile
from email.message import Message
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
_LOCKED = re.compile(r"^([\w.-]+)==([\w.+!]+)", flags=re.M)
_APPROVED = "License :: OSI Approved :: "
_IN_SPDX = {  # what packages without a licence expression write
    "Apache 2.0": "Apache-2.0",
    "Apache License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD 3-Clause": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "new BSD": "BSD-3-Clause",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
_READ = {"axe-playwright-python": "MIT AND MPL-2.0"}  # states none; its LICENSE is MIT, the axe.min.js within says MPL 2.0
_HEAD = """\
# Licences

Every package that `constraints.txt` locks, with the licence that the package itself states. Made by `make licences`;
`tests/test_supply.py` holds the list to `constraints.txt` and to the licences that are allowed. opscope ships none of them.

| package | version | licence |
|---|---|---|
"""


def main() -> None:
    """Writes the table."""
    versions: dict[str, list[str]] = {}
    for name, version in _LOCKED.findall((ROOT / "constraints.txt").read_text(encoding="utf-8")):
        versions.setdefault(name, []).append(version)
    lines = [
        f"| {name} | {', '.join(found)} | {_READ.get(name) or _licence(_metadata(name, found[0]))} |"
        for name, found in sorted(versions.items())
    ]
    (ROOT / "docs/licences.md").write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(lines)} packages\n")


def _metadata(name: str, version: str) -> Message:
    try:
        return metadata(name)
    except PackageNotFoundError:
        pass
    with tempfile.TemporaryDirectory() as folder:
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder]
        subprocess.run([*fetch, f"{name}=={version}"], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as packed:
            (inner,) = [inner for inner in packed.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", inner)]
            return Parser().parsestr(packed.read(inner).decode())


def _licence(told: Message) -> str:
    """The licence in SPDX's words where that is known, else in the package's own."""
    if expression := told["License-Expression"]:
        return expression
    approved = [line.removeprefix(_APPROVED) for line in told.get_all("Classifier", []) if line.startswith(_APPROVED)]
    stated = (told["License"] or "").strip().splitlines()
    known = [word for word in [*stated[:1], *approved] if word in _IN_SPDX or word in _IN_SPDX.values()]
    words = dict.fromkeys(_IN_SPDX.get(word, word) for word in known[:1] or approved or stated[:1] or ["not stated"])
    return " OR ".join(words)


if __name__ == "__main__":
    main()
