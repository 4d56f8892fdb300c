"""A force field behind the contract: bodies, derivatives, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="force fields need PyTorch")

from ase import Atoms
from ase.build import bulk

from nearsight.derivatives.differences import SCHEMES, difference_rows
from nearsight.errors import ModelError
from nearsight.models.contract import forces_of
from nearsight.models.families.forcefield.ewald import COULOMB_EV_A
from nearsight.models.registry import load_model
from nearsight.structures.molecules import as_framework
from nearsight.structures.supercell import make_supercell
from nearsight.testing import check_model

TOML = """
[treatment]
cutoff_A = 7.0

[types]
Na = { epsilon_K = 65.0, sigma_A = 2.16, charge_e = 1.0 }
Cl = { epsilon_K = 50.0, sigma_A = 4.83, charge_e = -1.0 }
C = { epsilon_K = 27.0, sigma_A = 2.80, charge_e = 0.70 }
O = { epsilon_K = 79.0, sigma_A = 3.05, charge_e = -0.35 }

[molecules.CO2]
sites = [
  { type = "C", position_A = [0.0, 0.0, 0.0] },
  { type = "O", position_A = [0.0, 0.0, 1.16] },
  { type = "O", position_A = [0.0, 0.0, -1.16] },
]
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("forcefield") / "ions.toml"
    path.write_text(TOML)
    return path


def salt() -> Atoms:
    """Return a skew cell of rocksalt, a little distorted."""
    atoms = bulk("NaCl", "rocksalt", a=5.64) * (1, 2, 1)
    atoms.positions += np.random.default_rng(1).normal(scale=0.1, size=(len(atoms), 3))
    return atoms


def dry_ice(file: Path) -> Atoms:
    """Return molecules in a triclinic cell, one of them cut by its faces."""
    cell = np.array([[6.4, 0.0, 0.0], [0.9, 6.6, 0.0], [-0.7, 1.1, 6.9]])
    gas = load_model(f"forcefield:{file}").molecule("CO2")  # type: ignore[attr-defined]
    atoms = Atoms(cell=cell, pbc=True)
    for number, (angle, place) in enumerate([(30, (0.1, 0.2, 0.1)), (110, (0.6, 0.7, 0.55))], 1):
        one = gas.copy()
        one.rotate(angle, (1.0, 0.3, -0.2))
        one.positions += np.array(place) @ cell
        one.arrays["molecule"][:] = number
        atoms += one
    atoms.wrap()
    return atoms


def porous() -> Atoms:
    """Return a skew cell with ions around a void."""
    cell = np.array([[9.2, 0.0, 0.0], [1.1, 9.6, 0.0], [-0.8, 1.4, 10.1]])
    fractions = [(0, 0, 0), (0.28, 0.02, 0.0), (0.03, 0.26, 0.97), (0.3, 0.29, 0.04)]
    return Atoms("NaClClNa", scaled_positions=fractions, cell=cell, pbc=True)


def hosted(file: Path) -> Atoms:
    """Return a molecule in the void of a rigid framework."""
    host = as_framework(porous())
    guest = load_model(f"forcefield:{file}").molecule("CO2")  # type: ignore[attr-defined]
    guest.rotate(50, (0.2, 1.0, 0.3))
    guest.positions += np.array([0.6, 0.7, 0.5]) @ host.cell.array
    return host + guest


@pytest.mark.parametrize(
    "options", ["", "?truncation=force-shifted", "?tail=yes", "?truncation=shifted&coulomb=no"]
)
def test_it_keeps_the_contract(file: Path, options: str) -> None:
    structures = {
        "NaCl": bulk("NaCl", "rocksalt", a=5.64),
        "ions": Atoms("NaCl", [[0, 0, 0], [0.3, 0.2, 2.6]]),
    }
    report = check_model(load_model(f"forcefield:{file}{options}"), structures)
    assert report.passed, str(report)


@pytest.mark.parametrize("kind", ["salt", "dry ice", "guest in a framework"])
def test_rows_and_products_are_those_of_differences(file: Path, kind: str) -> None:
    model = load_model(f"forcefield:{file}?tail=yes")
    atoms = {"salt": salt, "dry ice": lambda: dry_ice(file)}.get(kind, lambda: hosted(file))()
    seeds = [(0, np.array([0.6, 0.0, 0.8])), (len(atoms) - 1, np.array([0.0, 1.0, 0.0]))]
    rows = np.array(list(model.rows(atoms, seeds)))

    def forces(structures: list[Atoms]) -> list[np.ndarray]:
        return [forces_of(one) for one in model.evaluate(structures)]

    expected = np.array(
        list(difference_rows(forces, atoms, seeds, SCHEMES["fourth-order"], 2e-3))  # type: ignore[arg-type]
    )
    assert rows == pytest.approx(expected, abs=1e-7)
    assert np.abs(rows).max() > 0.01
    vectors = np.random.default_rng(2).normal(size=(1, 3 * len(atoms) + 6))
    [product] = model.linearize(atoms, strain=True)(vectors)
    [plain] = model.linearize(atoms)(vectors[:, : 3 * len(atoms)].reshape(1, -1, 3))
    strain_free = np.zeros_like(vectors)
    strain_free[:, : 3 * len(atoms)] = vectors[:, : 3 * len(atoms)]
    [without] = model.linearize(atoms, strain=True)(strain_free)
    assert without[: 3 * len(atoms)] == pytest.approx(plain.reshape(-1), abs=1e-9)
    assert strain_free[0] @ product == pytest.approx(vectors[0] @ without, rel=1e-9)


