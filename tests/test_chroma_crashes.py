from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.visiting import ROOT


@pytest.mark.slow
def test_no_kill_loses_or_doubles_an_article():
    """Twenty rounds of `kill -9` in the midst of changes leave each article old or new; the counts are printed."""
    command = [sys.executable, "tests/crash_rounds.py", "--rounds", "20"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    print(done.stdout, done.stderr)  # noqa: T201  # With its seed, a failure can be run again.
    counts = json.loads(done.stdout)
    assert (counts["rounds"], counts["wrong"]) == (20, 0)
    assert counts["killed in a change"] > 10
