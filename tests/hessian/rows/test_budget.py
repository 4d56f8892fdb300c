"""What rows are predicted to take of the memory is what they take."""

import subprocess
import sys

import pytest

from nearsight.hessian.rows.budget import Room
from nearsight.models.contract import Model

PEAKS = """
import sys
import numpy as np
from ase.build import bulk
from nearsight.memory import PeakMemory
from nearsight.models import load_model
model = load_model(sys.argv[1], device="cpu")
crystal = bulk("MgO", "rocksalt", a=4.25).repeat((3, 2, 2))

def rows():
    return list(model.rows(crystal, [(0, np.eye(3)[0])]))

rows()  # libraries have the buffers that they keep
for work in (lambda: model.evaluate([crystal]), rows):
    peaks = []
    for _ in range(3):  # memory is looked at in intervals: a peak may be missed, not invented
        with PeakMemory("cpu") as peak:
            work()
        peaks.append(peak.bytes)
    print(max(peaks))
"""


@pytest.mark.slow
def test_an_analytic_row_takes_what_is_predicted(sevennet_0: Model) -> None:
    """In a process of its own, which has no freed memory to use again."""
    command = [sys.executable, "-W", "ignore", "-c", PEAKS, "sevennet-0"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    force_call, row = map(int, done.stdout.split())
    of_row = sevennet_0.capabilities.row_over_force_memory
    room = Room(24, force_call, budget_bytes=2**40, row_over_force=of_row)
    assert 1 / 1.2 < row / room.analytic_row_bytes < 1.2
