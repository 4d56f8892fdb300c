"""Each structure is computed with its own charge and multiplicity, or refused by name."""

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT

from nearsight.errors import MethodError, ModelError, StructureError
from nearsight.hessian import hessian
from nearsight.models import AseModel, load_model
from nearsight.models.calculator import ModelCalculator
from nearsight.models.contract import Model
from nearsight.models.sums import SumModel

PairModel = Callable[..., Model]
CHARGED = {"charge": -1, "spin": 1}


def with_info(atoms: Atoms, **info: int) -> Atoms:
    atoms = atoms.copy()
    atoms.info |= info
    return atoms


@pytest.mark.parametrize(
    ("info", "what"), [({"charge": 1}, "charge 1"), ({"spin": 3}, "multiplicity 3")]
)
def test_a_model_without_charges_refuses_each_question_about_an_ion(
    pair_model: PairModel, info: dict[str, int], what: str
) -> None:
    model, ion = pair_model(), with_info(molecule("CO2"), **info)
    said = rf"CO2 has the {what} .*, of which pair.* \(family \w+\) knows nothing: .*gfn2-xtb"
    for ask in (
        lambda: model.evaluate([molecule("CO2"), ion]),
        lambda: next(iter(model.rows(ion, [(0, np.array([1.0, 0, 0]))]))),
        lambda: model.linearize(ion),
        lambda: SumModel([model, model]).evaluate([ion]),
        lambda: hessian(ion, model, progress=False),
    ):
        with pytest.raises(ModelError, match=said):
            ask()
    ion.calc = ModelCalculator(model)
    with pytest.raises(ModelError, match=said):
        ion.get_potential_energy()


def test_what_every_model_takes_a_structure_for_may_be_said(pair_model: PairModel) -> None:
    plain = molecule("CO2")
    [unsaid, said] = pair_model().evaluate([plain, with_info(plain, charge=0, spin=1)])
    assert said.energy_eV == unsaid.energy_eV


def test_a_charge_that_is_none_is_the_structure_s_fault(pair_model: PairModel) -> None:
    with pytest.raises(StructureError, match="whole number of elementary charges"):
        pair_model().evaluate([molecule("CO2", info={"charge": "plus"})])


def test_an_ase_calculator_makes_of_it_what_it_will() -> None:
    copper = bulk("Cu")
    model = AseModel(EMT())
    [plain, said] = model.evaluate([copper, with_info(copper, charge=1)])
    assert said.energy_eV == plain.energy_eV
    assert model.capabilities.takes_charge is None


def test_dispersion_depends_on_no_charge(request: pytest.FixtureRequest) -> None:
    pytest.importorskip("torch_dftd")
    water = molecule("H2O")
    d3 = load_model("d3:pbe")
    [plain, said] = d3.evaluate([water, with_info(water, charge=-1, spin=2)])
    assert said.energy_eV == plain.energy_eV


@pytest.mark.parametrize("name", ["gfn2-xtb", "pyscf:hf/sto-3g"])
def test_the_structure_s_charge_is_that_of_a_name(name: str) -> None:
    """One model computes what three would, in any order."""
    pytest.importorskip("tblite" if "xtb" in name else "pyscf")
    hydroxyl = molecule("OH")
    states = [{"charge": -1, "spin": 1}, {"charge": 0, "spin": 2}, {"charge": 1, "spin": 3}]
    named = [
        load_model(f"{name}?charge={one['charge']}&spin={one['spin']}").evaluate([hydroxyl])[0]
        for one in states
    ]
    model = load_model(name)
    for order in ((0, 1, 2), (2, 0, 1), (1, 1, 0)):
        own = model.evaluate([with_info(hydroxyl, **states[index]) for index in order])
        for index, one in zip(order, own, strict=True):
            assert one.energy_eV == pytest.approx(named[index].energy_eV, abs=1e-6)
            np.testing.assert_allclose(one.forces_eV_per_A, named[index].forces_eV_per_A, atol=1e-4)
    assert len({round(one.energy_eV, 3) for one in named}) == len(states)
    assert model.identity == load_model(name).identity  # computing ions leaves it what it was


@pytest.mark.parametrize("name", ["gfn2-xtb", "gfn2-xtb+d3:pbe", "pyscf:hf/sto-3g"])
def test_name_and_structure_must_agree(name: str) -> None:
    pytest.importorskip("tblite" if "xtb" in name else "pyscf")
    base, plus, tail = name.partition("+")
    model = load_model(f"{base}?charge=-1{plus}{tail}")
    ion = with_info(molecule("OH"), **CHARGED)
    [said] = model.evaluate([ion])
    [unsaid] = model.evaluate([molecule("OH")])
    assert said.energy_eV == pytest.approx(unsaid.energy_eV, abs=1e-6)
    ion.info["charge"] = 1
    with pytest.raises(ModelError, match=r"HO says charge 1 in its info, .* with charge=-1"):
        model.evaluate([ion])


def test_a_sum_takes_a_charge_if_its_main_part_does() -> None:
    pytest.importorskip("tblite")
    model = load_model("gfn2-xtb+d3:pbe")
    ion = with_info(molecule("OH"), **CHARGED)
    apart = [load_model(name).evaluate([ion])[0].energy_eV for name in ("gfn2-xtb", "d3:pbe")]
    assert model.evaluate([ion])[0].energy_eV == pytest.approx(sum(apart), abs=1e-6)
    assert model.capabilities.takes_charge


def test_second_derivatives_are_those_of_the_ion() -> None:
    pytest.importorskip("tblite")
    hydroxyl = molecule("OH")
    named = hessian(hydroxyl, load_model("gfn2-xtb?charge=-1"), progress=False)
    own = hessian(with_info(hydroxyl, **CHARGED), load_model("gfn2-xtb"), progress=False)
    np.testing.assert_allclose(own.matrix_eV_per_A2, named.matrix_eV_per_A2, atol=1e-3)
    assert own.atoms.info == CHARGED


def test_analytic_rows_of_an_open_shell_need_its_multiplicity_in_the_name() -> None:
    pytest.importorskip("pyscf")
    model = load_model("pyscf:hf/sto-3g")
    with pytest.raises(MethodError, match=r"O2 has the multiplicity 3: .*\?spin=3"):
        model.linearize(molecule("O2", info={"spin": 3}))
