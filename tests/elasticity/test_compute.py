"""Elastic tensors against what is known, under what must not change them, and by other routes."""

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from nearsight.elasticity import elastic_tensor, rotate_tensor
from nearsight.elasticity.result import ELASTIC_CONSTANTS, STRESS_CORRECTED
from nearsight.hessian import GeneralisedHessian, generalised_hessian
from nearsight.models import AseModel
from nearsight.models.contract import Model
from nearsight.models.engines.torch_model import TorchModel
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.structures import make_supercell
from nearsight.structures.strain import strained
from nearsight.units import EV_PER_A3_IN_GPA

Derivatives = Callable[..., GeneralisedHessian]


def cubic(c11: float, c12: float, c44: float) -> np.ndarray:
    tensor = np.diag([c11 - c12] * 3 + [c44] * 3)
    tensor[:3, :3] += c12
    return tensor


def test_springs_between_neighbours_of_a_face_centred_cubic_crystal(
    springs: Callable[[float], TorchModel],
) -> None:
    # For springs k between neighbours at rest: C11 = 2k/a and C12 = C44 = k/a.
    a = 3.0 * np.sqrt(2)
    crystal = bulk("Mg", "fcc", a=a)
    found = elastic_tensor(generalised_hessian(crystal, springs(3.0), progress=False))
    k_over_a = EV_PER_A3_IN_GPA * 3.0 / a
    wanted = cubic(2 * k_over_a, k_over_a, k_over_a)
    assert found.relaxed_ion_GPa == pytest.approx(wanted, abs=1e-9 * k_over_a)
    assert found.name == ELASTIC_CONSTANTS
    assert found.lowest_mode_per_cm is None


def test_central_forces_obey_cauchy_relations(fcc: Atoms, derivatives: Derivatives) -> None:
    found = elastic_tensor(derivatives(fcc))
    c = found.relaxed_ion_GPa
    assert c == pytest.approx(cubic(c[0, 0], c[0, 1], c[0, 1]), abs=1e-6)
    assert c[0, 0] > c[0, 1] > 0
    assert np.array_equal(c, found.clamped_ion_GPa)
    assert found.warnings == ()
    assert found.is_stable


def test_turning_the_crystal_turns_the_tensor(
    alloy: Atoms, derivatives: Derivatives, turn: np.ndarray
) -> None:
    turned = Atoms(
        alloy.numbers, positions=alloy.positions @ turn, cell=alloy.cell.array @ turn, pbc=True
    )
    before, after = (elastic_tensor(derivatives(each)) for each in (alloy, turned))
    for name in ("relaxed_ion_GPa", "clamped_ion_GPa"):
        wanted = rotate_tensor(getattr(before, name), turn.T)
        assert getattr(after, name) == pytest.approx(wanted, abs=1e-6)
    assert np.abs(after.relaxed_ion_GPa - before.relaxed_ion_GPa).max() > 1


def test_neither_a_shift_nor_another_cell_matters(alloy: Atoms, derivatives: Derivatives) -> None:
    before = elastic_tensor(derivatives(alloy))
    shifted = alloy.copy()
    shifted.positions += [1.3, -0.4, 7.0]
    shifted.wrap()
    for same in (shifted, make_supercell(alloy, [1, 2, 2])):
        found = elastic_tensor(derivatives(same))
        assert found.relaxed_ion_GPa == pytest.approx(before.relaxed_ion_GPa, abs=1e-5)
        assert found.clamped_ion_GPa == pytest.approx(before.clamped_ion_GPa, abs=1e-5)


def test_strained_crystals_with_relaxed_atoms_have_these_stresses(
    alloy: Atoms,
    derivatives: Derivatives,
    stiffness_from_stresses: Callable[[Atoms], np.ndarray],
) -> None:
    found = elastic_tensor(derivatives(alloy))
    scale = np.abs(found.relaxed_ion_GPa).max()
    assert stiffness_from_stresses(alloy) == pytest.approx(found.relaxed_ion_GPa, abs=1e-5 * scale)
    assert np.abs(found.clamped_ion_GPa - found.relaxed_ion_GPa).max() > 0.05 * scale


