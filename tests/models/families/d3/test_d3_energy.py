"""The D3(BJ) energy and its first derivatives: by hand, against torch-dftd, under motions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.io import read
from scipy.spatial.transform import Rotation

pytest.importorskip("torch_dftd", reason="the parameters of D3 are in torch-dftd")

import torch
from torch_dftd.torch_dftd3_calculator import TorchDFTD3Calculator

from nearsight.errors import ModelError
from nearsight.models.families.d3.load import D3Model
from nearsight.models.families.d3.parameters import (
    COUNTING_CUTOFF_A,
    ENERGY_CUTOFF_A,
    read_damping,
    read_reference,
)

STRUCTURES = Path(__file__).parents[4] / "examples" / "structures"


def crystal() -> Atoms:
    return read(STRUCTURES / "quartz.cif")


def triclinic() -> Atoms:
    atoms = bulk("NaCl", "rocksalt", a=5.6)
    atoms.set_cell(atoms.cell @ np.array([[1.1, 0.2, 0.1], [0, 1, -0.3], [0, 0, 0.9]]), True)
    return atoms


def slab() -> Atoms:
    return fcc111("Pt", (2, 1, 2), vacuum=6.0)


def wire() -> Atoms:
    positions = [(0, 0, 0), (0, 1, 0), (1.3, 0.4, 0), (1.3, 1.4, 0)]
    return Atoms("CHCH", positions, cell=[2.5, 9, 9], pbc=(True, False, False))


def benzene() -> Atoms:
    return molecule("C6H6")


def displaced(atoms: Atoms) -> Atoms:
    atoms.rattle(0.05, seed=3)
    return atoms


@pytest.fixture(scope="module")
def d3() -> D3Model:
    return D3Model(read_damping("pbe"))


# torch-dftd 0.5 makes a tensor of ASE's cell object
@pytest.mark.filterwarnings("ignore:Creating a tensor from a list:UserWarning")
@pytest.mark.parametrize(
    ("structure", "functional"),
    [
        (crystal, "pbe"),
        (triclinic, "pbe"),
        (triclinic, "b2-plyp"),
        (slab, "pbe"),
        (wire, "pbe"),
        (benzene, "revpbe"),
    ],
)
def test_it_is_what_torch_dftd_gives(structure: Callable[[], Atoms], functional: str) -> None:
    atoms = displaced(structure())
    periodic = bool(atoms.pbc.all())
    ours = D3Model(read_damping(functional)).evaluate([atoms], stress=periodic)[0]
    atoms.calc = TorchDFTD3Calculator(damping="bj", xc=functional, dtype=torch.float64)
    assert ours.energy_eV == pytest.approx(atoms.get_potential_energy(), rel=1e-12)
    np.testing.assert_allclose(ours.forces_eV_per_A, atoms.get_forces(), rtol=0, atol=1e-13)
    if periodic:
        np.testing.assert_allclose(ours.stress_eV_per_A3, atoms.get_stress(), rtol=0, atol=1e-15)


def test_two_argon_atoms_by_hand(d3: D3Model) -> None:
    r = 4.0
    damping, reference = read_damping("pbe"), read_reference()
    # So far apart the coordination numbers are zero to 2e-5, where the first reference pair is.
    c6 = reference.c6_eV_A6[18, 18, 0]
    assert reference.first_numbers[18, 18, 0] == reference.second_numbers[18, 18, 0] == 0.0
    c8 = 3 * c6 * reference.moment_ratios_A[18] ** 2
    f = damping.a1 * np.sqrt(c8 / c6) + damping.a2_A
    expected = -damping.s6 * c6 / (r**6 + f**6) - damping.s8 * c8 / (r**8 + f**8)
    found = d3.evaluate([Atoms("Ar2", [(0, 0, 0), (0, 0, r)])])[0]
    assert found.energy_eV == pytest.approx(expected, rel=1e-9)
    slope = 6 * damping.s6 * c6 * r**5 / (r**6 + f**6) ** 2
    slope += 8 * damping.s8 * c8 * r**7 / (r**8 + f**8) ** 2
    assert found.forces_eV_per_A[0, 2] == pytest.approx(slope, rel=1e-9)
    # C6 of argon from dipole polarisabilities: 64.6 au (Grimme et al. 2010, table II)
    assert c6 / (27.211386 * 0.529177**6) == pytest.approx(64.65, abs=0.01)


def test_a_pair_ends_at_95_bohr_with_a_jump_of_its_energy(d3: D3Model) -> None:
    near, far = (
        d3.evaluate([Atoms("Ar2", [(0, 0, 0), (0, 0, ENERGY_CUTOFF_A + side)])])[0].energy_eV
        for side in (-1e-6, 1e-6)
    )
    assert far == 0.0
    expected = -read_reference().c6_eV_A6[18, 18, 0] / ENERGY_CUTOFF_A**6
    assert near == pytest.approx(expected, rel=0.05)
    assert abs(near) < 1e-8


def test_neighbours_count_up_to_40_bohr(d3: D3Model) -> None:
    """A third atom beyond 40 bohr leaves the C6 of two others alone, and within it does not."""
    pair = Atoms("C2", [(0, 0, 0), (0, 0, 2.0)])
    alone = d3.evaluate([pair])[0].energy_eV

    def of_pair(x: float) -> float:
        """Return the energy with a hydrogen atom at x, less that of its own two pairs."""
        both = d3.evaluate([pair + Atoms("H", [(x, 0, 0)])])[0].atomic_energies_eV
        assert both is not None
        return float(both.sum() - 2 * both[2])

    assert of_pair(COUNTING_CUTOFF_A + 1e-3) == pytest.approx(alone, abs=1e-16)
    assert abs(of_pair(COUNTING_CUTOFF_A - 0.3) - alone) > 1e-13


def test_atomic_energies_are_halves_of_pairs(d3: D3Model) -> None:
    evaluation = d3.evaluate([displaced(crystal())])[0]
    atomic = evaluation.atomic_energies_eV
    assert atomic is not None
    assert atomic.sum() == pytest.approx(evaluation.energy_eV, rel=1e-15)
    argon = d3.evaluate([Atoms("Ar2", [(0, 0, 0), (0, 0, 3.8)])])[0]
    np.testing.assert_allclose(argon.atomic_energies_eV, argon.energy_eV / 2, rtol=1e-14)


def test_a_supercell_has_the_energies_of_its_cells(d3: D3Model) -> None:
    once, several = d3.evaluate(
        [displaced(crystal()), displaced(crystal()) * (2, 1, 2)], stress=True
    )
    assert several.energy_eV == pytest.approx(4 * once.energy_eV, rel=1e-13)
    np.testing.assert_allclose(
        several.forces_eV_per_A, np.tile(once.forces_eV_per_A, (4, 1)), rtol=0, atol=1e-14
    )
    np.testing.assert_allclose(several.stress_eV_per_A3, once.stress_eV_per_A3, rtol=1e-9)


def test_atoms_may_lie_in_any_cell_and_order(d3: D3Model) -> None:
    atoms = displaced(crystal())
    moved = atoms.copy()
    moved.positions += np.array([[3, -2, 7], [0, 5, -1], [1, 0, 0]] * 3) @ atoms.cell.array
    order = np.random.default_rng(2).permutation(len(atoms))
    first, second = d3.evaluate([atoms, moved[order]])
    assert second.energy_eV == pytest.approx(first.energy_eV, rel=1e-13)
    np.testing.assert_allclose(
        second.forces_eV_per_A, first.forces_eV_per_A[order], rtol=0, atol=1e-13
    )


def test_forces_turn_with_the_structure(d3: D3Model) -> None:
    atoms = displaced(slab())
    turn = Rotation.random(rng=np.random.default_rng(8)).as_matrix()
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ turn.T)
    turned.positions = atoms.positions @ turn.T
    first, second = d3.evaluate([atoms, turned])
    np.testing.assert_allclose(
        second.forces_eV_per_A, first.forces_eV_per_A @ turn.T, rtol=0, atol=1e-14
    )


def test_a_periodic_direction_that_no_image_reaches_changes_nothing(d3: D3Model) -> None:
    free = displaced(benzene())
    boxed = free.copy()
    boxed.set_cell([80.0, 85.0, 90.0])
    boxed.pbc = True
    first, second = d3.evaluate([free, boxed])
    assert second.energy_eV == pytest.approx(first.energy_eV, rel=1e-14)


def test_a_direction_that_is_not_periodic_needs_no_cell_vector(d3: D3Model) -> None:
    boxed = displaced(wire())
    free = boxed.copy()
    free.set_cell([2.5, 0, 0])
    first, second = d3.evaluate([boxed, free])
    assert second.energy_eV == pytest.approx(first.energy_eV, rel=1e-14)


def test_one_atom_has_no_energy_and_no_structures_no_answers(d3: D3Model) -> None:
    evaluation = d3.evaluate([Atoms("Ar")])[0]
    assert evaluation.energy_eV == 0.0
    assert not evaluation.forces_eV_per_A.any()
    assert d3.evaluate([]) == []


def test_what_it_cannot_calculate_it_says(d3: D3Model) -> None:
    with pytest.raises(ModelError, match="not periodic in three directions"):
        d3.evaluate([slab()], stress=True)
    with pytest.raises(ModelError, match=r"d3:pbe .* Am; choose a model"):
        d3.evaluate([Atoms("CAm", [(0, 0, 0), (0, 0, 2.0)])])


def test_single_precision_is_double_precision_rounded(d3: D3Model) -> None:
    atoms = displaced(crystal())
    double = d3.evaluate([atoms], stress=True)[0]
    single = D3Model(read_damping("pbe"), "float32").evaluate([atoms], stress=True)[0]
    for ours, theirs in (
        (single.forces_eV_per_A, double.forces_eV_per_A),
        (single.stress_eV_per_A3, double.stress_eV_per_A3),
        (single.atomic_energies_eV, double.atomic_energies_eV),
    ):
        np.testing.assert_array_equal(ours, np.float32(theirs))


@pytest.mark.parametrize("build", [crystal, triclinic, slab, wire, benzene])
def test_energies_alone_are_those_beside_forces(d3: D3Model, build: Callable[[], Atoms]) -> None:
    atoms = displaced(build())
    [alone], [beside] = d3.evaluate([atoms], forces=False), d3.evaluate([atoms])
    assert alone.forces_eV_per_A is None
    assert alone.energy_eV == beside.energy_eV
    np.testing.assert_array_equal(alone.atomic_energies_eV, beside.atomic_energies_eV)
