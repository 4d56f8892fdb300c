"""Relaxation: known minima, invariances, ASE side by side, and honest reports."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from time import sleep
from typing import Any

import numpy as np
import pytest
import scipy.linalg
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS
from scipy.optimize import minimize_scalar

from nearsight.errors import (
    MemoryBudgetError,
    MethodError,
    ModelError,
    SettingError,
    StructureError,
)
from nearsight.models.contract import Model
from nearsight.relaxation import RelaxationSettings
from nearsight.relaxation.relax import relax
from nearsight.relaxation.volume import volume_warnings
from nearsight.units import EV_PER_A3_IN_GPA

MIB = 2**20


def emt_energy_eV(lattice_constant_A: float) -> float:
    atoms = bulk("Cu", "fcc", a=lattice_constant_A)
    atoms.calc = EMT()
    return float(atoms.get_potential_energy())


def distances(atoms: Atoms) -> np.ndarray:
    return atoms.get_all_distances(mic=True)


def test_dimer_relaxes_to_the_analytic_minimum(lennard_jones: Any) -> None:
    dimer = Atoms("Ar2", positions=[[0, 0, 0], [1.0, 2.0, 3.5]])
    result = relax(dimer, lennard_jones, RelaxationSettings(fmax_eV_per_A=1e-6))
    assert result.converged
    assert result.atoms.get_distance(0, 1) == pytest.approx(2 ** (1 / 6) * 3.4, abs=1e-4)
    assert result.energy_after_eV == pytest.approx(-0.0104, abs=1e-8)
    assert result.volume_after_A3 is None
    assert result.volume_change is None
    assert result.max_stress_GPa is None
    assert not any(lennard_jones.stress_asked)


def test_lattice_constant_is_the_minimum_of_a_scan(emt: Any) -> None:
    result = relax(bulk("Cu", "fcc", a=3.75), emt, RelaxationSettings(fmax_eV_per_A=1e-5))
    scan = minimize_scalar(emt_energy_eV, bounds=(3.4, 3.8), method="bounded")
    assert result.converged
    lattice_constant_A = (4 * result.atoms.cell.volume) ** (1 / 3)
    assert lattice_constant_A == pytest.approx(scan.x, abs=1e-4)
    assert result.energy_after_eV == pytest.approx(scan.fun, abs=1e-7)
    assert result.volume_change == pytest.approx((lattice_constant_A / 3.75) ** 3 - 1)


@pytest.mark.parametrize("optimizer", ["BFGS", "LBFGS", "FIRE", "BFGSLineSearch", "newton"])
def test_every_optimizer_ends_in_the_same_minimum(
    emt: Any, rattled_copper: Atoms, optimizer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = relax(rattled_copper, emt, RelaxationSettings(optimizer=optimizer, fmax_eV_per_A=1e-3))
    best = minimize_scalar(emt_energy_eV, bounds=(3.4, 3.8), method="bounded").fun
    assert result.converged
    assert result.energy_after_eV / 4 == pytest.approx(best, abs=1e-5)
    assert result.fmax_eV_per_A < 1e-3
    assert result.provenance.settings["optimizer"] == optimizer
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("cell", ["free", "fixed"])
def test_agrees_with_ase_alone(emt: Any, rattled_copper: Atoms, cell: str) -> None:
    result = relax(rattled_copper, emt, RelaxationSettings(fmax_eV_per_A=1e-4, cell=cell))
    reference = rattled_copper.copy()
    reference.calc = EMT()
    BFGS(FrechetCellFilter(reference) if cell == "free" else reference, logfile=None).run(fmax=1e-4)
    np.testing.assert_allclose(result.atoms.cell.array, reference.cell.array, atol=1e-4)
    np.testing.assert_allclose(result.atoms.positions, reference.positions, atol=1e-4)
    assert result.energy_after_eV == pytest.approx(reference.get_potential_energy(), abs=1e-7)


def test_rotation_and_permutation_change_nothing(emt: Any, rattled_copper: Atoms) -> None:
    expected = relax(rattled_copper, emt, RelaxationSettings(fmax_eV_per_A=1e-4))
    q, _ = np.linalg.qr(np.random.default_rng(6).normal(size=(3, 3)))
    order = np.array([2, 0, 3, 1])
    other = rattled_copper.copy()
    other.set_cell(other.cell.array @ (q * np.sign(np.linalg.det(q))), scale_atoms=True)
    found = relax(other[order], emt, RelaxationSettings(fmax_eV_per_A=1e-4))
    assert found.energy_after_eV == pytest.approx(expected.energy_after_eV, abs=1e-7)
    assert found.atoms.cell.volume == pytest.approx(expected.atoms.cell.volume, rel=1e-4)
    np.testing.assert_allclose(
        distances(found.atoms), distances(expected.atoms)[np.ix_(order, order)], atol=1e-4
    )


def test_criterion_holds_for_the_atoms_and_the_present_cell(emt: Any) -> None:
    """Starting 20 % off, ASE's forces in the first cell's frame differ from those on the atoms."""
    atoms = bulk("Cu", "fcc", a=4.2, cubic=True)
    atoms.rattle(0.1, seed=4)
    result = relax(atoms, emt, RelaxationSettings(fmax_eV_per_A=1e-3))
    check = result.atoms.copy()
    check.calc = EMT()
    forces, stress = check.get_forces(), check.get_stress()
    assert result.converged
    assert np.linalg.norm(forces, axis=1).max() < 1e-3
    assert np.abs(stress).max() * check.get_volume() / len(check) < 1e-3
    assert result.fmax_eV_per_A == pytest.approx(np.linalg.norm(forces, axis=1).max(), rel=1e-6)
    assert result.max_stress_eV_per_A3 == pytest.approx(np.abs(stress).max(), rel=1e-6)
    assert result.max_stress_GPa == pytest.approx(np.abs(stress).max() * EV_PER_A3_IN_GPA, rel=1e-6)


def test_input_carries_no_trace_of_the_run(emt: Any, rattled_copper: Atoms) -> None:
    rattled_copper.calc = EMT()
    before = rattled_copper.copy()
    result = relax(rattled_copper, emt)
    assert rattled_copper == before
    assert isinstance(rattled_copper.calc, EMT)
    assert not result.atoms.constraints
    assert result.warnings == volume_warnings(before, result.atoms, emt)
    assert result.symmetry is None
    summary = result.summary()
    assert (summary["converged"], summary["steps"]) == (True, result.n_steps)
    for name in ("fmax_eV_per_A", "pressure_GPa", "energy_change_eV_per_atom", "volume_change"):
        assert summary[name] == getattr(result, name)
    assert result.energy_change_eV_per_atom == pytest.approx(
        (result.energy_after_eV - before_energy(before)) / 4
    )
    assert result.provenance.model == emt.identity
    assert result.provenance.settings == {
        "relax": True,
        "fmax_eV_per_A": 0.005,
        "max_steps": 1000,
        "optimizer": "newton",
        "cell": "free",
        "pressure_GPa": 0.0,
        "symmetrize_A": None,
        "follow_imaginary": False,
        "products": "differences",
        "products_reason": "emt cannot be differentiated twice",
    }


def test_forces_that_are_no_gradient_are_followed_by_bfgs(pair_model: Callable[..., Model]) -> None:
    crystal = bulk("MgO", "rocksalt", a=3.8)
    given = relax(crystal, pair_model(conservative=False))
    assert given.optimizer == "BFGS"
    unknown = relax(crystal, pair_model(conservative=None))
    assert unknown.optimizer == "newton"
    assert given.converged
    assert unknown.converged
    assert given.energy_after_eV == pytest.approx(unknown.energy_after_eV, abs=1e-5)


def before_energy(atoms: Atoms) -> float:
    atoms.calc = EMT()
    return float(atoms.get_potential_energy())


def test_step_limit_is_reported_and_no_error(emt: Any, rattled_copper: Atoms) -> None:
    result = relax(rattled_copper, emt, RelaxationSettings(max_steps=3))
    assert not result.converged
    assert result.n_steps == 3
    warning, *others = result.warnings
    assert tuple(others) == volume_warnings(rattled_copper, result.atoms, emt)
    assert "Not converged after 3 steps: the largest force or virial per atom is" in warning
    assert "above 0.005" in warning
    assert "Allow more `max_steps`" in warning


def test_one_step_is_one_step(emt: Any, rattled_copper: Atoms) -> None:
    [warning] = relax(rattled_copper, emt, RelaxationSettings(max_steps=1)).warnings
    assert "Not converged after 1 step: " in warning


def test_no_step_is_needed_at_the_minimum_or_none_allowed(emt: Any, rattled_copper: Atoms) -> None:
    relaxed = relax(rattled_copper, emt, RelaxationSettings(fmax_eV_per_A=1e-4)).atoms
    again = relax(relaxed, emt, RelaxationSettings(max_steps=0))
    assert (again.converged, again.n_steps) == (True, 0)
    np.testing.assert_array_equal(again.atoms.positions, relaxed.positions)
    none = relax(rattled_copper, emt, RelaxationSettings(max_steps=0))
    assert (none.converged, none.n_steps) == (False, 0)
    np.testing.assert_array_equal(none.atoms.positions, rattled_copper.positions)


def test_cell_follows_the_periodicity_unless_told(emt: Any, rattled_copper: Atoms) -> None:
    fixed = relax(rattled_copper, emt, RelaxationSettings(cell="fixed"))
    np.testing.assert_array_equal(fixed.atoms.cell.array, rattled_copper.cell.array)
    assert fixed.max_stress_eV_per_A3 is None
    assert fixed.volume_change == 0.0
    slab = fcc111("Cu", (1, 1, 3), vacuum=6.0)
    layer = relax(slab, emt)
    np.testing.assert_array_equal(layer.atoms.cell.array, slab.cell.array)
    assert layer.provenance.settings["cell"] == "fixed"


@pytest.mark.parametrize("pbc", [False, [True, True, False]])
@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"cell": "isotropic"}, "`cell` isotropic"),
        ({"cell": "lengths"}, "`cell` lengths"),
        ({"pressure_GPa": 1.0}, "`pressure_GPa` 1"),
    ],
)
def test_cell_that_cannot_be_relaxed_is_refused(
    emt: Any, pbc: object, asked: dict[str, Any], named: str
) -> None:
    atoms = Atoms("Cu2", positions=[[0, 0, 0], [2.5, 0, 0]], cell=[8, 8, 8], pbc=pbc)
    with pytest.raises(MethodError, match=f"{named} is about.*three directions, not with pbc"):
        relax(atoms, emt, RelaxationSettings(**asked))
    assert emt.n_calls == 0


def test_what_this_verb_does_not_do_is_refused(emt: Any, rattled_copper: Atoms) -> None:
    with pytest.raises(SettingError, match="`relax` is false"):
        relax(rattled_copper, emt, RelaxationSettings(relax=False))
    with pytest.raises(SettingError, match="`relax_to_minimum` does"):
        relax(rattled_copper, emt, RelaxationSettings(follow_imaginary=True))
    assert emt.n_calls == 0


def test_structures_that_cannot_be_relaxed(
    make_model: Callable[..., Any], rattled_copper: Atoms
) -> None:
    model = make_model(elements=frozenset({79}))
    with pytest.raises(StructureError, match="no atoms"):
        relax(Atoms(), model)
    with pytest.raises(ModelError, match="Cu"):
        relax(rattled_copper, model)
    rattled_copper.set_constraint(FixAtoms([0]))
    with pytest.raises(MethodError, match=r"constraints \(FixAtoms\).*set_constraint"):
        relax(rattled_copper, model)
    assert model.n_calls == 0


def test_energy_that_rises_is_said(emt: Any, rattled_copper: Atoms) -> None:
    emt.fail_at = 1
    emt.failure = lambda evaluation: replace(evaluation, energy_eV=-evaluation.energy_eV)
    result = relax(rattled_copper, emt, RelaxationSettings(optimizer="BFGS"))
    assert result.converged
    assert "The energy rose by" in result.warnings[0]


def test_newton_stops_where_no_step_lowers_the_energy(emt: Any, rattled_copper: Atoms) -> None:
    emt.fail_at = 1
    emt.failure = lambda evaluation: replace(evaluation, energy_eV=-evaluation.energy_eV)
    result = relax(rattled_copper, emt, RelaxationSettings(optimizer="newton"))
    assert not result.converged
    assert 12 <= result.n_steps < 100
    assert "no lower energy was found" in result.warnings[0]
    np.testing.assert_array_equal(result.atoms.positions, rattled_copper.positions)


def test_line_search_that_crawls_is_stopped_and_reported(emt: Any, rattled_copper: Atoms) -> None:
    # An energy that is higher at every call leaves a line search nothing to find.
    emt.fail_at = 1
    emt.failure = lambda evaluation: replace(evaluation, energy_eV=float(emt.n_calls))
    result = relax(
        rattled_copper, emt, RelaxationSettings(optimizer="BFGSLineSearch", cell="fixed")
    )
    assert not result.converged
    assert result.n_steps == 1
    assert "no lower energy was found" in result.warnings[0]


def test_line_search_that_gives_up_is_reported_with_the_last_geometry(
    emt: Any, rattled_copper: Atoms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(optimizer: Any) -> None:
        optimizer.atoms.positions += 1.0
        raise RuntimeError("LineSearch failed!")

    monkeypatch.setattr("ase.optimize.BFGSLineSearch.step", give_up)
    result = relax(
        rattled_copper, emt, RelaxationSettings(optimizer="BFGSLineSearch", cell="fixed")
    )
    assert not result.converged
    assert "no lower energy was found" in result.warnings[0]
    np.testing.assert_array_equal(result.atoms.positions, rattled_copper.positions)


def test_other_runtime_errors_pass_through(emt: Any, rattled_copper: Atoms) -> None:
    emt.fail_at, emt.failure = 4, RuntimeError("out of memory")
    with pytest.raises(RuntimeError, match="out of memory"):
        relax(rattled_copper, emt)


class Hungry:
    """A model that takes 40 MiB more for a force call than it needs, and 256 MiB for a product.

    More than 32 MiB, which an allocator gives back when they are freed, so that they are seen anew.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.identity, self.capabilities = model.identity, model.capabilities

    def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> Any:
        take(40)
        return self.model.evaluate(structures, **asked)

    def linearize(self, atoms: Atoms, **asked: Any) -> Any:
        products = self.model.linearize(atoms, **asked)
        return lambda vectors: (take(256), products(vectors))[1]


