"""Training and promotion are killed at random points, and the registry is valid each time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from faults import tries

KILLS = [str(tries(12, 100)), str(tries(40, 150)), str(tries(48, 150))]  # trainings, their ends alone, promotions


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows has not")
def test_the_registry_is_valid_after_every_kill(tmp_path):
    script = Path(__file__).with_name("killed.py")
    arguments = [sys.executable, script, tmp_path, *KILLS, "7"]
    done = subprocess.run(arguments, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    killed, _, total = done.stdout.partition(" killed")[0].split()
    assert int(total) == sum(map(int, KILLS))
    assert int(killed) >= 0.7 * int(total)
