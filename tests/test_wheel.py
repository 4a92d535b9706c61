"""The wheel works outside a checkout, with the shipped model."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_predicts_explains_and_evaluates_elsewhere(tmp_path):
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    built = subprocess.run(build, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    place = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(place)
    code = (
        f"import sys; sys.path.insert(0, {str(place)!r}); import opscope; from opscope.cli import main;"
        f"assert opscope.__file__.startswith({str(place)!r});"
        "from opscope.commands.app import shipped_options; assert shipped_options()['client.toolbarMode'] == 'minimal';"
        "print(opscope.predict('Renegotiate the resin contract with both suppliers').label);"
        "sys.exit(main(['explain', 'Replace the worn bearing on the filler drive']))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("operations\nproduction-scoped (")
