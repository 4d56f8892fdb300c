"""The verbs over a PyTorch energy: sums, batches, stress, and what they refuse."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress

from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.engines.torch_model import TorchModel


def test_pair_of_atoms_has_the_energy_of_the_formula(pair_model: Callable[..., Any]) -> None:
    distance = 1.3
    [evaluation] = pair_model().evaluate([Atoms("CO", positions=[(0, 0, 0), (0, 0, distance)])])
    decay = np.exp(-1.5 * (distance - 0.76 - 0.66))
    switch = np.exp(1 - 1 / (1 - (distance / 4.0) ** 2))
    energy = (0.4 + 0.02 * 14) * (decay**2 - 2 * decay) * switch
    assert evaluation.energy_eV == pytest.approx(energy, rel=1e-14)
    assert evaluation.atomic_energies_eV == pytest.approx([energy / 2] * 2, rel=1e-14)
    assert evaluation.stress_eV_per_A3 is None


def test_is_a_model_and_says_what_it_is(pair_model: Callable[..., Any]) -> None:
    model = pair_model("float32", curvature_smooth=None)
    assert isinstance(model, Model)
    assert (model.identity.dtype, model.capabilities.curvature_smooth) == ("float32", None)


def test_forces_and_stress_are_differences_of_the_energy(
    pair_model: Callable[..., Any], displaced_quartz: Atoms
) -> None:
    model = pair_model()
    random = np.random.default_rng(3)
    direction = random.normal(size=(9, 3))
    strain = random.normal(size=(3, 3))
    strain += strain.T
    [evaluation] = model.evaluate([displaced_quartz], stress=True)

    def energy(displacement: float, deformation: float) -> float:
        atoms = displaced_quartz.copy()
        atoms.positions += displacement * direction
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + deformation * strain), scale_atoms=True)
        return model.evaluate([atoms])[0].energy_eV

    step = 1e-5
    slope = (energy(step, 0) - energy(-step, 0)) / (2 * step)
    assert slope == pytest.approx(-(evaluation.forces_eV_per_A * direction).sum(), abs=1e-7)
    slope = (energy(0, step) - energy(0, -step)) / (2 * step) / displaced_quartz.get_volume()
    stress = voigt_6_to_full_3x3_stress(evaluation.stress_eV_per_A3)
    assert abs(slope) > 1e-3
    assert slope == pytest.approx((stress * strain).sum(), abs=1e-8)
    np.testing.assert_allclose(evaluation.forces_eV_per_A.sum(axis=0), 0, atol=1e-12)


def test_batches_give_what_single_structures_give(
    pair_model: Callable[..., Any], mgo: Atoms, displaced_quartz: Atoms
) -> None:
    model = pair_model()
    structures = [displaced_quartz, mgo, mgo * (2, 1, 1), displaced_quartz]
    together = model.evaluate(structures, stress=True)
    for found, atoms in zip(together, structures, strict=True):
        [alone] = model.evaluate([atoms], stress=True)
        assert found.energy_eV == pytest.approx(alone.energy_eV, abs=1e-12)
        for name in ("forces_eV_per_A", "stress_eV_per_A3", "atomic_energies_eV"):
            np.testing.assert_allclose(getattr(found, name), getattr(alone, name), atol=1e-12)


def test_total_energies_serve_as_well_as_atomic_ones(
    pair_model: Callable[..., Any], mgo: Atoms, displaced_quartz: Atoms
) -> None:
    atomic, total = pair_model(), pair_model(atomic_energies=False)
    structures = [mgo, displaced_quartz]
    pairs = zip(
        atomic.evaluate(structures, stress=True),
        total.evaluate(structures, stress=True),
        strict=True,
    )
    for one, other in pairs:
        assert other.atomic_energies_eV is None
        assert one.energy_eV == pytest.approx(other.energy_eV, abs=1e-12)
        np.testing.assert_allclose(one.forces_eV_per_A, other.forces_eV_per_A, atol=1e-13)
        np.testing.assert_allclose(one.stress_eV_per_A3, other.stress_eV_per_A3, atol=1e-13)
    vectors = np.eye(33)[[0, 5, 30]]
    np.testing.assert_allclose(
        atomic.linearize(displaced_quartz, strain=True)(vectors),
        total.linearize(displaced_quartz, strain=True)(vectors),
        atol=1e-12,
    )


def test_single_precision_is_close_and_comes_out_as_float64(
    pair_model: Callable[..., Any], displaced_quartz: Atoms
) -> None:
    double = pair_model().evaluate([displaced_quartz], stress=True)[0]
    single = pair_model("float32").evaluate([displaced_quartz], stress=True)[0]
    assert single.forces_eV_per_A.dtype == np.float64
    difference = np.abs(single.forces_eV_per_A - double.forces_eV_per_A).max()
    assert 1e-9 < difference < 1e-5
    row = next(iter(pair_model("float32").rows(displaced_quartz, [(0, np.eye(3)[0])])))
    assert row.dtype == np.float64


def test_stress_needs_three_periods(pair_model: Callable[..., Any], mgo: Atoms) -> None:
    mgo.pbc = (True, True, False)
    for atoms in (mgo, Atoms("CO", positions=[(0, 0, 0), (0, 0, 1.2)])):
        with pytest.raises(ModelError, match=f"{atoms.get_chemical_formula()} is not periodic"):
            pair_model().evaluate([atoms], stress=True)
        assert np.isfinite(pair_model().evaluate([atoms])[0].energy_eV)


def test_unknown_elements_are_refused_by_every_verb(pair_model: Callable[..., Any]) -> None:
    model = pair_model()
    atoms = Atoms("CuC", positions=[(0, 0, 0), (0, 0, 2)])
    for verb in (
        lambda: model.evaluate([atoms]),
        lambda: list(model.rows(atoms, [(0, np.eye(3)[0])])),
        lambda: model.linearize(atoms)(np.zeros((1, 2, 3))),
    ):
        with pytest.raises(ModelError, match="pair does not know Cu; choose a model"):
            verb()


def test_energies_that_are_not_finite_are_refused(pair_energy: type[Any]) -> None:
    class Broken(pair_energy):  # type: ignore[misc]
        def switch(self, squared: torch.Tensor) -> torch.Tensor:
            return squared * float("nan")

    with pytest.raises(ModelError, match="pair gave the energy nan for CO"):
        TorchModel(Broken()).evaluate([Atoms("CO", positions=[(0, 0, 0), (0, 0, 1.2)])])


def test_nothing_in_nothing_out(pair_model: Callable[..., Any]) -> None:
    atoms = Atoms("CO", positions=[(0, 0, 0), (0, 0, 1.2)])
    assert pair_model().evaluate([]) == []
    assert pair_model().linearize(atoms)(np.zeros((0, 2, 3))).shape == (0, 2, 3)


@pytest.mark.parametrize("atomic_energies", [True, False])
def test_energies_alone_take_no_reverse_pass(
    pair_energy: type[Any], displaced_quartz: Atoms, displaced_water: Atoms, atomic_energies: bool
) -> None:
    recorded = []

    class Recording(pair_energy):  # type: ignore[misc]
        def energy(self, graph: Any, positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
            energies = super().energy(graph, positions, strain)
            recorded.append((energies.requires_grad, positions.requires_grad, strain.requires_grad))
            return energies

    model = TorchModel(Recording(atomic_energies=atomic_energies))
    structures = [displaced_quartz, displaced_water]
    alone = model.evaluate(structures, forces=False)
    beside = model.evaluate(structures)
    assert recorded == [(False, False, False), (True, True, False)]
    for one, other in zip(alone, beside, strict=True):
        assert one.energy_eV == other.energy_eV
        assert one.forces_eV_per_A is None
        assert one.stress_eV_per_A3 is None
        assert (one.atomic_energies_eV is None) == (not atomic_energies)


def test_a_stress_without_forces_is_the_one_beside_them(
    pair_energy: type[Any], displaced_quartz: Atoms
) -> None:
    moving = []

    class Recording(pair_energy):  # type: ignore[misc]
        def energy(self, graph: Any, positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
            moving.append(positions.requires_grad)
            return super().energy(graph, positions, strain)

    model = TorchModel(Recording())
    [alone] = model.evaluate([displaced_quartz], forces=False, stress=True)
    [beside] = model.evaluate([displaced_quartz], stress=True)
    assert moving == [False, True]
    assert alone.forces_eV_per_A is None
    np.testing.assert_allclose(
        alone.stress_eV_per_A3, beside.stress_eV_per_A3, rtol=1e-13, atol=1e-16
    )