def test_bulk_modulus_is_the_curvature_of_the_energy_over_the_volume(
    pair: TorchModel, relaxed: Callable[..., Atoms]
) -> None:
    # Cubic, so that a change of volume is a stretch in all directions.
    crystal = relaxed(bulk("MgO", "rocksalt", a=4.25))
    found = elastic_tensor(generalised_hessian(crystal, pair, progress=False))
    stretches = np.linspace(-2e-3, 2e-3, 5)
    crystals = [relaxed(strained(crystal, each * np.eye(3)), cell=False) for each in stretches]
    energies = [each.energy_eV for each in pair.evaluate(crystals)]
    volumes = (1 + stretches) ** 3 - 1
    curvature = np.polynomial.Polynomial.fit(volumes, energies, 4).deriv(2)(0.0)
    wanted = EV_PER_A3_IN_GPA * curvature / crystal.cell.volume
    assert found.moduli.bulk_GPa.voigt == pytest.approx(wanted, rel=1e-5)
    assert found.moduli.bulk_GPa.reuss == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(
    "strain",
    [np.diag([-0.01, -0.01, -0.01]), [[0.01, 0.004, 0], [0.004, -0.012, 0.006], [0, 0.006, 0.003]]],
    ids=["pressure", "any stress"],
)
def test_under_stress_the_coefficients_are_those_of_the_stress_and_say_so(
    strain: np.ndarray,
    alloy: Atoms,
    relaxed: Callable[..., Atoms],
    derivatives: Derivatives,
    stiffness_from_stresses: Callable[[Atoms], np.ndarray],
) -> None:
    crystal = relaxed(strained(alloy, strain), cell=False)
    found = elastic_tensor(derivatives(crystal))
    assert found.name == STRESS_CORRECTED
    assert np.abs(found.stress_GPa).max() > 1
    (warning,) = found.warnings
    assert "not elastic constants" in warning
    assert "Relax the cell" in warning
    scale = np.abs(found.relaxed_ion_GPa).max()
    assert stiffness_from_stresses(crystal) == pytest.approx(
        found.relaxed_ion_GPa, abs=1e-5 * scale
    )


def test_differences_of_a_calculator_agree_with_its_stresses() -> None:
    model = AseModel(EMT(), dtype="float64")
    copper = relax(
        bulk("Cu", "fcc", a=3.6), model, RelaxationSettings(fmax_eV_per_A=1e-6), progress=False
    ).atoms
    c = elastic_tensor(generalised_hessian(copper, model, progress=False)).relaxed_ion_GPa
    assert c == pytest.approx(cubic(c[0, 0], c[0, 1], c[3, 3]), abs=1e-3)
    [ahead, behind] = model.evaluate(
        [strained(copper, np.diag([size, 0, 0])) for size in (1e-4, -1e-4)], stress=True
    )
    column = (ahead.stress_eV_per_A3 - behind.stress_eV_per_A3) / 2e-4 * EV_PER_A3_IN_GPA
    assert c[:, 0] == pytest.approx(column, abs=1e-3)


def test_atoms_that_are_not_at_rest_are_said(alloy: Atoms, derivatives: Derivatives) -> None:
    moved = alloy.copy()
    moved.positions[0] += [0.02, 0, 0]
    found = elastic_tensor(derivatives(moved))
    assert found.fmax_eV_per_A > 0.01
    assert any("not at rest" in warning for warning in found.warnings)


def test_network_agrees_with_its_stresses(network: Model, mgo: Atoms) -> None:
    crystal = relax(mgo, network, RelaxationSettings(fmax_eV_per_A=1e-5), progress=False).atoms
    found = elastic_tensor(generalised_hessian(crystal, network, progress=False))
    [ahead, behind] = network.evaluate(
        [strained(crystal, np.diag([size, 0, 0])) for size in (1e-4, -1e-4)], stress=True
    )
    column = (ahead.stress_eV_per_A3 - behind.stress_eV_per_A3) / 2e-4 * EV_PER_A3_IN_GPA
    # No atom moves when rocksalt is stretched along an axis.
    scale = np.abs(column).max()
    assert found.relaxed_ion_GPa[:, 0] == pytest.approx(column, abs=1e-4 * scale)
