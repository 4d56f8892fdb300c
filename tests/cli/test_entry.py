"""The program from its first line to its last, interrupted while it is still importing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

INTERRUPTING = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["AT_IMPORT_OF"]:
            os.kill(os.getpid(), getattr(signal, os.environ["SIGNAL"]))

sys.meta_path.insert(0, Interrupting())
sys.argv = ["nearsight", "-q", "heat-capacity", "copper.cif", "--model", "ase:emt"]
from nearsight.cli.entry import enter
enter()
"""


@pytest.mark.parametrize(
    "name", ["nearsight.cli.main", "argparse", "nearsight.cli.heat_capacity", "numpy", "gemmi"]
)
@pytest.mark.parametrize(("sign", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.usefixtures("signals_are_heard")
def test_signal_during_an_import_leaves_no_traceback(
    folder: Path, name: str, sign: str, status: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTING],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "AT_IMPORT_OF": name, "SIGNAL": sign},
    )
    how = "interrupted" if sign == "SIGINT" else "ended by SIGTERM"
    assert done.stderr.strip() == f"nearsight: {how}; there was nothing to keep."
    assert done.returncode == status
    assert not (folder / ".nearsight").exists()


def test_program_and_module_are_the_same() -> None:
    for start in (
        ["-m", "nearsight.cli"],
        ["-m", "nearsight"],
        ["-c", "from nearsight.cli.entry import enter; enter()"],
    ):
        done = subprocess.run(
            [sys.executable, *start, "--version"], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith("nearsight ")