def take(mebibytes: int) -> None:
    held = np.ones(mebibytes * MIB // 8)
    sleep(0.008)  # several samples of what is in use
    del held


def test_products_that_do_not_fit_are_differences_and_said(
    pair_model: Callable[..., Any], displaced_quartz: Atoms
) -> None:
    model = Hungry(pair_model(receptive_field_A=None))  # no groups
    roomy = relax(displaced_quartz, model, memory_budget_bytes=1024 * MIB)
    assert roomy.provenance.settings["products"] == "analytic"
    found = relax(displaced_quartz, model, memory_budget_bytes=128 * MIB)
    assert found.provenance.settings["products"] == "differences"
    assert "more than the budget" in found.provenance.settings["products_reason"]
    assert found.energy_after_eV == pytest.approx(roomy.energy_after_eV, abs=1e-4)
    with pytest.raises(MemoryBudgetError, match="a force call of 9 atoms"):
        relax(displaced_quartz, model, memory_budget_bytes=4 * MIB)


def test_rounding_in_the_logarithm_of_the_cell_is_no_warning(
    emt: Any, rattled_copper: Atoms, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact, calls = scipy.linalg.logm, []

    def complaining(matrix: np.ndarray) -> np.ndarray:
        calls.append(matrix)
        message = "logm result may be inaccurate, approximate err = 2.4e-13"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
        return exact(matrix)

    monkeypatch.setattr(scipy.linalg, "logm", complaining)
    assert relax(
        rattled_copper, emt, RelaxationSettings(fmax_eV_per_A=1e-2, optimizer="BFGS")
    ).converged
    assert calls


def test_progress_counts_steps_and_shows_the_largest_force(emt: Any, rattled_copper: Atoms) -> None:
    shown: list[tuple[Any, ...]] = []

    class Noted:
        @contextmanager
        def task(
            self, description: str, total: int | None, done: int = 0
        ) -> Iterator[Callable[[int, str], None]]:
            shown.append((description, total, done))
            yield lambda now, note: shown.append((now, note))

    result = relax(rattled_copper, emt, RelaxationSettings(max_steps=3), progress=Noted())
    assert shown[0] == ("Relaxation step", None, 0)
    assert [done for done, _ in shown[1:]] == [0, 1, 2, 3]
    assert shown[-1][1].removeprefix("fmax ") in result.warnings[0]
