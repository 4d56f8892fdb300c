"""What rows are predicted to take of the memory is what they take."""

from collections.abc import Callable

import numpy as np
from ase.build import bulk

from nearsight.hessian.rows.budget import Room
from nearsight.memory import METER
from nearsight.models.contract import Model


def peak_bytes(work: Callable[[], object]) -> int:
    """Return what it takes: the most of three, once libraries have the buffers that they keep.

    Memory is looked at in intervals, so that a peak may be missed and not be invented.
    """
    work()
    return max(METER.measure(work, "cpu").peak_memory_bytes for _ in range(3))


def test_an_analytic_row_takes_what_is_predicted(sevennet_0: Model) -> None:
    crystal = bulk("MgO", "rocksalt", a=4.25).repeat((3, 2, 2))
    force_call = peak_bytes(lambda: sevennet_0.evaluate([crystal]))
    of_row = sevennet_0.capabilities.row_over_force_memory
    room = Room(len(crystal), force_call, budget_bytes=2**40, row_over_force=of_row)
    row = peak_bytes(lambda: list(sevennet_0.rows(crystal, [(0, np.eye(3)[0])])))
    assert 1 / 1.2 < row / room.analytic_row_bytes < 1.2
