"""Any ASE calculator as a model."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import (
    CalculationFailed,
    Calculator,
    CalculatorSetupError,
    PropertyNotImplementedError,
)
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.mixing import LinearCombinationCalculator, SumCalculator
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms, Hookean
from ase.vibrations import Vibrations

from nearsight.errors import MethodError, MissingPropertyError, ModelError
from nearsight.hessian.matrix import hessian
from nearsight.models.contract import Model
from nearsight.models.engines.ase_model import AseModel


class Failing(Calculator):
    """A calculator that always ends with the same error."""

    implemented_properties = ("energy", "forces")

    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self.failure = failure

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = (),
        system_changes: Sequence[str] = (),
    ) -> None:
        raise self.failure


@pytest.fixture
def copper() -> Atoms:
    """Four copper atoms off their places."""
    atoms = bulk("Cu", "fcc", a=3.7, cubic=True)
    atoms.rattle(0.05, seed=1)
    return atoms


def test_gives_what_the_calculator_gives(copper: Atoms) -> None:
    model = AseModel(EMT())
    assert isinstance(model, Model)
    first, second = model.evaluate([copper, copper * (2, 1, 1)], stress=True)
    reference = copper.copy()
    reference.calc = EMT()
    assert first.energy_eV == reference.get_potential_energy()
    np.testing.assert_array_equal(first.forces_eV_per_A, reference.get_forces())
    np.testing.assert_array_equal(first.stress_eV_per_A3, reference.get_stress())
    assert second.energy_eV == pytest.approx(2 * first.energy_eV, abs=1e-9)
    assert model.evaluate([copper])[0].stress_eV_per_A3 is None


def test_nothing_is_assumed_about_a_calculator() -> None:
    model = AseModel(EMT())
    assert (model.identity.name, model.identity.dtype) == ("ase:emt", "unknown")
    stated = model.capabilities
    assert not stated.differentiable
    assert not stated.atomic_energies
    for name in ("conservative", "equivariant", "size_consistent", "curvature_smooth", "elements"):
        assert getattr(stated, name) is None


def test_rows_agree_with_ases_own_vibrations(
    copper: Atoms, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = AseModel(EMT())
    rows = list(model.rows(copper, [(i, unit) for i in range(4) for unit in np.eye(3)]))
    reference = copper.copy()
    reference.calc = EMT()
    vibrations = Vibrations(reference, delta=0.01)
    vibrations.run()
    # ASE takes the symmetric part; both are central differences at the same step.
    expected = vibrations.get_vibrations().get_hessian_2d()
    square = np.stack(rows).reshape(12, 12)
    np.testing.assert_allclose((square + square.T) / 2, expected, atol=1e-9)
    computed = hessian(copper, model)
    assert (computed.method, computed.step_A) == ("central-difference", 0.01)
    np.testing.assert_allclose(computed.matrix_eV_per_A2.reshape(12, 12), square, atol=1e-9)


def test_products_are_sums_of_rows(copper: Atoms) -> None:
    model = AseModel(EMT())
    rows = np.stack(list(model.rows(copper, [(i, e) for i in range(4) for e in np.eye(3)])))
    vector = np.random.default_rng(0).normal(size=(1, 4, 3))
    expected = (vector.ravel() @ rows.reshape(12, 12)).reshape(4, 3)
    np.testing.assert_allclose(model.linearize(copper)(vector)[0], expected, atol=5e-3)


def test_spring_constant_of_lennard_jones_argon() -> None:
    # At the minimum of 4ε((σ/r)¹² - (σ/r)⁶) the curvature is 72 ε / (2^(1/3) σ²).
    epsilon, sigma = 0.0104, 3.4
    calculator = LennardJones(sigma=sigma, epsilon=epsilon, rc=100.0)
    dimer = Atoms("Ar2", positions=[(0, 0, 0), (0, 0, 2 ** (1 / 6) * sigma)])
    [row] = AseModel(calculator).rows(dimer, [(0, np.array([0.0, 0.0, 1.0]))])
    expected = 72 * epsilon / (2 ** (1 / 3) * sigma**2)
    assert row[:, 2] == pytest.approx([expected, -expected], rel=1e-3)


def test_what_is_not_implemented_is_refused_by_name() -> None:
    atoms = Atoms("Ar2", positions=[(0, 0, 0), (0, 0, 4)], cell=[9, 9, 9], pbc=True)
    without_stress = SinglePointCalculator(atoms, energy=1.0, forces=np.zeros((2, 3)))
    model = AseModel(without_stress, name="stored")
    assert model.evaluate([atoms])[0].energy_eV == 1.0
    with pytest.raises(MissingPropertyError, match=r"stored has no stress, .*`cell` fixed"):
        model.evaluate([atoms], stress=True)


@pytest.mark.parametrize("given", [("energy", "forces"), ("energy",)])
def test_what_a_calculator_does_not_list_is_named(given: tuple[str, ...]) -> None:
    class Listed(Calculator):
        implemented_properties = given

        def calculate(self, atoms=None, properties=(), system_changes=()):
            super().calculate(atoms, properties, system_changes)
            self.results = {"energy": 0.0, "forces": np.zeros((len(self.atoms), 3))}

    missing = "stress, without which a crystal" if "forces" in given else r"forces\."
    with pytest.raises(MissingPropertyError, match=f"mine has no {missing}"):
        AseModel(Listed(), name="mine").evaluate([bulk("Cu", "fcc", a=3.6)], stress=True)


@pytest.mark.parametrize(
    "failure",
    [
        CalculationFailed("SCF did not converge"),
        CalculatorSetupError("SCF did not converge"),
        NotImplementedError("SCF did not converge"),
        ValueError("SCF did not converge"),
        KeyError("SCF did not converge"),
    ],
)
def test_failures_of_a_calculator_name_it_and_the_structure(failure: Exception) -> None:
    model = AseModel(Failing(failure), name="dft")
    with pytest.raises(ModelError, match=r"dft failed on H2O: .*SCF did not converge") as error:
        model.evaluate([Atoms("H2O", positions=np.eye(3))])
    assert error.value.__cause__ is failure


def test_missing_property_is_told_from_a_failure() -> None:
    model = AseModel(Failing(PropertyNotImplementedError("forces")), name="dft")
    with pytest.raises(MissingPropertyError, match=r"dft has no forces\."):
        model.evaluate([Atoms("H")])


@pytest.mark.parametrize(
    "failure", [ZeroDivisionError("SCF"), TypeError("SCF"), OSError("SCF"), AssertionError("SCF")]
)
def test_whatever_a_calculator_raises_is_its_answer(failure: Exception) -> None:
    name = type(failure).__name__
    with pytest.raises(ModelError, match=f"dft failed on H: {name}: SCF") as error:
        AseModel(Failing(failure), name="dft").evaluate([Atoms("H")])
    assert error.value.__cause__ is failure


def test_interruptions_and_own_errors_pass_through() -> None:
    for failure in (KeyboardInterrupt(), SystemExit(), MethodError("refused")):
        with pytest.raises(type(failure)):
            AseModel(Failing(failure)).evaluate([Atoms("H")])  # type: ignore[arg-type]


def test_numbers_that_are_not_finite_are_refused() -> None:
    atoms = Atoms("Ar")
    calculator = SinglePointCalculator(atoms, energy=np.nan, forces=np.zeros((1, 3)))
    with pytest.raises(ModelError, match="energy nan for Ar"):
        AseModel(calculator).evaluate([atoms])


def test_parameters_are_recorded() -> None:
    options = AseModel(LennardJones(sigma=3.4, rc=9.0)).identity.options
    assert (options["sigma"], options["rc"]) == (3.4, 9.0)
    calculator = EMT()
    calculator.parameters["odd"] = {1, 2}.__class__
    assert AseModel(calculator).identity.options["odd"] == "<class 'set'>"
    other = AseModel(LennardJones(sigma=3.5, rc=9.0)).identity
    assert other != AseModel(LennardJones(sigma=3.4, rc=9.0)).identity


def test_parameters_are_those_of_now() -> None:
    calculator = LennardJones(sigma=3.4)
    model = AseModel(calculator)
    before = model.identity
    calculator.set(sigma=3.5)
    assert (before.options["sigma"], model.identity.options["sigma"]) == (3.4, 3.5)
    assert model.identity != before


def test_parts_of_a_calculator_are_recorded() -> None:
    def options(sigma: float, weight: float) -> dict[str, Any]:
        mixed = LinearCombinationCalculator([LennardJones(sigma=sigma), EMT()], [weight, 1.0])
        return dict(AseModel(SumCalculator([mixed, EMT()])).identity.options)

    found = options(3.4, 0.5)
    assert found["weights"] == [1.0, 1.0]
    first, second = found["parts"]
    assert second == 'EMT {"asap_cutoff": false}'
    assert first.startswith("LinearCombinationCalculator {")
    assert "LennardJones" in first
    assert '\\"sigma\\": 3.4' in first
    assert options(3.4, 0.5) == found
    assert options(3.5, 0.5) != found
    assert options(3.4, 0.6) != found
    assert json.loads(json.dumps(found)) == found


def test_a_calculator_around_another_records_it() -> None:
    inner = EMT()
    outer = Failing(ValueError())
    outer.inner, inner.outer = inner, outer
    assert AseModel(outer).identity.options == {"parts": ['EMT {"asap_cutoff": false}']}


def test_options_are_the_same_in_every_process() -> None:
    class Odd:
        pass

    def options() -> dict[str, Any]:
        calculator = EMT()
        calculator.parameters.update(
            instance=Odd(),
            function=lambda: 0,
            nested={"deep": [Odd(), np.arange(3)]},
            array=np.arange(2000),
            chosen={"b", "a", "c"},
            pair=(1, 2),
            inner=EMT(),
        )
        return dict(AseModel(calculator).identity.options)

    found = options()
    assert "0x" not in json.dumps(found)
    assert found == options()
    assert found["array"] == list(range(2000))
    assert (found["chosen"], found["pair"]) == (["'a'", "'b'", "'c'"], [1, 2])
    assert found["nested"]["deep"][1] == [0, 1, 2]
    assert (found["inner"], found["parts"]) == ("EMT", ['EMT {"asap_cutoff": false}'])


@pytest.mark.parametrize("dtype", ["float64", "float32", "unknown"])
def test_precision_may_be_stated(dtype: str) -> None:
    assert AseModel(EMT(), dtype=dtype).identity.dtype == dtype


def test_other_precisions_are_refused() -> None:
    with pytest.raises(ModelError, match=r"`dtype` 'double' .* float64, float32, unknown"):
        AseModel(EMT(), dtype="double")


def test_energy_is_the_one_whose_gradient_the_forces_are() -> None:
    class Smeared(LennardJones):
        implemented_properties = ("energy", "free_energy", "forces")

        def calculate(self, *arguments: Any, **named: Any) -> None:
            super().calculate(*arguments, **named)
            self.results["energy"] += 7.0

    argon = Atoms("Ar2", positions=[(0, 0, 0), (0, 0, 1.2)])
    [found] = AseModel(Smeared()).evaluate([argon])
    [expected] = AseModel(LennardJones()).evaluate([argon])
    assert found.energy_eV == expected.energy_eV
    # One that names the free energy and has none still has an energy.
    stored = SinglePointCalculator(argon, energy=1.0, forces=np.zeros((2, 3)))
    stored.implemented_properties = ("energy", "free_energy", "forces")
    assert AseModel(stored).evaluate([argon])[0].energy_eV == 1.0


def test_constraints_change_no_derivative(copper: Atoms) -> None:
    model = AseModel(EMT())
    [free] = model.evaluate([copper], stress=True)
    held = copper.copy()
    held.set_constraint([FixAtoms([0, 1]), Hookean(0, 2, k=5.0, rt=0.1)])
    [found] = model.evaluate([held], stress=True)
    assert found.energy_eV == free.energy_eV
    np.testing.assert_array_equal(found.forces_eV_per_A, free.forces_eV_per_A)
    np.testing.assert_array_equal(found.stress_eV_per_A3, free.stress_eV_per_A3)
    assert len(held.constraints) == 2


def test_no_structures_have_no_evaluations() -> None:
    assert AseModel(Failing(ValueError())).evaluate([]) == []


def test_what_differences_cannot_do_is_refused(copper: Atoms) -> None:
    model = AseModel(EMT())
    with pytest.raises(MethodError, match="batch_size=1"):
        list(model.rows(copper, [(0, np.eye(3)[0])], batch_size=2))
    with pytest.raises(MethodError, match="strain need a differentiable model"):
        model.linearize(copper, strain=True)(np.zeros((1, 18)))


class _Faulty(Calculator):
    """What a calculator under development may give."""

    implemented_properties = ("energy", "forces", "stress")

    def __init__(self, **results: Any) -> None:
        super().__init__()
        self.given = results

    def calculate(self, *arguments: Any, **settings: Any) -> None:
        super().calculate(*arguments, **settings)
        assert self.atoms is not None
        sound = {"energy": -1.0, "forces": np.zeros((len(self.atoms), 3)), "stress": np.zeros(6)}
        self.results = sound | self.given


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ({"forces": np.zeros((3, 3))}, r"forces of shape \(3, 3\) for the 4 atoms"),
        ({"forces": np.zeros((5, 3))}, r"forces of shape \(5, 3\)"),
        ({"forces": np.zeros((4, 2))}, r"forces of shape \(4, 2\)"),
        ({"forces": np.zeros((4, 3), dtype=complex)}, r"forces that are no real numbers \(compl"),
        ({"forces": [[None] * 3] * 4}, r"forces that are no real numbers \(object"),
        ({"forces": np.full((4, 3), np.nan)}, "a force that is not finite"),
        ({"forces": np.full((4, 3), 1e300)}, r"as large as 1e\+300 and means nothing on atom 0"),
        ({"energy": 1e300}, r"the energy 1e\+300"),
        ({"energy": 1j}, "TypeError"),
        ({"energy": np.zeros(2)}, "failed on Cu4"),
        ({"energy": None}, "failed on Cu4"),
        ({"stress": np.zeros(6) + 1j}, "a stress that are no real numbers"),
        ({"stress": np.full(6, 1e300)}, r"a stress that is as large as 1e\+300"),
        ({"stress": np.zeros(5)}, "Cu4"),
    ],
)
def test_what_a_faulty_calculator_gives_is_named(results: dict[str, Any], said: str) -> None:
    model = AseModel(_Faulty(**results))
    with pytest.raises(ModelError, match=said):
        model.evaluate([bulk("Cu", cubic=True)], stress=True)
