"""What a relaxed structure nearly is, and moving it there."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.fd import FiniteDifferenceCalculator

from nearsight.hessian.rows.plan import plan
from nearsight.models.contract import Capabilities
from nearsight.relaxation import Relaxation, RelaxationSettings, relax
from nearsight.relaxation.near_symmetry import near_symmetry
from nearsight.relaxation.refining import refined_onto_group
from nearsight.structures.symmetry import space_group, symmetrize


@pytest.fixture
def capabilities(pair_model: Callable[..., Any]) -> Capabilities:
    """Those of a model that keeps every operation."""
    stated: Capabilities = pair_model().capabilities
    return stated


def off(atoms: Atoms, distance_A: float, seed: int = 2) -> Atoms:
    """Return a crystal with every atom off its place by a random vector of one length."""
    moved = atoms.copy()
    vectors = np.random.default_rng(seed).normal(size=(len(atoms), 3))
    vectors -= vectors.mean(axis=0)
    moved.positions += distance_A * vectors / np.linalg.norm(vectors, axis=1).max()
    return moved


def test_diamond_that_is_hardly_one_is_named_with_what_it_saves(capabilities: Capabilities) -> None:
    diamond = bulk("C", "diamond", a=3.57, cubic=True)
    near = near_symmetry(off(diamond, 4e-4), capabilities)
    assert near is not None
    assert (near.symbol, near.number, near.tolerance_A) == ("Fd-3m", 227, 1e-3)
    assert (near.rows_needed, near.rows_now) == (1, 24)
    assert str(near) == "Fd-3m within 0.001 Å: 1 row instead of 24: `symmetrize_A` 0.001"
    # the promise is kept
    moved = symmetrize(off(diamond, 4e-4), near.tolerance_A)
    assert plan(moved.atoms, capabilities).rows_needed == 1
    assert near.max_displacement_A == pytest.approx(moved.max_displacement_A)


def test_nothing_is_said_where_nothing_is_saved(capabilities: Capabilities) -> None:
    diamond = bulk("C", "diamond", a=3.57, cubic=True)
    assert near_symmetry(diamond, capabilities) is None
    assert near_symmetry(off(diamond, 0.3), capabilities) is None
    assert near_symmetry(off(diamond, 4e-4), capabilities, 1e-3) is None
    assert near_symmetry(off(diamond, 4e-4), capabilities, None) is None
    assert near_symmetry(molecule("CH4"), capabilities) is None
    layer = bulk("C", "diamond", a=3.57, cubic=True)
    layer.pbc = [True, True, False]
    assert near_symmetry(layer, capabilities) is None
    many = off(bulk("C", "diamond", a=3.57, cubic=True).repeat((6, 5, 5)), 4e-4)  # 1,200 atoms
    assert near_symmetry(many, capabilities) is None


def test_distortions_that_are_not_small_are_left_alone(capabilities: Capabilities) -> None:
    """An atom off the centre by 0.1 Å is a polar crystal, not a noisy cubic one."""
    cube = Atoms("MgO", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=[2.6] * 3, pbc=True)
    cube.positions[1, 2] += 0.1
    assert near_symmetry(cube, capabilities) is None


def test_mirror_images_are_not_claimed_for_a_model_without_them(
    capabilities: Capabilities,
) -> None:
    diamond = off(bulk("C", "diamond", a=3.57, cubic=True), 4e-4)
    proper = near_symmetry(diamond, replace(capabilities, mirror_equivariant=False))
    assert proper is not None
    assert (proper.symbol, proper.number) == ("F4_132", 210)  # the rotations of Fd-3m
    assert proper.rows_needed >= 1
    translations = near_symmetry(diamond, replace(capabilities, equivariant=False))
    assert translations is not None
    assert translations.symbol == "P1"
    assert (translations.rows_needed, translations.rows_now) == (6, 24)


def test_rotations_and_order_change_nothing(capabilities: Capabilities, turn: np.ndarray) -> None:
    quartz = off(bulk("C", "diamond", a=3.57, cubic=True), 4e-4)
    expected = near_symmetry(quartz, capabilities)
    turned = quartz[::-1]
    turned.set_cell(quartz.cell.array @ turn, scale_atoms=True)
    found = near_symmetry(turned, capabilities)
    assert found is not None
    assert expected is not None
    assert (found.number, found.rows_needed) == (expected.number, expected.rows_needed)


def test_refining_uses_what_the_model_keeps(capabilities: Capabilities) -> None:
    diamond = off(bulk("C", "diamond", a=3.57, cubic=True), 4e-4)
    whole = refined_onto_group(diamond, 1e-3, capabilities)
    proper = refined_onto_group(diamond, 1e-3, replace(capabilities, mirror_equivariant=False))
    moved = refined_onto_group(diamond, 1e-3, replace(capabilities, equivariant=False))
    assert whole is not None
    assert proper is not None
    assert moved is not None
    assert whole.after.number == 227
    assert moved.after.n_operations >= 4
    for each in (whole, proper, moved):
        assert each.max_displacement_A < 1e-3
    assert refined_onto_group(whole.atoms, 1e-3, capabilities) is None
    assert refined_onto_group(off(diamond, 0.3), 1e-3, capabilities) is None


@pytest.fixture
def loose() -> Atoms:
    """Rock salt whose atoms are off by more than the tolerance, and by less once relaxed."""
    solid = bulk("MgO", "rocksalt", a=3.7, cubic=True)
    return off(solid, 0.05)


def test_what_was_relaxed_is_refined(loose: Atoms, pair_model: Callable[..., Any]) -> None:
    settings = RelaxationSettings(symmetrize_A=0.01, fmax_eV_per_A=0.02)
    plain = relax(loose, pair_model(), replace(settings, symmetrize_A=None))
    assert plain.refined is None
    assert plain.near_symmetry is not None
    assert plain.near_symmetry.rows_needed == 2
    found = relax(loose, pair_model(), settings)
    assert found.symmetry is not None
    assert found.symmetry.number_imposed == 1
    assert found.refined is not None
    assert (found.refined.symbol_before, found.refined.symbol_after) == ("P1", "Fm-3m")
    assert found.refined.number_after == space_group(found.atoms).number == 225
    assert found.near_symmetry is None
    assert found.converged
    assert found.warnings == ()
    assert 0 < found.refined.max_displacement_A < 0.01
    # by energies of both: what it says it did
    [before, after] = pair_model().evaluate([plain.atoms, found.atoms])
    assert found.energy_after_eV == pytest.approx(after.energy_eV, abs=1e-9)
    change = (after.energy_eV - before.energy_eV) / len(loose)
    assert found.refined.energy_change_eV_per_atom == pytest.approx(change, abs=1e-9)
    assert found.fmax_eV_per_A < 1e-9  # every atom is on a place without a force


def test_refining_is_the_same_after_resuming(
    loose: Atoms, pair_model: Callable[..., Any], tmp_path: Any
) -> None:
    settings = RelaxationSettings(symmetrize_A=0.01, fmax_eV_per_A=0.02)
    path = tmp_path / "relaxation"
    stopped = relax(loose, pair_model(), replace(settings, max_steps=2), checkpoint=path)
    assert stopped.refined is None  # what is on its way is not moved
    found = relax(loose, pair_model(), settings, checkpoint=path)
    again = relax(loose, pair_model(), settings, checkpoint=path)
    assert found.refined == again.refined
    assert found.refined is not None
    found.save(tmp_path / "r.npz")
    loaded = Relaxation.load(tmp_path / "r.npz")
    assert loaded.refined == found.refined


def test_near_symmetry_survives_a_file(
    loose: Atoms, pair_model: Callable[..., Any], tmp_path: Any
) -> None:
    found = relax(loose, pair_model(), RelaxationSettings(fmax_eV_per_A=0.02))
    found.save(tmp_path / "r.npz")
    assert Relaxation.load(tmp_path / "r.npz").near_symmetry == found.near_symmetry


class OffCentre(Calculator):  # type: ignore[misc]
    """Two atoms, one of which is lowest at 0.1 Å from the centre of a cube around the other.

    The further off it is, the larger the cube wants to be.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy"]

    def __init__(self, swelling_A2: float) -> None:
        super().__init__()
        self.swelling_A2 = swelling_A2

    def calculate(
        self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        scaled = self.atoms.cell.scaled_positions(self.atoms.positions)
        away_A = np.linalg.norm((scaled[1] - scaled[0] - 0.5) @ self.atoms.cell.array)
        swollen_A3 = self.atoms.cell.volume - 27.0 - self.swelling_A2 * away_A
        energy_eV = float(50 * (away_A**2 - 0.1**2) ** 2 + 0.1 * swollen_A3**2)
        self.results = {"energy": energy_eV, "free_energy": energy_eV}


def off_centre(atoms_off_A: float) -> Atoms:
    cube = Atoms("MgO", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=[3] * 3, pbc=True)
    cube.positions[1, 2] += atoms_off_A
    return cube


def test_refining_that_undoes_the_relaxation_is_said(make_model: Callable[..., Any]) -> None:
    """A tolerance so wide that the minimum itself is within it of what it is not."""
    model = make_model(FiniteDifferenceCalculator(OffCentre(0.0)))
    settings = RelaxationSettings(symmetrize_A=0.25, fmax_eV_per_A=1e-3, cell="fixed")
    found = relax(off_centre(0.3), model, settings)
    assert found.symmetry is not None
    assert found.symmetry.number_imposed == 99  # P4mm: out of the reach of the tolerance
    assert found.refined is not None
    assert found.refined.number_after == 221
    barrier_eV_per_atom = 50 * 0.1**4 / 2
    assert found.refined.energy_change_eV_per_atom == pytest.approx(barrier_eV_per_atom, rel=1e-3)
    assert found.converged  # on top of the barrier nothing pulls
    [warning] = found.warnings
    assert "onto Pm-3m raised its energy by 2.5 meV/atom" in warning


def test_what_is_no_longer_at_rest_is_said(make_model: Callable[..., Any]) -> None:
    model = make_model(FiniteDifferenceCalculator(OffCentre(20.0)))
    settings = RelaxationSettings(symmetrize_A=0.25, fmax_eV_per_A=1e-3, cell="isotropic")
    found = relax(off_centre(0.3), model, settings)
    assert found.refined is not None
    assert not found.converged
    assert "No longer at rest on Pm-3m" in found.warnings[0]
    assert "above 0.001" in found.warnings[0]
    assert found.near_symmetry is None
