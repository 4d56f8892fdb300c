"""A moment of each kind of the study of interruptions."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

STUDY = Path(__file__).parents[2] / "studies" / "interruptions.py"


@pytest.mark.slow
def test_interrupted_work_ends_as_the_unbroken_does(tmp_path: Path) -> None:
    """Slow: every kind of work is killed and taken up in processes of its own."""
    # A process of its own: it is forked.
    subprocess.run(
        [sys.executable, STUDY, "--moments", "1", "--network", "0", "--results", tmp_path],
        check=True,
        capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    text = (tmp_path / "interruptions.md").read_text(encoding="utf-8")
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]
    works = [f"{row['work']}, {row['signal']}" for row in rows]
    assert works == [
        f"{work}, {name}"
        for work in ("relaxation", "rows", "probing")
        for name in ("SIGKILL", "SIGTERM", "Ctrl-C")
    ]
    for row in rows:
        assert row["moments"] == "1"
        assert (row["litter"], row["ended without a word"]) == ("none", "0")
        assert row["anything else wrong"] == "0"
        if row["work"] == "relaxation":  # by another path, within the threshold of the forces
            assert float(row["largest deviation of c_v"]) < 1e-4
        else:
            assert row["equal to the last bit"] == "1 of 1"
