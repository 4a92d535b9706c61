"""Rules of the project that a reader could break without noticing."""

import re
import subprocess
import sys
from pathlib import Path

import opscope

ROOT = Path(__file__).parents[1]


def test_public_names_are_pinned():
    assert sorted(opscope.__all__) == [
        "Contribution", "DataError", "Explanation", "GuideError", "InputError", "Model", "ModelError", "OpscopeError",
        "Prediction", "ReviewError", "ScopeClassifier", "VersionWarning", "explain", "load", "predict", "predict_table",
    ]  # fmt: skip
    assert all(hasattr(opscope, name) for name in opscope.__all__)


def test_predicting_loads_no_training_library():
    code = (
        "import sys, opscope; opscope.predict('grease the chain'); opscope.explain('grease the chain');"
        "print(*sorted({'sklearn', 'scipy', 'joblib', 'pandas', 'polars', 'pyarrow', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_the_readmes_example_runs_and_prints_what_it_says():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", readme, flags=re.S)
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", cwd=ROOT)
    assert printed.returncode == 0, printed.stderr
    expected = re.findall(r"#> (.*)", code)
    assert printed.stdout.splitlines() == expected


def test_the_lock_names_no_index():
    lock = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in lock and "index" not in lock
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\w)", lock) if "==" in block)


def test_modules_stay_small():
    long = {
        path.name: n for path in (ROOT / "src").rglob("*.py") if (n := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert not long


LOWEST_FIRST = (
    "errors visible disk markdown paths version_files policies settings roles packing guide manifest text languages topics "
    "clauses wording vectors duplicates agreement streams formats tables paste dataset verdicts guide_search settling labelled "
    "verdict_tables reviews_place reviews_tables reviews_postgresql reviews_engine reviews review_queue review_status intake "
    "tokenising bulk scorer strongest familiarity scorer_file similar flip calibration reliability registry aliases card_file "
    "features classifier heads training learning thresholds audit fixes findings compiling prediction confusion results frames "
    "tagging explanation model reviewing desk tagged_list about exporting dask budgets lists evaluation compare card display "
    "markup evidence_style evidence retraining jobs __init__ commands cli __main__"
).split()


def test_modules_import_only_from_lower_ones():
    for position, name in enumerate(LOWEST_FIRST):
        files = [ROOT / "src/opscope" / f"{name}.py", *(ROOT / "src/opscope" / name).glob("*.py")]
        code = "".join(path.read_text(encoding="utf-8") for path in files if path.exists())
        imported = set(re.findall(r"^from opscope\.(\w+)[.\w]* import", code, flags=re.M)) - {"__init__", name}
        assert imported <= set(LOWEST_FIRST[:position]), name
    modules = {path.stem for path in (ROOT / "src/opscope").glob("*.py")} | {"formats", "commands"}
    assert modules == set(LOWEST_FIRST)
