"""SchNet and PaiNN behind the contract, against the calculator of their own package."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.derivatives.differences import SCHEMES
from nearsight.errors import ModelError
from nearsight.hessian.rows.kinds import Differences
from nearsight.models.contract import Model
from nearsight.models.registry import load_model
from nearsight.testing import check_model

# By itself SchNetPack cannot be imported under PyTorch 2.13.
pytest.importorskip(
    "nearsight.models.families.schnetpack.importing",
    reason="SchNetPack is not installed (nearsight models install schnetpack)",
    exc_type=ModuleNotFoundError,
)
# SchNetPack's own calculator, the reference of ours, hands tensors to ASE.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")

CUTOFF = 4.0
UNITS = "energy_unit=kcal/mol&length_unit=Ang"
DIRECTIONS = [(0, np.array([0.6, 0.0, 0.8])), (1, np.array([0.0, 1.0, 0.0]))]


def network(kind: str = "SchNet", **settings: Any) -> Any:
    """A tiny random model; `settings` are those of NeuralNetworkPotential."""
    from schnetpack.nn import CosineCutoff, GaussianRBF

    from nearsight.models.families.schnetpack.importing import (
        NeuralNetworkPotential,
        atomistic,
        representation,
    )

    torch.manual_seed(5)
    features = getattr(representation, kind)(
        n_atom_basis=16,
        n_interactions=2,
        radial_basis=GaussianRBF(12, CUTOFF),
        cutoff_fn=CosineCutoff(CUTOFF),
    )
    settings = {
        "input_modules": [atomistic.PairwiseDistances()],
        "output_modules": [atomistic.Atomwise(16, output_key="energy"), atomistic.Forces()],
        "representation": features,
        **settings,
    }
    return NeuralNetworkPotential(**settings)


def offsets() -> list[Any]:
    """What SchNetPack does to an energy after training: a scale, a mean and free atoms."""
    from nearsight.models.families.schnetpack.importing import transform

    steps = [
        transform.CastTo64(),
        transform.ScaleProperty("energy", scale=torch.tensor([2.5])),
        transform.AddOffsets("energy", add_mean=True, add_atomrefs=True),
    ]
    steps[2].mean = torch.tensor([-1.25])
    steps[2].atomref = torch.linspace(0, -9, 100)
    return steps


def saved(model: Any, folder: Path) -> Path:
    path = folder / "best_model"
    torch.save(model, path)
    return path


def loaded(path: Path, options: str = UNITS, dtype: str = "float64") -> Model:
    return load_model(f"schnetpack:{path}?{options}", dtype=dtype, device="cpu", trust=True)


def calculator(path: Path, dtype: str, units: tuple[str, str] = ("kcal/mol", "Ang")) -> Any:
    """SchNetPack's own, which cannot open its files with PyTorch's safe loading on."""
    from schnetpack.interfaces.ase_interface import SpkCalculator
    from schnetpack.md.utils import activate_model_stress
    from schnetpack.transform import MatScipyNeighborList

    class Calculator(SpkCalculator):  # type: ignore[misc]
        def _load_model(self, model_file: str) -> Any:
            model = torch.load(model_file, weights_only=False).double().eval()
            return activate_model_stress(model, self.stress_key)

    return Calculator(
        str(path),
        neighbor_list=MatScipyNeighborList(cutoff=CUTOFF),
        energy_unit=units[0],
        position_unit=units[1],
        stress_key="stress",
        dtype=getattr(torch, dtype),
    )


@pytest.fixture(scope="module", params=["SchNet", "PaiNN"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    return saved(network(request.param), folder)


def triclinic() -> Atoms:
    random = np.random.default_rng(4)
    cell = 4.2 * np.eye(3) + random.uniform(-0.8, 0.8, size=(3, 3))
    scaled = [[0, 0, 0], [0.5, 0.5, 0.4], [0.5, 0, 0.5], [0, 0.5, 0]]
    return Atoms("MgOMgO", scaled_positions=scaled, cell=cell, pbc=True)


def molecule_in_a_box() -> Atoms:
    atoms = molecule("CH3CH2OH")
    return Atoms(atoms.symbols, positions=atoms.positions + 8, cell=[18.0] * 3, pbc=True)


STRUCTURES: dict[str, Callable[[], Atoms]] = {
    "triclinic crystal": triclinic,
    "one atom with its images": lambda: bulk("Cu"),
    "supercell": lambda: bulk("MgO", "rocksalt", a=4.25).repeat((2, 1, 3)),
    "molecule in a box": molecule_in_a_box,
}


@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_energy_forces_and_stress_are_those_of_schnetpack(
    path: Path, dtype: str, build: Callable[[], Atoms]
) -> None:
    atoms = build()
    atoms.rattle(0.05, seed=3)
    reference = atoms.copy()
    reference.calc = calculator(path, dtype)
    [found] = loaded(path, dtype=dtype).evaluate([atoms], stress=True)
    energy, forces, stress = (
        reference.get_potential_energy(),
        reference.get_forces(),
        reference.get_stress(),
    )
    # ASE's units differ from those of 2019 by some parts in 10⁷.
    rounding = {"float64": 2e-8, "float32": 2e-6}[dtype]
    assert np.abs(forces).max() > 1e-4 or len(atoms) == 1
    assert found.energy_eV == pytest.approx(energy, rel=5e-7, abs=rounding)
    np.testing.assert_allclose(found.forces_eV_per_A, forces, rtol=0, atol=rounding)
    np.testing.assert_allclose(found.stress_eV_per_A3, stress, rtol=0, atol=rounding)
    assert found.atomic_energies_eV is not None
    assert found.atomic_energies_eV.sum() == pytest.approx(found.energy_eV)


def test_scales_and_offsets_are_those_of_schnetpack(tmp_path: Path) -> None:
    path = saved(network(postprocessors=offsets()), tmp_path)
    atoms = molecule_in_a_box()
    reference = atoms.copy()
    reference.calc = calculator(path, "float64")
    model = loaded(path)
    [found] = model.evaluate([atoms])
    assert found.energy_eV == pytest.approx(reference.get_potential_energy(), rel=5e-7)
    [bare] = loaded(saved(network(), tmp_path)).evaluate([atoms])
    offset = -1.25 * len(atoms) - 9 / 99 * atoms.numbers.sum()
    expected = 2.5 * bare.energy_eV + offset * 0.0433641
    assert found.energy_eV == pytest.approx(expected, abs=1e-5)
    # SchNetPack scales the energy after its forces were taken.
    expected = 2.5 * reference.get_forces()
    np.testing.assert_allclose(found.forces_eV_per_A, expected, rtol=0, atol=1e-7)


def test_units_of_length_and_energy_are_converted(tmp_path: Path) -> None:
    path = saved(network(), tmp_path)
    atoms = molecule("CH3CH2OH")
    [in_A] = loaded(path, "energy_unit=Ha&length_unit=Ang").evaluate([atoms])
    bohr = loaded(path, "energy_unit=eV&length_unit=Bohr")
    atoms.positions *= 0.529177210903
    [in_bohr] = bohr.evaluate([atoms])
    assert in_A.energy_eV == pytest.approx(27.211386245988 * in_bohr.energy_eV, rel=1e-8)
    slope = 27.211386245988 * 0.529177210903
    np.testing.assert_allclose(
        in_A.forces_eV_per_A, slope * in_bohr.forces_eV_per_A, rtol=1e-7, atol=1e-8
    )
    assert bohr.capabilities.cutoff_A == pytest.approx(CUTOFF * 0.529177210903)
    assert bohr.identity.options["length_unit"] == "Bohr"


def test_units_of_the_training_are_read_beside_the_model(tmp_path: Path) -> None:
    path = saved(network(), tmp_path)
    settings = "data:\n  distance_unit: Bohr\n  property_units:\n    energy: kJ/mol\n"
    (tmp_path / "config.yaml").write_text(settings)
    model = load_model(f"schnetpack:{path}", device="cpu", trust=True)
    assert model.identity.options == {
        "energy_unit": "kJ/mol",
        "length_unit": "Bohr",
        "energy_key": "energy",
    }
    named = loaded(path, "length_unit=Ang")  # the name goes first
    assert named.identity.options["length_unit"] == "Ang"
    assert named.identity.options["energy_unit"] == "kJ/mol"


@pytest.mark.parametrize("settings", ["- a list", "data: [1", "globals: {}"])
def test_settings_of_no_training_are_refused(tmp_path: Path, settings: str) -> None:
    path = saved(network(), tmp_path)
    (tmp_path / "config.yaml").write_text(settings)
    with pytest.raises(ModelError, match="settings of the training"):
        loaded(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("energy_unit=eV", "the units of .* are needed"),
        ("energy_unit=calories&length_unit=Ang", "'calories' is not possible"),
        ("unit=eV", "no option unit"),
    ],
)
def test_units_in_doubt_are_asked_for(tmp_path: Path, options: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        loaded(saved(network(), tmp_path), options)


@pytest.mark.parametrize(("dtype", "limit"), [("float64", 1e-8), ("float32", 2e-3)])
def test_rows_are_differences_of_forces_and_symmetric(path: Path, dtype: str, limit: float) -> None:
    atoms = triclinic()
    model = loaded(path, "energy_unit=eV&length_unit=Ang", dtype)
    scheme = SCHEMES["fourth-order"]
    step = scheme.float64_step_A if dtype == "float64" else scheme.float32_step_A
    rows = np.stack(list(model.rows(atoms, DIRECTIONS)))
    differences = np.stack(list(Differences(scheme, step).rows(atoms, model, DIRECTIONS)))
    assert np.abs(rows).max() > 0.01
    np.testing.assert_allclose(rows, differences, rtol=0, atol=max(limit, 1e-6))
    together = np.stack(list(model.rows(atoms, DIRECTIONS, batch_size=2)))
    np.testing.assert_allclose(together, rows, rtol=0, atol=limit)
    first, second = (direction for _, direction in DIRECTIONS)
    assert rows[0][1] @ second == pytest.approx(rows[1][0] @ first, abs=limit)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_conformance(path: Path, dtype: str) -> None:
    report = check_model(loaded(path, "energy_unit=eV&length_unit=Ang", dtype), progress=False)
    assert report.passed, str(report)


def test_painn_has_a_cusp_where_symmetry_holds_an_atom(tmp_path: Path) -> None:
    model = network("PaiNN")
    atoms = bulk("MgO", "rocksalt", a=4.25)
    seeds = [(0, np.array([1.0, 0.0, 0.0]))]
    units = "energy_unit=eV&length_unit=Ang"

    def diagonal(constant: float) -> tuple[float, float]:
        for mixing in model.representation.mixing:
            mixing.epsilon = constant
        rows = loaded(saved(model, tmp_path), units)
        differences = Differences(SCHEMES["central-difference"], 0.02).rows(atoms, rows, seeds)
        return next(iter(rows.rows(atoms, seeds)))[0, 0], next(iter(differences))[0, 0]

    analytic, felt = diagonal(1e-8)
    assert abs(analytic) > 3 * abs(felt)
    assert diagonal(1.0)[0] == pytest.approx(diagonal(1.0)[1], rel=0.02)
    assert loaded(saved(model, tmp_path), units).capabilities.curvature_smooth is False


def test_what_a_model_says_of_itself(tmp_path: Path) -> None:
    model = loaded(saved(network(), tmp_path))
    stated = model.capabilities
    assert stated.cutoff_A == CUTOFF
    assert stated.receptive_field_A == 2 * CUTOFF
    assert stated.elements == frozenset(range(1, 100))
    assert all((stated.conservative, stated.equivariant, stated.mirror_equivariant))
    assert model.facts.training_data is None


def test_pickles_need_trust(tmp_path: Path) -> None:
    path = saved(network(), tmp_path)
    with pytest.raises(ModelError, match="pickled checkpoint"):
        load_model(f"schnetpack:{path}?{UNITS}", device="cpu")


def test_files_that_are_no_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no SchNetPack model"):
        loaded(tmp_path / "missing")
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"no pickle")
    with pytest.raises(ModelError, match="is not a usable SchNetPack model"):
        loaded(damaged)
    with pytest.raises(ModelError, match=r"holds a dict and no NeuralNetworkPotential"):
        loaded(saved({"state_dict": {}}, tmp_path))


def test_energies_that_are_no_sum_over_atoms_are_refused(tmp_path: Path) -> None:
    from nearsight.models.families.schnetpack.importing import atomistic, transform

    mean = atomistic.Atomwise(16, output_key="energy", aggregation_mode="avg")
    with pytest.raises(ModelError, match="only a sum of atomic energies"):
        loaded(saved(network(output_modules=[mean]), tmp_path))
    offset = transform.AddOffsets("energy", add_mean=True, is_extensive=False)
    with pytest.raises(ModelError, match="does not leave 'energy' a sum"):
        loaded(saved(network(postprocessors=[offset]), tmp_path))
    both = [atomistic.Atomwise(16, output_key=key) for key in ("gap", "energy_U0")]
    path = saved(network(output_modules=both), tmp_path)
    with pytest.raises(ModelError, match="which is the energy"):
        loaded(path)
    chosen = loaded(path, f"{UNITS}&energy_key=energy_U0")
    assert chosen.identity.options["energy_key"] == "energy_U0"
    with pytest.raises(ModelError, match="has no output 'U0'"):
        loaded(path, f"{UNITS}&energy_key=U0")


def test_networks_of_more_than_the_structure_are_refused(tmp_path: Path) -> None:
    from nearsight.models.families.schnetpack.importing import atomistic

    with pytest.raises(ModelError, match="holds a Identity, which is not supported"):
        loaded(saved(network(representation=torch.nn.Identity()), tmp_path))
    filtered = [atomistic.PairwiseDistances(), atomistic.FilterShortRange(3.0)]
    with pytest.raises(ModelError, match="FilterShortRange"):
        loaded(saved(network(input_modules=filtered), tmp_path))
