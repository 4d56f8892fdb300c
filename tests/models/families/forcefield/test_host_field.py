"""Energies of many guests at once are those of the force field's evaluations."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="force fields need PyTorch")

from ase import Atoms
from scipy.spatial.transform import Rotation

from nearsight.errors import ModelError, StructureError
from nearsight.models.families.forcefield.model import ForceFieldModel
from nearsight.models.registry import load_model
from nearsight.structures.molecules import as_framework
from nearsight.structures.supercell import make_supercell

TOML = """
[types]
Na = { epsilon_K = 65.0, sigma_A = 2.16, charge_e = 1.0 }
Cl = { epsilon_K = 50.0, sigma_A = 4.83, charge_e = -1.0 }
C_co2 = { epsilon_K = 27.0, sigma_A = 2.80, charge_e = 0.70, element = "C" }
O_co2 = { epsilon_K = 79.0, sigma_A = 3.05, charge_e = -0.35, element = "O" }
M = { interaction = "none", charge_e = -1.0 }
P = { interaction = "none", charge_e = 1.0 }

[[pairs]]
types = ["Na", "O_co2"]
a_eV = 2000.0
b_per_A = 3.9
c_eV_A6 = 30.0

[molecules.CO2]
sites = [
  { type = "C_co2", position_A = [0.0, 0.0, 0.0] },
  { type = "O_co2", position_A = [0.0, 0.0, 1.16] },
  { type = "O_co2", position_A = [0.0, 0.0, -1.16] },
]

[molecules.dipole]
sites = [{ type = "M", position_A = [0, 0, 0] }, { type = "P", position_A = [0, 0, 0.9] }]
"""


def model(folder: Path, options: str = "") -> ForceFieldModel:
    path = folder / "field.toml"
    path.write_text(TOML)
    loaded = load_model(f"forcefield:{path}?cutoff_A=7&{options or 'tail=no'}")
    assert isinstance(loaded, ForceFieldModel)
    return loaded


def host() -> Atoms:
    cell = np.array([[6.2, 0.0, 0.0], [1.1, 7.6, 0.0], [-0.8, 2.4, 8.1]])
    fractions = [(0.1, 0.1, 0.1), (0.48, 0.12, 0.0), (0.03, 0.46, 0.97), (1.4, -0.61, 0.14)]
    return Atoms("NaClClNa", scaled_positions=fractions, cell=cell, pbc=True)


def places(guest: Atoms, n: int) -> np.ndarray:
    """Return random places, some of them outside the cell."""
    random = np.random.default_rng(4)
    turned = np.einsum("sj,nij->nsi", guest.positions, Rotation.random(n, rng=random).as_matrix())
    centres = random.uniform(-1.5, 2.5, size=(n, 1, 3)) @ host().cell.array
    positions: np.ndarray = turned + centres
    return positions


@pytest.mark.parametrize(
    "options", ["", "tail=yes", "truncation=force-shifted", "coulomb=no&truncation=shifted"]
)
@pytest.mark.parametrize("name", ["CO2", "dipole"])
def test_interaction_energies_are_differences(tmp_path: Path, options: str, name: str) -> None:
    field = model(tmp_path, options)
    guest = field.molecule(name)
    positions = places(guest, 25)
    found = field.in_host(host()).energies_eV(guest, positions)
    framework = as_framework(make_supercell(host(), (2, 1, 1)))
    [alone] = field.evaluate([framework], forces=False)
    for energy, sites in zip(found, positions, strict=True):
        there = guest.copy()
        there.positions = sites
        there.cell, there.pbc = framework.cell, True
        both, images = field.evaluate([framework + there, there], forces=False)
        expected = both.energy_eV - alone.energy_eV - images.energy_eV
        assert energy == pytest.approx(expected, rel=1e-11, abs=1e-9)


def test_the_smallest_cell_does(tmp_path: Path) -> None:
    field = model(tmp_path, "tail=yes")
    guest = field.molecule("CO2")
    positions = places(guest, 200)
    found = field.in_host(host()).energies_eV(guest, positions)
    large = make_supercell(host(), (2, 3, 1))
    repeated = field.in_host(as_framework(large)).energies_eV(guest, positions)
    assert repeated == pytest.approx(found, rel=1e-11, abs=1e-10)
    moved = positions + np.array([1, -2, 5]) @ host().cell.array
    assert field.in_host(host()).energies_eV(guest, moved) == pytest.approx(found, rel=1e-9)


def test_a_molecule_may_be_told_by_its_elements(tmp_path: Path) -> None:
    field = model(tmp_path)
    positions = places(field.molecule("CO2"), 20)
    plain = Atoms("CO2", positions[0])
    found = field.in_host(host()).energies_eV(plain, positions)
    assert np.array_equal(
        found, field.in_host(host()).energies_eV(field.molecule("CO2"), positions)
    )


def test_guests_of_a_host_are_part_of_it(tmp_path: Path) -> None:
    field = model(tmp_path)
    guest = field.molecule("CO2")
    first = guest.copy()
    first.positions += np.array([0.55, 0.6, 0.55]) @ host().cell.array
    positions = places(guest, 30)
    empty, single = Atoms(cell=host().cell, pbc=True), field.in_host(host())
    of_first = field.in_host(empty + first).energies_eV(guest, positions)
    together = field.in_host(host() + first).energies_eV(guest, positions)
    expected = single.energies_eV(guest, positions) + of_first
    assert together == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_frameworks_need_no_parameters_for_themselves(tmp_path: Path) -> None:
    field = model(tmp_path)
    text = (
        TOML.replace("Cl = { epsilon_K = 50.0, sigma_A = 4.83, ", "Cl = { ")
        + """
