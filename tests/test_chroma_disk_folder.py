from __future__ import annotations

import json
import stat
import subprocess
import sys

import pytest
from conftest import ROOT
from crash_rounds import HashEmbedder

from index import ArticleIndex, IndexInUseError

PROGRAM = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from crash_rounds import HashEmbedder
from index import ArticleIndex
with ArticleIndex.open(sys.argv[3], HashEmbedder()):
    print("open", flush=True)
    sys.stdin.read()
"""
PASSWORD = "s3cret"  # noqa: S105  # It must appear nowhere.
OLD_HOLDER = {"pid": 1, "host": "mill", "command": f"ui.py --auth ines:{PASSWORD}"}


@pytest.mark.parametrize("is_after_crash", [False, True])
def test_the_holder_file_is_private_and_has_no_arguments(tmp_path, is_after_crash):
    """Only the user may read it, and neither it nor an error contains the password of a command line."""
    folder, program = tmp_path / "index", tmp_path / "desk.py"
    program.write_text(PROGRAM)
    holder = folder / ".holder.json"
    if is_after_crash:
        folder.mkdir()
        holder.write_text(json.dumps(OLD_HOLDER))
        holder.chmod(0o644)
    command = [sys.executable, program, ROOT, ROOT / "tests", folder, "--auth", f"ines:{PASSWORD}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"open\n"
        assert stat.S_IMODE(holder.stat().st_mode) == 0o600
        assert PASSWORD not in holder.read_text()
        with pytest.raises(
            IndexInUseError, match=rf"open in process {running.pid} \(desk\.py\)"
        ) as caught:
            ArticleIndex.open(folder, HashEmbedder())
        assert PASSWORD not in str(caught.value)
    assert running.returncode == 0
    assert not holder.exists()


def test_the_command_line_in_an_old_holder_file_is_not_shown(tmp_path):
    """An error does not repeat the arguments that an older version of the program wrote down."""
    with ArticleIndex.open(tmp_path / "index", HashEmbedder()):
        (tmp_path / "index" / ".holder.json").write_text(json.dumps(OLD_HOLDER))
        with pytest.raises(IndexInUseError, match="open in another process") as caught:
            ArticleIndex.open(tmp_path / "index", HashEmbedder())
    assert PASSWORD not in str(caught.value)
