"""Second derivatives by positions and strain: sum rules, symmetry, and differences."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT

from nearsight.errors import (
    CheckpointError,
    MemoryBudgetError,
    MethodError,
    MissingPropertyError,
    ModelError,
    StructureError,
)
from nearsight.hessian import GeneralisedHessian, generalised_hessian
from nearsight.models import AseModel
from nearsight.models.contract import Evaluation, Model
from nearsight.models.engines.torch_model import TorchModel
from nearsight.remarks import Remark
from nearsight.structures import make_supercell
from nearsight.structures.cell_symmetry import find_cell_symmetry
from nearsight.structures.strain import VOIGT


@pytest.fixture
def model(pair_model: Callable[..., TorchModel]) -> TorchModel:
    return pair_model()


def compute(atoms: Atoms, model: Model, *given: str, **settings: Any) -> GeneralisedHessian:
    return generalised_hessian(atoms, model, *given, progress=False, **settings)


@pytest.mark.parametrize("method", ["central-difference", "fourth-order", "forward-difference"])
def test_differences_agree_under_any_stress(
    method: str, displaced_quartz: Atoms, model: TorchModel
) -> None:
    # Off its minimum, so that every term of the strained frame counts.
    step = {"forward-difference": 1e-6, "central-difference": 1e-4}.get(method)
    exact = compute(displaced_quartz, model)
    found = compute(displaced_quartz, model, method, step_A=step)
    assert np.abs(exact.stress_eV_per_A3).max() > 0.02
    assert exact.strain_step is None
    assert found.strain_step == found.hessian.step_A / 2
    tolerance = 1e-4 if method == "forward-difference" else 1e-6
    for name in ("coupling_eV_per_A", "strain_eV"):
        one, other = getattr(found, name), getattr(exact, name)
        assert one == pytest.approx(other, abs=tolerance * np.abs(other).max())


def test_network_agrees_with_differences(network: Model, mgo: Atoms) -> None:
    """Slow: fourth-order differences in every strain and position with a network."""
    crystal = mgo * (2, 1, 1)  # of two atoms one would couple to the strain as minus the other
    crystal.rattle(0.05, seed=11)
    exact = compute(crystal, network)
    found = compute(crystal, network, "fourth-order", step_A=1e-3)
    for name in ("coupling_eV_per_A", "strain_eV"):
        one, other = getattr(found, name), getattr(exact, name)
        assert one == pytest.approx(other, abs=1e-5 * np.abs(other).max())


def test_sum_rules(displaced_quartz: Atoms, model: TorchModel) -> None:
    found = compute(displaced_quartz, model)
    assert found.coupling_sum_rule_eV_per_A < 1e-10
    assert found.strain_asymmetry_eV < 1e-9
    assert found.hessian.asymmetry_eV_per_A2 < 1e-9


@pytest.mark.parametrize("source", ["model", "network"])
def test_space_group_holds(
    source: str, alpha_quartz: Atoms, request: pytest.FixtureRequest
) -> None:
    # P3_121 has proper operations only, which every equivariant model keeps.
    found = compute(alpha_quartz, request.getfixturevalue(source))
    symmetry = find_cell_symmetry(alpha_quartz, 1e-5)
    assert len(symmetry.rotations) == 6
    basis = np.zeros((6, 3, 3))
    for component, (a, b) in enumerate(VOIGT):
        basis[component, a, b] = basis[component, b, a] = 1.0 if a == b else 0.5
    for index, rotation in enumerate(symmetry.rotations):
        # Column k is the turned strain k in components.
        turned = [rotation @ each @ rotation.T for each in basis]
        m = np.array([[t[a, b] * (1 if a == b else 2) for a, b in VOIGT] for t in turned]).T
        assert m.T @ found.strain_eV @ m == pytest.approx(found.strain_eV, abs=1e-6)
        goes_to = symmetry.permutation(
            index, symmetry.translation(index, 0, _image(symmetry, index))
        )
        image = np.einsum("ab,Abj->Aaj", rotation, found.coupling_eV_per_A)
        assert found.coupling_eV_per_A[goes_to] @ m == pytest.approx(image, abs=1e-6)


def _image(symmetry: Any, index: int) -> int:
    """Return an atom onto which the first one is carried."""
    wanted = symmetry.images(index)[symmetry.classes[0]]
    return int(np.flatnonzero(symmetry.classes == wanted)[0])


def test_supercell_has_as_much_for_each_cell(displaced_quartz: Atoms, model: TorchModel) -> None:
    one = compute(displaced_quartz, model)
    four = compute(make_supercell(displaced_quartz, [2, 1, 2]), model)
    assert four.strain_eV == pytest.approx(4 * one.strain_eV, abs=1e-7)
    assert four.coupling_eV_per_A[:9] == pytest.approx(one.coupling_eV_per_A, abs=1e-8)
    assert four.stress_eV_per_A3 == pytest.approx(one.stress_eV_per_A3)


def test_calculator_without_second_derivatives() -> None:
    found = compute(bulk("Cu", "fcc", a=3.6), AseModel(EMT(), dtype="float64"))
    assert found.hessian.method == "central-difference"
    assert found.strain_step is not None
    assert found.strain_asymmetry_eV < 1e-6
    assert found.strain_eV[0, 0] == pytest.approx(found.strain_eV[1, 1], abs=1e-6)


def test_model_with_rough_curvature_is_differenced(
    pair_model: Callable[..., TorchModel], mgo: Atoms
) -> None:
    found = compute(mgo, pair_model(curvature_smooth=False))
    assert found.strain_step == 0.01
    assert found.strain_eV == pytest.approx(compute(mgo, pair_model()).strain_eV, rel=0.02, abs=0.5)


def test_saved_and_loaded(mgo: Atoms, model: TorchModel, tmp_path: Path) -> None:
    found = compute(mgo, model)
    noted = replace(
        found, hessian=replace(found.hessian, warnings=(Remark("odd-masses", "a note"),))
    )
    noted.save(tmp_path / "mgo.npz")
    loaded = GeneralisedHessian.load(tmp_path / "mgo.npz")
    for name in ("coupling_eV_per_A", "strain_eV", "forces_eV_per_A", "stress_eV_per_A3"):
        assert np.array_equal(getattr(loaded, name), getattr(found, name))
    assert np.array_equal(loaded.hessian.matrix_eV_per_A2, found.hessian.matrix_eV_per_A2)
    assert loaded.hessian.warnings == ("a note",)
    assert loaded.provenance == found.provenance
    assert loaded.strain_step is None
    found.hessian.save(tmp_path / "plain.npz")
    with pytest.raises(CheckpointError, match=r"'hessian'.*not a 'generalised hessian'"):
        GeneralisedHessian.load(tmp_path / "plain.npz")


@pytest.mark.parametrize("pbc", [False, (True, True, False)])
def test_molecules_and_layers_are_refused(pbc: Any, model: TorchModel) -> None:
    atoms = molecule("H2O", cell=[6, 6, 6], pbc=pbc)
    with pytest.raises(StructureError, match="not periodic in three directions"):
        compute(atoms, model)


class WithoutRows:
    """A model without rows that counts the structures it is asked about."""

    def __init__(self, model: TorchModel, linearize: Callable[..., Any] | None = None) -> None:
        self.model = model
        self.identity, self.capabilities = model.identity, model.capabilities
        self.linearize = linearize or model.linearize
        self.n_structures = 0

    def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> Any:
        self.n_structures += len(structures)
        return self.model.evaluate(structures, **asked)


@pytest.mark.parametrize("method", ["rows", "fourth-order"])
def test_a_hessian_by_positions_is_taken_as_it_is(
    method: str, displaced_quartz: Atoms, model: TorchModel
) -> None:
    wanted = compute(displaced_quartz, model, method)
    without_rows = WithoutRows(model)
    found = compute(displaced_quartz, without_rows, by_positions=wanted.hessian)
    assert without_rows.n_structures <= 1 + 4 * 6  # at rest, and four for each strain
    assert found.hessian is wanted.hessian
    assert found.strain_step == wanted.strain_step
    for name in ("coupling_eV_per_A", "strain_eV", "forces_eV_per_A", "stress_eV_per_A3"):
        assert np.array_equal(getattr(found, name), getattr(wanted, name))


def test_the_hessian_of_something_else_is_refused(
    mgo: Atoms, model: TorchModel, pair_model: Callable[..., TorchModel]
) -> None:
    by_positions = compute(mgo, model).hessian
    moved = mgo.copy()
    moved.positions[0, 0] += 1e-9
    with pytest.raises(MethodError, match=r"another structure .*\(positions_A differ\)"):
        compute(moved, model, by_positions=by_positions)
    with pytest.raises(MethodError, match="of the model pair, not of pair with the same weights"):
        compute(mgo, pair_model("float32"), by_positions=by_positions)


def test_model_without_stress_is_refused(mgo: Atoms) -> None:
    class Stressless(Calculator):
        implemented_properties = ("energy", "forces")

        def calculate(
            self,
            atoms: Atoms | None = None,
            properties: Sequence[str] = (),
            system_changes: Sequence[str] = tuple(all_changes),
        ) -> None:
            super().calculate(atoms, properties, system_changes)
            self.results = {"energy": 0.0, "forces": np.zeros((len(self.atoms), 3))}

    with pytest.raises(
        MissingPropertyError, match=r"need the stress, which ase:stressless does not .* Use a"
    ):
        compute(mgo, AseModel(Stressless()))


def test_numbers_that_are_not_finite_are_refused(mgo: Atoms, model: TorchModel) -> None:
    def no_numbers(_atoms: Atoms, strain: bool) -> Any:
        return lambda vectors: np.full(vectors.shape, np.nan)

    by_positions = compute(mgo, model).hessian
    with pytest.raises(ModelError, match="by strain that is not finite"):
        compute(mgo, WithoutRows(model, no_numbers), by_positions=by_positions)


def test_memory_that_runs_out_is_named(mgo: Atoms, model: TorchModel) -> None:
    def fail(_atoms: Atoms, strain: bool) -> None:
        raise MemoryError

    by_positions = compute(mgo, model).hessian
    with pytest.raises(MemoryBudgetError, match="second derivatives by strain of 2 atoms"):
        compute(mgo, WithoutRows(model, fail), by_positions=by_positions)


def test_stress_is_that_of_the_model(displaced_quartz: Atoms, model: TorchModel) -> None:
    [wanted] = model.evaluate([displaced_quartz], stress=True)
    assert isinstance(wanted, Evaluation)
    found = compute(displaced_quartz, model)
    assert np.array_equal(found.stress_eV_per_A3, wanted.stress_eV_per_A3)
    assert np.array_equal(found.forces_eV_per_A, wanted.forces_eV_per_A)