[[pairs]]
types = ["Cl", "C_co2"]
epsilon_K = 36.74
sigma_A = 3.815
[[pairs]]
types = ["Cl", "O_co2"]
epsilon_K = 62.85
sigma_A = 3.94
"""
    )
    (tmp_path / "own.toml").write_text(text)
    own = load_model(f"forcefield:{tmp_path / 'own.toml'}?cutoff_A=7")
    assert isinstance(own, ForceFieldModel)
    guest = field.molecule("CO2")
    positions = places(guest, 20)
    found = own.in_host(host()).energies_eV(guest, positions)
    expected = field.in_host(host()).energies_eV(guest, positions)
    assert found == pytest.approx(expected, rel=1e-3)
    guest.positions = positions[0]
    rigid = as_framework(host())
    both, alone, images = own.evaluate([rigid + guest, rigid, guest], forces=False)
    assert abs(alone.energy_eV) < 1e-12
    assert np.isfinite(both.energy_eV)
    assert images.energy_eV == 0.0
    with pytest.raises(ModelError, match="for the type Cl, nor for the pair of Cl and Cl; give"):
        own.evaluate([host()])


def test_sites_that_meet_have_a_large_energy(tmp_path: Path) -> None:
    field = model(tmp_path)
    guest = field.molecule("CO2")
    on_top = (guest.positions + host().positions[1])[np.newaxis]
    [found] = field.in_host(host()).energies_eV(guest, on_top)
    assert np.isfinite(found)
    assert found > 1e6


def test_no_places_have_no_energies(tmp_path: Path) -> None:
    field = model(tmp_path)
    found = field.in_host(host()).energies_eV(field.molecule("CO2"), np.zeros((0, 3, 3)))
    assert found.shape == (0,)


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    field = model(tmp_path)
    guest = field.molecule("CO2")
    molecule = host()
    molecule.pbc = False
    with pytest.raises(ModelError, match="is not periodic in three directions"):
        field.in_host(molecule)
    with pytest.raises(ModelError, match=r"not \(n_places, 3, 3\): CO2 has 3 sites"):
        field.in_host(host()).energies_eV(guest, guest.positions)
    with pytest.raises(StructureError, match="position of guest site 1 is"):
        field.in_host(host()).energies_eV(
            guest, np.full((2, 3, 3), [[0.0] * 3, [np.nan] * 3, [0.0] * 3])
        )
    two = guest + guest
    two.arrays["molecule"][3:] = 2
    with pytest.raises(ModelError, match="is several molecules"):
        field.in_host(host()).energies_eV(two, np.zeros((1, 6, 3)))
    with pytest.raises(ModelError, match=r"has no molecule 'N2'; it has CO2, dipole\."):
        field.molecule("N2")
