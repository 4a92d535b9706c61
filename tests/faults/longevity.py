"""A small version is saved with the libraries that are installed, and asked with others; run in environments of its own.

save FOLDER NAME    trains a version in FOLDER/NAME and writes beside it what it says of the texts of FOLDER/texts.txt
ask FOLDER          prints for each version in FOLDER how far its answers are from those written beside it
main                makes the environments and does both in each; see ``make test-longevity``
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import warnings
from dataclasses import replace
from importlib.metadata import version as library_version
from pathlib import Path

import numpy as np

from opscope.registry import default_models, load_version, version_names

ROOT = Path(__file__).parents[2]
LIBRARIES = ("numpy", "scikit-learn", "scipy", "joblib", "mapie")
ANSWERS, TEXTS = "answers.json", "texts.txt"
PYTHONS = os.environ.get("OPSCOPE_PYTHONS", "3.11 3.12 3.13").split()  # versions or paths, the oldest first; uv finds them
_ROWS, _NO_ACTIVITIES, _PIECES = 100, 30, 80


def texts_of(folder: Path) -> list[str]:
    """The texts that every version is asked about."""
    return (folder / TEXTS).read_text(encoding="utf-8").splitlines()


def log_odds_of(version: Path, texts: list[str]) -> dict[str, list[float]]:
    """What the scorer says of the texts, and what the pipeline says that lies beside it."""
    from opscope.classifier import ScopeClassifier

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Version ")  # other libraries are what this is about
        pipeline = ScopeClassifier.from_version(version, trusted=True)
    scored = load_version(version).scorer.score(texts)
    return {"scorer": scored.label.tolist(), "pipeline": pipeline.decision_function(texts).tolist()}


def save(folder: Path, name: str) -> None:
    """Trains on few rows, with a few hundred word vectors, so that the version is small."""
    from opscope import retraining
    from opscope.compiling import compile_familiarity, compile_scorer
    from opscope.dataset import Dataset
    from opscope.labelled import read_dataset, read_non_activities
    from opscope.paths import shipped
    from opscope.registry import PIPELINE, SCORER, Version, sha256_of
    from opscope.scorer_file import save_scorer
    from opscope.training import fit_model

    rows = Dataset(read_dataset(shipped("data/activities.csv")).examples[1000 : 1000 + _ROWS])
    model = fit_model(
        rows, read_non_activities(shipped("data/non_activities.csv"))[:_NO_ACTIVITIES], vectors=_few_vectors(rows.texts), jobs=1
    )
    scorer, familiarity = compile_scorer(model, rows), compile_familiarity(model, rows)
    manifest = retraining._manifest(model, scorer, familiarity, rows, 0)
    version = folder / name
    version.mkdir(parents=True)
    save_scorer(scorer, familiarity, version / SCORER)
    bare = replace(model, forms=None, familiarity=None, functions={})  # from_version gives the label's classifier only
    (version / PIPELINE).write_bytes(retraining._as_bytes(bare))
    files = {part: sha256_of(version / part) for part in (PIPELINE, SCORER)}
    written = manifest.__dict__ | {"version": name, "author": "opscope", "files": files}
    (version / "manifest.json").write_text(json.dumps(written, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    answers = log_odds_of(Version(version, manifest, scorer, familiarity).folder, texts_of(folder))
    (version / ANSWERS).write_text(json.dumps(answers) + "\n", encoding="utf-8")


def _few_vectors(texts):
    """Vectors of the pieces that these texts hold, and of all that are two characters long, so that any word has some."""
    from opscope.text import tokens
    from opscope.vectors import PIECE_MARK, WordVectors, shipped_vectors

    every = shipped_vectors()
    held = {token for text in texts for token in tokens(text)}
    short = [row for row, word in enumerate(every.words) if len(word.removeprefix(PIECE_MARK)) == 1 and word.isascii()]
    rows = sorted({*short, *[row for row, word in enumerate(every.words) if word in held][: _PIECES - len(short)]})
    return WordVectors(tuple(every.words[row] for row in rows), every.table[rows].astype(np.float16).astype(np.float32))


def ask(folder: Path) -> list[dict]:
    """For each version in the folder, and for the one that opscope ships, the largest difference to the answers written first."""
    texts, found = texts_of(folder), []
    shipped_version = default_models() / version_names(default_models())[-1]
    for version, answers in [
        *((path.parent, path) for path in sorted(folder.glob(f"*/{ANSWERS}"))),
        (shipped_version, folder / ANSWERS),
    ]:
        told = log_odds_of(version, texts)
        if not answers.exists():
            answers.write_text(json.dumps(told) + "\n", encoding="utf-8")
        first = json.loads(answers.read_text(encoding="utf-8"))
        off = {part: float(np.abs(np.subtract(told[part], first[part])).max()) for part in told}
        libraries = {"python": platform.python_version()} | {name: library_version(name) for name in LIBRARIES}
        found.append({"version": version.name, "libraries": libraries} | off)
    return found


def main() -> None:
    """Makes an environment with the oldest libraries, and for each Python at hand one with the newest; all ask all."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / TEXTS).write_text((ROOT / "tests/cases/longevity" / TEXTS).read_text(encoding="utf-8"), encoding="utf-8")
        environments = [("oldest", 0), *(("newest", number) for number in range(len(PYTHONS)))]
        made = {f"{age}{number}": _environment(place / f"env-{age}{number}", age, PYTHONS[number]) for age, number in environments}
        pythons = {name: python for name, python in made.items() if python}
        assert {"oldest0", "newest0"} <= set(pythons), f"needs Python {PYTHONS[0]}; name others with OPSCOPE_PYTHONS"
        for name, python in pythons.items():
            _run(python, "save", place, name)
        worst = {"scorer": 0.0, "pipeline": 0.0}
        for name, python in pythons.items():
            for line in json.loads(_run(python, "ask", place)):
                sys.stdout.write(f"{name} asks {line.pop('version')}: {line}\n")
                worst = {part: max(worst[part], line[part]) for part in worst}
        sys.stdout.write(f"{len(pythons)} environments, each asked {len(pythons) + 1} versions; largest differences: {worst}\n")
        assert worst["scorer"] <= 1e-9 and worst["pipeline"] <= 1e-9


def _environment(folder: Path, age: str, python: str) -> Path | None:
    """The Python of an environment with opscope's oldest or newest libraries for training; None where there is no such Python."""
    if subprocess.run(["uv", "venv", "--quiet", "--python", python, folder], capture_output=True).returncode:
        sys.stdout.write(f"Python {python} is not at hand and left out\n")
        return None
    chosen = ["--resolution", "lowest-direct"] if age == "oldest" else ["--constraints", ROOT / "constraints.txt"]
    wanted = folder / "wanted.txt"
    compiled = [
        "uv",
        "pip",
        "compile",
        ROOT / "pyproject.toml",
        "--extra",
        "train",
        "--python",
        folder / "bin/python",
        "--quiet",
        *chosen,
    ]
    subprocess.run([*compiled, "--output-file", wanted], check=True, capture_output=True)
    interpreter = folder / "bin" / "python"
    subprocess.run(["uv", "pip", "install", "--quiet", "--python", interpreter, "-r", wanted], check=True, capture_output=True)
    return interpreter


def _run(python: Path, *arguments) -> str:
    command = [python, __file__, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env={"PYTHONPATH": str(ROOT / "src")})
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


if __name__ == "__main__":
    if sys.argv[1] == "ask":
        sys.stdout.write(json.dumps(ask(Path(sys.argv[2]))))
    elif sys.argv[1] == "save":
        save(Path(sys.argv[2]), sys.argv[3])
    else:
        main()
