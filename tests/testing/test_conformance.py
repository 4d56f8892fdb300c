"""The conformance kit: good models pass, and every defect is found by the check that is for it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from nearsight.errors import MissingPropertyError, ModelError
from nearsight.models.contract import Evaluation, Model
from nearsight.models.engines.ase_model import AseModel
from nearsight.models.engines.torch_model import TorchModel
from nearsight.testing import ConformanceReport, check_model
from nearsight.testing.structures import examination_structures

ALL_CHECKS = 17


@pytest.fixture(scope="module")
def structures() -> dict[str, Atoms]:
    """The examination without MOF-5, which takes minutes."""
    return {name: atoms for name, atoms in examination_structures().items() if name != "MOF-5"}


def failures(report: ConformanceReport) -> set[str]:
    return {check.name for check in report.failures}


class Wrapped:
    """A model whose answers pass through functions that may spoil them."""

    def __init__(
        self,
        model: Any,
        *,
        evaluation: Callable[[Evaluation, Sequence[Atoms]], Evaluation] = lambda found, _: found,
        row: Callable[[np.ndarray], np.ndarray] = lambda row: row,
        products: Callable[[np.ndarray], np.ndarray] = lambda products: products,
    ) -> None:
        self.identity, self.capabilities = model.identity, model.capabilities
        self._model, self._evaluation, self._row, self._products = model, evaluation, row, products

    def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> list[Evaluation]:
        found = self._model.evaluate(structures, **asked)
        return [self._evaluation(evaluation, structures) for evaluation in found]

    def rows(self, atoms: Atoms, seeds: Any, *, batch_size: int = 1) -> Iterator[np.ndarray]:
        return map(self._row, self._model.rows(atoms, seeds, batch_size=batch_size))

    def linearize(self, atoms: Atoms, *, strain: bool = False) -> Callable[..., np.ndarray]:
        exact = self._model.linearize(atoms, strain=strain)
        return lambda vectors: self._products(exact(vectors))


@pytest.mark.slow
def test_sevennet_0_keeps_the_contract(sevennet_0: Model, structures: dict[str, Atoms]) -> None:
    report = check_model(sevennet_0, structures)
    assert report.passed, str(report)
    assert len(report.checks) == ALL_CHECKS * len(structures)
    # A molecule has no stress and no supercell, and SevenNet-0 tells mirror images apart;
    # everything else is claimed and so examined.
    skipped = {(check.name, check.structure) for check in report.checks if not check.applies}
    mirrored = {("forces mirrored with structure", name) for name in structures}
    of_crystals = {("stress = dE/dε / V", "CO2"), ("supercell extensivity", "CO2")}
    assert skipped == of_crystals | mirrored


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("atomic_energies", [True, False])
def test_pair_potential_keeps_it_too(
    pair_model: Callable[..., Any],
    structures: dict[str, Atoms],
    dtype: str,
    atomic_energies: bool,
) -> None:
    report = check_model(pair_model(dtype, atomic_energies=atomic_energies), structures)
    assert report.passed, str(report)
    of_atoms = [check for check in report.checks if check.name == "atomic energies add up"]
    assert {check.applies for check in of_atoms} == {atomic_energies}


def test_what_is_not_claimed_is_not_examined(pair_model: Callable[..., Any]) -> None:
    modest = pair_model(
        conservative=False,
        equivariant=False,
        mirror_equivariant=False,
        size_consistent=False,
        differentiable=False,
        cutoff_A=None,
        atomic_energies=False,
    )
    atoms = examination_structures()["MgO"]
    skipped = {c.name for c in check_model(modest, {"MgO": atoms}).checks if not c.applies}
    assert skipped == {
        "forces = -dE/dr",
        "stress = dE/dε / V",
        "force smooth at cutoff",
        "forces turn with structure",
        "forces mirrored with structure",
        "size consistency",
        "atomic energies add up",
        "pairs given = pairs found",
        "rows = differences",
        "curvature smooth",
    }


def test_structures_of_unknown_elements_are_left_to_other_models(
    pair_model: Callable[..., Any],
) -> None:
    model = pair_model(elements=frozenset({6, 8}))
    report = check_model(model)
    left_out = {one.structure: one.detail for one in report.checks if one.name == "all checks"}
    assert left_out == {
        "MgO": "the model does not know Mg",
        "Si": "the model does not know Si",
        "MOF-5": "the model does not know H, Zn",
    }
    assert {one.structure for one in report.checks if one.applies} == {"CO2"}
    with pytest.raises(ModelError, match="does not know Si"):
        check_model(model, {"Si": bulk("Si")})


def test_curvature_that_is_not_claimed_to_be_smooth_is_not_examined(
    pair_model: Callable[..., Any],
) -> None:
    report = check_model(
        pair_model(curvature_smooth=False), {"MgO": examination_structures()["MgO"]}
    )
    [check] = [check for check in report.checks if not check.applies]
    assert (check.name, check.passed) == ("curvature smooth", True)
    assert check.detail == "the model does not claim smooth curvature"


def test_one_atom_is_enough(pair_model: Callable[..., Any]) -> None:
    for model, atoms in ((AseModel(EMT()), bulk("Cu")), (pair_model(), bulk("Mg", "fcc", a=4.5))):
        report = check_model(model, {"one": atoms})
        assert report.passed, str(report)
        assert "size consistency" in {check.name for check in report.checks if check.applies}


def test_what_a_calculator_refuses_is_not_held_against_it() -> None:
    """EMT has not said that it knows no zinc."""
    model = AseModel(EMT())
    report = check_model(model, progress=False)
    assert report.passed
    assert any(each.applies and each.structure == "CO2" for each in report.checks)
    [refused] = [each for each in report.checks if each.structure == "MOF-5"]
    assert not refused.applies
    assert "No EMT-potential for Zn" in str(refused)
    with pytest.raises(ModelError, match="No EMT-potential for Si"):
        check_model(model, {"Si": bulk("Si")}, progress=False)


def test_ase_calculator_keeps_the_contract() -> None:
    copper = Atoms(
        "Cu2", cell=[3.6, 3.6, 5.1], scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True
    )
    report = check_model(AseModel(EMT()), {"Cu": copper})
    assert report.passed, str(report)


def with_forces(found: Evaluation, change: Callable[[np.ndarray], np.ndarray]) -> Evaluation:
    forces = found.forces_eV_per_A
    return replace(found, forces_eV_per_A=None if forces is None else change(forces))


def scale_forces(found: Evaluation, _: Sequence[Atoms]) -> Evaluation:
    return with_forces(found, lambda forces: 1.01 * forces)


def turn_stress(found: Evaluation, _: Sequence[Atoms]) -> Evaluation:
    stress = found.stress_eV_per_A3
    return replace(found, stress_eV_per_A3=None if stress is None else -stress)


def shift_atomic_energies(found: Evaluation, _: Sequence[Atoms]) -> Evaluation:
    assert found.atomic_energies_eV is not None
    return replace(found, atomic_energies_eV=found.atomic_energies_eV + 1e-6)


def shift_energy_of_batches(found: Evaluation, structures: Sequence[Atoms]) -> Evaluation:
    return replace(found, energy_eV=found.energy_eV + 1e-6 * (len(structures) - 1))


def shift_forces_of_batches(found: Evaluation, structures: Sequence[Atoms]) -> Evaluation:
    # A uniform field, which differences of forces do not see.
    field = 1e-6 * (len(structures) - 1)
    return with_forces(found, lambda forces: forces + field)


def spoil_forces(found: Evaluation, _: Sequence[Atoms]) -> Evaluation:
    return with_forces(found, lambda forces: np.full_like(forces, np.nan))


def shift_energies_alone(found: Evaluation, _: Sequence[Atoms]) -> Evaluation:
    shift = 1e-6 if found.forces_eV_per_A is None else 0.0
    energies = found.atomic_energies_eV
    assert energies is not None
    return replace(
        found,
        energy_eV=found.energy_eV + shift,
        atomic_energies_eV=energies + shift / len(energies),
    )


def add_forces(found: Evaluation, structures: Sequence[Atoms]) -> Evaluation:
    if found.forces_eV_per_A is not None:
        return found
    return replace(found, forces_eV_per_A=np.zeros((len(structures[0]), 3)))


def spoil_everything(found: Evaluation, _: Sequence[Atoms]) -> Evaluation:
    spoilt = spoil_forces(found, _)
    energies, stress = found.atomic_energies_eV, found.stress_eV_per_A3
    return replace(
        spoilt,
        energy_eV=np.nan,
        atomic_energies_eV=None if energies is None else np.full_like(energies, np.nan),
        stress_eV_per_A3=None if stress is None else np.full_like(stress, np.nan),
    )


def drop_atomic_energies(found: Evaluation, _: Sequence[Atoms]) -> Evaluation:
    return replace(found, atomic_energies_eV=None)


def drop_stress(found: Evaluation, _: Sequence[Atoms]) -> Evaluation:
    return replace(found, stress_eV_per_A3=None)


WRAPPERS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "forces 1 % too large": (
        {"evaluation": scale_forces, "row": lambda r: 1.01 * r, "products": lambda p: 1.01 * p},
        {"forces = -dE/dr"},
    ),
    "stress of the wrong sign": ({"evaluation": turn_stress}, {"stress = dE/dε / V"}),
    "atomic energies with an offset": (
        {"evaluation": shift_atomic_energies},
        {"atomic energies add up"},
    ),
    "energy that depends on the batch": (
        {"evaluation": shift_energy_of_batches},
        {"batch = single"},
    ),
    "forces that depend on the batch": (
        {"evaluation": shift_forces_of_batches},
        {"batch = single"},
    ),
    "rows and products 1 % too large": (
        {"row": lambda r: 1.01 * r, "products": lambda p: 1.01 * p},
        {"rows = differences"},
    ),
    "rows 1 % too large": ({"row": lambda r: 1.01 * r}, {"rows = differences", "products = rows"}),
    "products 1 % too large": ({"products": lambda p: 1.01 * p}, {"products = rows"}),
    "rows that are no numbers": (
        {"row": lambda r: np.nan * r},
        {"rows = differences", "products = rows", "curvature smooth"},
    ),
    "products that are no numbers": ({"products": lambda p: np.nan * p}, {"products = rows"}),
    "forces that are no numbers": (
        {"evaluation": spoil_forces},
        {
            "forces = -dE/dr",
            "force smooth at cutoff",
            "forces turn with structure",
            "forces mirrored with structure",
            "translation",
            "permutation",
            "batch = single",
            "pairs given = pairs found",
            "rows = differences",
            "curvature smooth",
        },
    ),
    "no atomic energies though claimed": (
        {"evaluation": drop_atomic_energies},
        {"atomic energies add up"},
    ),
    "energies that are others without forces": (
        {"evaluation": shift_energies_alone},
        # what grows with the structure grows by less
        {"energy alone", "supercell extensivity", "size consistency"},
    ),
    "forces though not asked for": ({"evaluation": add_forces}, {"energy alone"}),
    "no stress though asked for": ({"evaluation": drop_stress}, {"stress = dE/dε / V"}),
}


@pytest.mark.parametrize(("spoil", "expected"), WRAPPERS.values(), ids=WRAPPERS.keys())
def test_spoilt_answers_are_found_by_their_check(
    pair_model: Callable[..., Any],
    structures: dict[str, Atoms],
    spoil: dict[str, Any],
    expected: set[str],
) -> None:
    report = check_model(Wrapped(pair_model(), **spoil), structures)
    assert failures(report) == expected, str(report)
    assert not report.passed


def test_no_check_passes_on_what_is_no_number(
    pair_model: Callable[..., Any], structures: dict[str, Atoms]
) -> None:
    def spoil(array: np.ndarray) -> np.ndarray:
        return np.nan * array

    for dtype in ("float64", "float32"):
        model = Wrapped(pair_model(dtype), evaluation=spoil_everything, row=spoil, products=spoil)
        report = check_model(model, structures)
        passed = [check.name for check in report.checks if check.applies and check.passed]
        assert passed == []


def test_one_bad_number_is_worse_than_any_large_one(pair_model: Callable[..., Any]) -> None:
    atoms = examination_structures()["MgO"]

    def spoil_one(row: np.ndarray) -> np.ndarray:
        row = 1.5 * row
        row[1, 0] = np.nan  # the diagonal element of oxygen along x, and others
        return row

    report = check_model(Wrapped(pair_model(), row=spoil_one), {"MgO": atoms})
    [smooth] = [check for check in report.checks if check.name == "curvature smooth"]
    assert smooth.measured is not None
    assert np.isnan(smooth.measured)
    assert {"rows = differences", "products = rows"} <= failures(report)


def test_directly_predicted_forces_are_no_gradient_and_need_not_be(
    pair_model: Callable[..., Any], structures: dict[str, Atoms]
) -> None:
    direct = Wrapped(pair_model(conservative=False), **WRAPPERS["forces 1 % too large"][0])
    report = check_model(direct, structures)
    assert report.passed, str(report)


def test_cutoff_without_smoothing_is_found(
    pair_energy: type[Any], structures: dict[str, Atoms]
) -> None:
    class Truncated(pair_energy):  # type: ignore[misc]
        def switch(self, squared: torch.Tensor) -> torch.Tensor:
            return torch.ones_like(squared)

    report = check_model(TorchModel(Truncated()), structures)
    assert failures(report) == {"force smooth at cutoff"}, str(report)


def test_single_precision_behind_a_double_claim_is_found(
    pair_energy: type[Any], structures: dict[str, Atoms]
) -> None:
    class Rounded(pair_energy):  # type: ignore[misc]
        def energy(self, graph: Any, positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
            single = graph.to(torch.float32, "cpu")
            return super().energy(single, positions.float(), strain.float())

    report = check_model(TorchModel(Rounded()), structures)
    assert not report.passed
    honoured = [check for check in report.checks if check.name == "dtype honoured"]
    assert [check.passed for check in honoured] == 3 * [False]
    # What has nothing to do with rounding is still right.
    assert not failures(report) & {"force smooth at cutoff", "curvature smooth", "batch = single"}


def test_double_precision_behind_a_single_claim_is_found(
    pair_model: Callable[..., Any], structures: dict[str, Atoms]
) -> None:
    claimed = Wrapped(pair_model())
    claimed.identity = replace(claimed.identity, dtype="float32")
    assert failures(check_model(claimed, structures)) == {"dtype honoured"}


def test_pairs_that_change_the_energy_are_found(
    pair_model: Callable[..., Any], structures: dict[str, Atoms]
) -> None:
    class Misled(Wrapped):
        def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> list[Evaluation]:
            extra = 0 if asked.get("pairs") is None else 1e-6
            found = super().evaluate(structures, **asked)
            return [replace(one, energy_eV=one.energy_eV + extra) for one in found]

    report = check_model(Misled(pair_model()), structures)
    assert failures(report) == {"pairs given = pairs found"}


def test_model_without_stress_is_not_applicable(pair_model: Callable[..., Any]) -> None:
    class NoStress(Wrapped):
        def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> Any:
            if asked.get("stress"):
                raise MissingPropertyError("pair has no stress.")
            return super().evaluate(structures, **asked)

    report = check_model(NoStress(pair_model()), {"MgO": examination_structures()["MgO"]})
    [check] = [check for check in report.checks if check.name.startswith("stress")]
    assert (check.applies, check.passed, check.detail) == (False, True, "pair has no stress.")
    assert report.passed


def test_stress_that_cannot_be_evaluated_fails(pair_model: Callable[..., Any]) -> None:
    class NotFinite(Wrapped):
        def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> Any:
            if asked.get("stress"):
                raise ModelError("pair gave a stress that is not finite.")
            return super().evaluate(structures, **asked)

    report = check_model(NotFinite(pair_model()), {"MgO": examination_structures()["MgO"]})
    [check] = report.failures
    assert (check.name, check.measured) == ("stress = dE/dε / V", np.inf)
    assert check.detail == "pair gave a stress that is not finite."


def test_stress_of_an_ase_calculator_may_be_missing(pair_model: Callable[..., Any]) -> None:
    class WithoutStress(EMT):
        implemented_properties = ("energy", "free_energy", "forces")

    report = check_model(AseModel(WithoutStress()), {"Cu": bulk("Cu")})
    assert report.passed, str(report)
    [check] = [check for check in report.checks if check.name.startswith("stress")]
    assert not check.applies


def test_large_structures_are_examined_for_what_needs_them(pair_model: Callable[..., Any]) -> None:
    large = examination_structures()["MgO"] * (3, 3, 3)
    report = check_model(pair_model(), {"large": large})
    assert [check.name for check in report.checks] == ["forces = -dE/dr", "curvature smooth"]
    assert report.passed


def test_report_is_a_table_that_names_the_failures(pair_model: Callable[..., Any]) -> None:
    model = Wrapped(pair_model(), evaluation=turn_stress)
    structures = {name: examination_structures()[name] for name in ("MgO", "CO2")}
    report = check_model(model, structures)
    lines = str(report).splitlines()
    assert lines[0] == "pair, float64 on cpu"
    assert len(lines) == 1 + 2 * ALL_CHECKS
    [failed] = [line for line in lines if "FAILED" in line]
    assert "stress = dE/dε / V" in failed
    assert "MgO" in failed
    assert any("not applicable" in line and "no volume" in line for line in lines)
    assert report.provenance.settings == {"structures": ["MgO", "CO2"]}


def test_examination_leaves_the_structures_alone(pair_model: Callable[..., Any]) -> None:
    atoms = examination_structures()["Si"]
    before = atoms.copy()
    check_model(pair_model(), {"Si": atoms})
    assert atoms == before
