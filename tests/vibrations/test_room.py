"""What verbs would take is predicted in Python too, before it is built."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.errors import MemoryBudgetError, MethodError
from nearsight.hessian.force_constants import force_constants
from nearsight.hessian.matrix import hessian
from nearsight.hessian.products.operator import HessianOperator
from nearsight.hessian.rows.plan import plan
from nearsight.structures.places import places_within
from nearsight.vibrations.band_structure import band_structure
from nearsight.vibrations.lowest import lowest_modes
from nearsight.vibrations.modes import require_room_for_modes, vibrations
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.probing import probe_heat_capacity


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function from which on 30 kB are free."""

    def arm() -> None:
        monkeypatch.setattr("nearsight.memory._ALWAYS_THERE", 0)
        monkeypatch.setattr("nearsight.memory.default_memory_budget", lambda _: 30_000)

    return arm


def test_every_verb_asks_first(
    pair_model: Callable[..., Any], little_memory: Callable[[], None]
) -> None:
    model, crystal = pair_model(), bulk("MgO", "rocksalt", a=4.2)
    constants = force_constants(crystal, model, (2, 2, 2))
    whole = hessian(crystal.repeat(2), model)
    operator = HessianOperator(crystal.repeat(3), model, "analytic")
    little_memory()
    for work, said in (
        (lambda: hessian(crystal.repeat(3), model), "162 rows of 54 atoms"),
        (lambda: force_constants(crystal, model, (9, 9, 9)), "supercell .* 729 lattice points"),
        (lambda: plan(crystal.repeat(3)), "The space group of 54 atoms"),
        (lambda: phonon_mesh(constants, (9, 9, 9)), "A mesh of 9 × 9 × 9 q-points"),
        (lambda: band_structure(constants), "points along the path of the bands"),
        (lambda: vibrations(whole), "Diagonalising the Hessian of 16 atoms"),
        (lambda: lowest_modes(operator, 5), "The vectors for 5 modes of 54 atoms"),
        (lambda: probe_heat_capacity(operator, 300.0, radius_A=3.0), "vectors of Lanczos steps"),
        (lambda: places_within(crystal, np.zeros(3), 30.0), "All atoms within 30 Å"),
    ):
        with pytest.raises(MemoryBudgetError, match=f"{said}.* would take .* GiB of memory"):
            work()


@pytest.mark.parametrize("n_points", [10**12, 10**400])
def test_numbers_of_any_size_are_told(n_points: int, pair_model: Callable[..., Any]) -> None:
    constants = force_constants(bulk("MgO", "rocksalt", a=4.2), pair_model(), (1, 1, 1))
    with pytest.raises(MemoryBudgetError, match="would take"):
        band_structure(constants, points_per_segment=n_points)
    with pytest.raises(MethodError, match="at least its two ends, not 1"):
        band_structure(constants, points_per_segment=1)
    with pytest.raises(MethodError, match="spglib can number"):
        phonon_mesh(constants, (n_points, 1, 1))
    with pytest.raises(MemoryBudgetError, match="Diagonalising"):
        require_room_for_modes(n_points)


MESH = """
import numpy as np
from nearsight.memory import PeakMemory
from nearsight.vibrations.qpoints import irreducible_mesh
irreducible_mesh((2, 2, 2), np.eye(3, dtype=np.int64)[np.newaxis])
with PeakMemory("cpu") as peak:
    irreducible_mesh((120, 120, 120), np.eye(3, dtype=np.int64)[np.newaxis])
print(peak.bytes)
"""

MODES = """
import sys
from nearsight.hessian.matrix import Hessian
from nearsight.memory import PeakMemory
from nearsight.vibrations.modes import vibrations
hessian = Hessian.load(sys.argv[1])
vibrations(Hessian.load(sys.argv[2]))  # libraries are loaded, and have the buffers that they keep
with PeakMemory("cpu") as peak:
    vibrations(hessian)
print(peak.bytes)
"""


def taken_bytes(code: str, *arguments: str) -> int:
    """Return what is measured in a process of its own, which has no freed memory to use again."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def test_predictions_are_what_is_taken(make_hessian: Callable[..., Any], tmp_path: Path) -> None:
    """Within a factor of 1.5: of a mesh, and of the modes of some hundred atoms."""
    assert 1 / 1.5 < taken_bytes(MESH) / (50 * 120**3) < 1.5

    hessians = []
    for n_cells in ((8, 8, 5), (2, 2, 2)):
        atoms = Atoms("Cu", cell=[2.5] * 3, pbc=True).repeat(n_cells)
        random = np.random.default_rng(0).normal(size=(3 * len(atoms), 3 * len(atoms)))
        hessians.append(str(tmp_path / f"{len(atoms)}.npz"))
        make_hessian(atoms, random @ random.T).save(hessians[-1])
    assert 1 / 1.5 < taken_bytes(MODES, *hessians) / (8 * 8 * 960**2) < 1.5
