"""Density functionals and Hartree-Fock of PySCF behind the contract."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from nearsight.derivatives.differences import SCHEMES
from nearsight.errors import MethodError, MissingPropertyError, ModelError
from nearsight.hessian import hessian
from nearsight.hessian.rows.budget import Room
from nearsight.hessian.rows.choice import RowRequest, choose_rows, require_rows
from nearsight.hessian.rows.kinds import Differences
from nearsight.models.contract import Model
from nearsight.models.registry import load_model
from nearsight.relaxation import RelaxationSettings
from nearsight.testing import check_model
from nearsight.testing.structures import displaced, examination_structures
from nearsight.vibrations import vibrations

pytest.importorskip("pyscf", reason="PySCF is not installed (nearsight models install pyscf)")

SMALL = "pyscf:pbe/sto-3g"
SEEDS = [(0, np.array([0.6, 0.0, 0.8])), (1, np.array([0.0, 1.0, 0.0]))]


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(SMALL)


@pytest.mark.slow
def test_it_keeps_the_contract(model: Model) -> None:
    cases = examination_structures()
    report = check_model(model, {"LiH": molecule("LiH"), "MgO": cases["MgO"]})
    assert report.passed, str(report)
    [of_crystal] = [check for check in report.checks if check.structure == "MgO"]
    assert of_crystal.detail == "the model is for molecules only"


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("pyscf:hf/sto-3g", 1e-3),  # truncation of the differences
        (SMALL, 0.03),  # and the grid, which the analytic rows hold still
    ],
)
def test_analytic_rows_are_differences(name: str, tolerance: float, displaced_water: Atoms) -> None:
    model = load_model(name)
    analytic = np.array(list(model.rows(displaced_water, SEEDS)))
    differences = Differences(SCHEMES["central-difference"], 1e-3)
    found = np.array(list(differences.rows(displaced_water, model, SEEDS)))
    assert np.abs(analytic).max() > 10
    assert np.abs(analytic - found).max() < tolerance
    assert np.abs(analytic.sum(axis=1)).max() < tolerance


def test_rows_are_those_of_its_own_hessian(displaced_water: Atoms) -> None:
    from ase.units import Bohr, Hartree

    from nearsight.models.families.pyscf.scf import Densities, Method

    method = Method("hf", "hf", "sto-3g")
    own = Densities(method).of(displaced_water).Hessian().kernel() * Hartree / Bohr**2
    found = hessian(displaced_water, load_model("pyscf:hf/sto-3g"), row_symmetry_A=None)
    assert np.abs(found.matrix_eV_per_A2 - own.transpose(0, 2, 1, 3)).max() < 5e-4
    assert found.asymmetry_eV_per_A2 < 5e-4


@pytest.mark.parametrize("options", ["?charge=1&spin=2", "?grid_response=true"])
def test_where_there_are_no_analytic_rows_differences_say_so(
    options: str, displaced_water: Atoms
) -> None:
    model = load_model(f"{SMALL}{options}")
    room = Room(n_atoms=3, force_call_bytes=0, budget_bytes=0)
    chosen = choose_rows(RowRequest(model, "auto", None, 1.0, room))
    assert isinstance(chosen, Differences)
    assert chosen.reason == f"{SMALL} cannot be differentiated twice"
    with pytest.raises(MethodError, match="cannot be differentiated twice"):
        require_rows(model, "rows", None)
    [row] = model.rows(displaced_water, SEEDS[:1])
    [other] = chosen.rows(displaced_water, model, SEEDS[:1])
    assert np.abs(row - other).max() < 1e-3
    vector = np.zeros((1, 3, 3))
    vector[0, 0] = SEEDS[0][1]
    assert np.abs(model.linearize(displaced_water)(vector)[0] - row).max() < 1e-3


def test_with_the_response_of_the_grid_no_force_is_left(displaced_water: Atoms) -> None:
    net = [
        np.abs(load_model(name).evaluate([displaced_water])[0].forces_eV_per_A.sum(axis=0)).max()
        for name in (SMALL, f"{SMALL}?grid_response=true")
    ]
    assert net[1] < 1e-8 < net[0] < 1e-3


def test_forces_on_finer_grids_sum_to_less(displaced_water: Atoms) -> None:
    net = []
    for level in (1, 4, 7):
        model = load_model(f"{SMALL}?grid_level={level}")
        assert model.identity.options["grid_level"] == level
        [found] = model.evaluate([displaced_water])
        net.append(np.abs(found.forces_eV_per_A.sum(axis=0)).max())
    assert net[0] > 3 * net[1] > 9 * net[2]


def test_water_vibrates_as_hartree_fock_has_it() -> None:
    from nearsight.relaxation import relax

    model = load_model("pyscf:hf/6-31g*")
    relaxed = relax(molecule("H2O"), model, RelaxationSettings(fmax_eV_per_A=1e-3)).atoms
    waves = np.sort(vibrations(hessian(relaxed, model)).wavenumbers_per_cm)[-3:]
    # Hehre, Radom, Schleyer, Pople, Ab Initio Molecular Orbital Theory (1986): HF/6-31G* with six
    # Cartesian d functions, with which PySCF gives 1826.5, 4070.1 and 4188.3; here there are five.
    assert waves == pytest.approx([1827, 4070, 4188], abs=18)


def test_the_density_before_changes_no_number(displaced_water: Atoms) -> None:
    moved = displaced_water.copy()
    moved.positions[0, 0] += 0.01
    fresh, led = load_model(SMALL), load_model(SMALL)
    led.evaluate([displaced_water])
    [one], [other] = fresh.evaluate([moved]), led.evaluate([moved])
    assert np.abs(one.forces_eV_per_A - other.forces_eV_per_A).max() < 1e-6


def test_dispersion_attracts() -> None:
    argon = [Atoms("Ar2", positions=[[0, 0, 0], [0, 0, distance]]) for distance in (4.0, 12.0)]
    plain, with_d3 = load_model(SMALL), load_model(f"{SMALL}?dispersion=d3bj")
    added = [
        b.energy_eV - a.energy_eV
        for a, b in zip(plain.evaluate(argon), with_d3.evaluate(argon), strict=True)
    ]
    assert added[0] < 5 * added[1] < 0
    assert with_d3.facts.level_of_theory == "PBE-D3BJ (sto-3g)"


def test_crystals_and_stresses_are_refused(model: Model) -> None:
    boxed = molecule("H2O", cell=[9] * 3, pbc=True)
    with pytest.raises(ModelError, match=r"periodic; cut a fragment"):
        model.evaluate([boxed])
    with pytest.raises(MissingPropertyError, match="no stress"):
        model.evaluate([molecule("H2O")], stress=True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pyscf:nonsense/def2-svp", "no functional 'nonsense'"),
        ("pyscf:pbe/nonsense", "no basis 'nonsense'"),
        ("pyscf:pbe", "functional and a basis"),
        ("pyscf:pbe/sto-3g?grid_response=maybe", "neither true nor false"),
        ("pyscf:pbe/sto-3g?grid_level=10", "choose 0 to 9"),
        ("pyscf:pbe/sto-3g?dispersion=d9", "dispersion=d9"),
        ("pyscf:pbe/sto-3g?spin=0", "no multiplicity"),
    ],
)
def test_what_is_not_known_is_refused(name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_model(name)


def test_electrons_and_elements_must_fit(model: Model) -> None:
    with pytest.raises(ModelError, match=r"spin=2"):
        model.evaluate([molecule("CH3")])
    with pytest.raises(ModelError, match="does not know Pb"):
        model.evaluate([Atoms("Pb")])


def test_a_density_that_does_not_converge_is_an_error(model: Model) -> None:
    from nearsight.models.families.pyscf.load import PyscfModel
    from nearsight.models.families.pyscf.scf import Method

    method = replace(Method(SMALL, "pbe", "sto-3g", charge=-1, multiplicity=2), max_cycles=2)
    hasty = PyscfModel(method, frozenset({1, 8}))
    message = r"pbe/sto-3g did not converge on H2O with charge -1 and multiplicity 2 in 2 cycles"
    with pytest.raises(ModelError, match=message):
        hasty.evaluate([displaced(molecule("H2O"))])


def test_energies_alone_take_no_gradient(displaced_water: Atoms) -> None:
    model = load_model("pyscf:hf/sto-3g")
    density = type(model._densities.of(displaced_water))
    gradients = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(density, "nuc_grad_method", lambda *_: gradients.append(1))
        [alone] = model.evaluate([displaced_water], forces=False)
    assert gradients == []
    [beside] = model.evaluate([displaced_water])
    assert alone.forces_eV_per_A is None
    assert alone.energy_eV == beside.energy_eV  # of one density