def test_stress_of_cut_molecules_is_the_strain_derivative(file: Path) -> None:
    model = load_model(f"forcefield:{file}?truncation=force-shifted&accuracy=1e-13")
    atoms = dry_ice(file)
    [found] = model.evaluate([atoms], stress=True)
    assert found.stress_eV_per_A3 is not None
    random = np.random.default_rng(5).normal(size=(3, 3)) / 10
    strain = (random + random.T) / 2
    energies = []
    for step in (1e-4, -1e-4):
        strained = atoms.copy()
        strained.set_cell(atoms.cell @ (np.eye(3) + step * strain), scale_atoms=True)
        energies.append(model.evaluate([strained], forces=False)[0].energy_eV)
    voigt = found.stress_eV_per_A3
    work = voigt[:3] @ strain.diagonal() + 2 * voigt[3:] @ strain[[1, 0, 0], [2, 2, 1]]
    assert (energies[0] - energies[1]) / 2e-4 == pytest.approx(work * atoms.get_volume(), rel=1e-6)


def test_where_a_molecule_is_cut_decides_nothing(file: Path) -> None:
    model = load_model(f"forcefield:{file}")
    atoms = dry_ice(file)
    whole = atoms.copy()
    whole.positions += (
        np.array([[1, 0, 0], [0, -1, 0], [0, 0, 2], [0, 0, 0], [1, 1, 0], [-1, 0, 0]]) @ atoms.cell
    )
    [one], [other] = model.evaluate([atoms]), model.evaluate([whole])
    assert other.energy_eV == pytest.approx(one.energy_eV, abs=1e-11)
    assert forces_of(other) == pytest.approx(forces_of(one), abs=1e-10)


def test_a_supercell_of_molecules_is_so_many_cells(file: Path) -> None:
    model = load_model(f"forcefield:{file}?tail=yes")
    atoms = dry_ice(file)
    large = make_supercell(atoms, (2, 1, 3))
    assert sorted(set(large.arrays["molecule"])) == list(range(1, 13))
    [one], [six] = model.evaluate([atoms]), model.evaluate([large])
    assert six.energy_eV == pytest.approx(6 * one.energy_eV, abs=1e-9)
    assert forces_of(six)[:6] == pytest.approx(forces_of(one), abs=1e-9)


def test_two_charges_in_no_cell_have_their_coulomb_energy(file: Path) -> None:
    far = Atoms("NaCl", [[0, 0, 0], [0, 0, 40.0]])
    [found] = load_model(f"forcefield:{file}").evaluate([far])
    assert found.energy_eV == pytest.approx(-COULOMB_EV_A / 40.0, rel=1e-12)
    assert forces_of(found)[0, 2] == pytest.approx(COULOMB_EV_A / 1600.0, rel=1e-12)


def test_rigid_bodies_have_no_energy_alone(file: Path) -> None:
    model = load_model(f"forcefield:{file}?tail=yes")
    molecule = model.molecule("CO2")  # type: ignore[attr-defined]
    framework = as_framework(porous())
    for alone, size in ((molecule, 1e-15), (framework, 1e-9)):
        [found] = model.evaluate([alone])
        assert abs(found.energy_eV) < size
        assert np.abs(forces_of(found)).max() < size
    # In a crystal a molecule has its images.
    lonely = molecule.copy()
    lonely.cell, lonely.pbc = np.eye(3) * 40.0, True
    images = load_model(f"forcefield:{file}").evaluate([lonely], forces=False)[0].energy_eV
    # A quadrupole's energy falls like the fifth power of the distance.
    assert 0 < abs(images) < 1e-5


def test_frameworks_of_single_atoms_give_the_same_differences(file: Path) -> None:
    """Interactions within the framework are a constant, there or not."""
    model = load_model(f"forcefield:{file}?tail=yes")
    both = hosted(file)
    guest, rigid = both[both.arrays["molecule"] == 1], both[both.arrays["molecule"] == -1]
    loose = rigid.copy()
    del loose.arrays["molecule"]
    free = loose + guest
    assert (free.arrays["molecule"] == 0).sum() == len(loose)
    energies = [one.energy_eV for one in model.evaluate([both, rigid, free, loose], forces=False)]
    assert energies[0] - energies[1] == pytest.approx(energies[2] - energies[3], abs=1e-9)
    assert abs(energies[1]) < 1e-9 < abs(energies[3])
    on_guest = [forces_of(one)[-3:] for one in model.evaluate([both, free])]
    assert on_guest[0] == pytest.approx(on_guest[1], abs=1e-9)


def test_batches_may_mix_molecules_and_crystals(file: Path) -> None:
    model = load_model(f"forcefield:{file}?tail=yes")
    structures = [hosted(file), Atoms("NaCl", [[0, 0, 0], [0, 0, 2.4]]), dry_ice(file)]
    together = model.evaluate(structures)
    for atoms, found in zip(structures, together, strict=True):
        [alone] = model.evaluate([atoms])
        assert found.energy_eV == pytest.approx(alone.energy_eV, abs=1e-10)
        assert forces_of(found) == pytest.approx(forces_of(alone), abs=1e-10)


def test_slabs_of_charges_are_refused(file: Path) -> None:
    slab = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    slab.pbc = (True, True, False)
    with pytest.raises(ModelError, match="periodic in some directions only"):
        load_model(f"forcefield:{file}").evaluate([slab])
    load_model(f"forcefield:{file}?coulomb=no").evaluate([slab])


def test_the_right_one_of_a_batch_is_named(file: Path) -> None:
    with pytest.raises(ModelError, match=r"structure 1 of the batch, He: .* the element He"):
        load_model(f"forcefield:{file}").evaluate(
            [Atoms("NaCl", [[0, 0, 0], [0, 0, 3]]), Atoms("He")]
        )
