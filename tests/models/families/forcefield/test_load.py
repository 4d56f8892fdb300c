"""Force fields by name."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="force fields need PyTorch")

from ase import Atoms
from scipy.spatial.transform import Rotation

from nearsight.errors import ModelError
from nearsight.models.families.forcefield.built_in import built_in
from nearsight.models.families.forcefield.model import ForceFieldModel
from nearsight.models.families.forcefield.parameters import Buckingham, LennardJones
from nearsight.models.registry import load_model
from nearsight.units import BOLTZMANN_EV_PER_K

ARGON = "[types]\nAr = { epsilon_K = 119.8, sigma_A = 3.405 }\n[treatment]\ncutoff_A = 10\n"


def load(name: str) -> ForceFieldModel:
    model = load_model(f"forcefield:{name}")
    assert isinstance(model, ForceFieldModel)
    return model


def test_several_make_one(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(ARGON)
    (tmp_path / "b.toml").write_text("[types]\nKr = { epsilon_K = 164, sigma_A = 3.83 }\n")
    model = load(f"{tmp_path}/a.toml+{tmp_path}/b.toml?coulomb=no&tail=yes")
    treatment = model.force_field.treatment
    assert (treatment.cutoff_A, treatment.coulomb, treatment.tail) == (10.0, False, True)
    assert model.capabilities.cutoff_A == 10.0
    dimer = Atoms("ArKr", [[0, 0, 0], [0, 0, (3.405 + 3.83) / 2 * 2 ** (1 / 6)]])
    expected = -np.sqrt(119.8 * 164) * BOLTZMANN_EV_PER_K
    assert model.evaluate([dimer])[0].energy_eV == pytest.approx(expected)


def test_the_digest_is_that_of_all_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(ARGON)
    first = load(f"{path}?coulomb=no").identity
    assert load(f"{path}?coulomb=no").identity == first
    assert load(f"{path}?coulomb=no&cutoff_A=9").identity != first
    path.write_text(ARGON.replace("119.8", "120"))
    assert load(f"{path}?coulomb=no").identity != first


def test_a_path_may_have_a_plus_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a+b.toml"
    path.write_text(ARGON)
    assert "Ar" in load(f"{path}?coulomb=no").force_field.types


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("uf", "no force field 'uf': it is neither a file or folder nor one of buch"),
        ("uff+uff", r"two of the force fields have Ag and .* \(types\); rename"),
        ("uff?cutoff_A=far", "cutoff_A=far of forcefield:uff is no number"),
        ("uff?cutoff_A=0", "cutoff_A is a length above 0 Å, not 0"),
        ("uff?tail=maybe", "tail=maybe of forcefield:uff is not yes or no"),
        ("uff?truncation=smooth", "truncation=smooth is not possible; choose cut, shifted"),
        ("uff?mixing=none", "mixing=none is not possible; choose lorentz"),
        ("uff?charges=none", "charges=none is not possible; choose types, structure"),
        ("uff?accuracy=0", "accuracy is between 1e-15 and 0.01, not 0"),
        ("uff?cutof_A=3", "forcefield:uff has no option cutof_A"),
    ],
)
def test_what_cannot_be_is_refused(name: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        load_model(f"forcefield:{name}")


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "field.txt"
    path.write_text("?")
    for place in (path, tmp_path):
        with pytest.raises(ModelError, match="is no force field: possible are a file in TOML"):
            load_model(f"forcefield:{place}")


def test_files_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(ARGON)
    (tmp_path / "b.toml").write_text("[treatment]\ncutoff_A = 11\n")
    with pytest.raises(ModelError, match=r"a.toml says cutoff_A is 10, and b.toml 11; choose one"):
        load_model(f"forcefield:{tmp_path}/a.toml+{tmp_path}/b.toml")
    chosen = load(f"{tmp_path}/a.toml+{tmp_path}/b.toml?cutoff_A=11")
    assert chosen.force_field.treatment.cutoff_A == 11.0


def test_folders_and_files_of_raspa_are_recognised(tmp_path: Path) -> None:
    (tmp_path / "force_field_mixing_rules.def").write_text(
        "truncated\nyes\n1\nAr lennard-jones 119.8 3.405\nLorentz-Berthelot\n"
    )
    (tmp_path / "pseudo_atoms.def").write_text(
        "1\n#type print as chem oxidation mass charge\nAr yes Ar Ar 0 39.948 0.0\n"
    )
    (tmp_path / "force_field.json").write_text(
        '{"TruncationMethod": "truncated", "TailCorrections": true, "MixingRule": '
        '"Lorentz-Berthelot", "PseudoAtoms": [{"name": "Ar", "mass": 39.948, "charge": 0.0}], '
        '"SelfInteractions": [{"name": "Ar", "type": "lennard-jones", '
        '"parameters": [119.8, 3.405]}]}'
    )
    gas = Atoms("Ar2", [[0, 0, 0], [0, 0, 4]], cell=np.eye(3) * 11, pbc=True)
    found = [
        load(f"{tmp_path}{file}").evaluate([gas], stress=True)[0]
        for file in ("", "/force_field_mixing_rules.def", "/force_field.json")
    ]
    assert len({one.energy_eV for one in found}) == 1
    assert found[0].energy_eV < 0


def test_what_is_built_in() -> None:
    assert built_in() == ("buch", "helium", "mercado-mg-mof-74", "spce", "trappe", "uff")
    for name in built_in():
        assert load(name).facts.citation
    kelvin = 1 / BOLTZMANN_EV_PER_K
    # Of the same elements in force fields of others: σ in Å, ε/k_B in K
    uff = load("uff").force_field.types
    others = {
        "H": (2.571134, 22.1),
        "C": (3.430851, 52.8),
        "N": (3.260689, 34.7),
        "O": (3.118145, 30.2),
        "Mg": (2.691405, 55.8),
        "Cu": (3.113691, 2.5),
        "Zn": (2.461553, 62.4),
        "Zr": (2.783168, 34.7),
    }
    for element, (sigma_A, epsilon_K) in others.items():
        pair = uff[element].pair
        assert isinstance(pair, LennardJones)
        assert pair.sigma_A == pytest.approx(sigma_A, abs=2e-5)
        assert pair.epsilon_eV * kelvin == pytest.approx(epsilon_K, rel=7e-3)


@pytest.mark.parametrize(
    ("field", "gas", "quadrupole"),
    # Σ q z² in e Å², of experiment -0.89 (CO2, -4.3 DÅ) and -0.29 (N2, -1.4 DÅ)
    [
        ("trappe", "CO2", -0.942),
        ("trappe", "N2", -0.2916),
        ("trappe", "CH4", 0.0),
        ("mercado-mg-mof-74", "CO2", -0.8763),
    ],
)
def test_built_in_molecules_are_neutral(field: str, gas: str, quadrupole: float) -> None:
    model = load(field)
    molecule = model.molecule(gas)
    types = [model.force_field.types[name] for name in molecule.arrays["site_type"]]
    charges = np.array([one.charge_e for one in types])
    assert charges.sum() == pytest.approx(0.0, abs=1e-12)
    assert (charges * molecule.positions[:, 2] ** 2).sum() == pytest.approx(quadrupole, abs=1e-3)
    masses = {"CO2": 44.01, "N2": 28.01, "CH4": 16.04}
    assert molecule.get_masses().sum() == pytest.approx(masses[gas], abs=0.02)


def test_carbon_dioxide_of_trappe_binds_as_it_does() -> None:
    """The dimer's slipped parallel minimum: some -1.5 kcal/mol for such models."""
    model = load("trappe")
    one = model.molecule("CO2")
    lowest = 0.0
    for angle in np.radians(np.arange(40, 80, 5)):
        for distance in np.arange(3.3, 4.1, 0.1):
            other = one.copy()
            other.arrays["molecule"][:] = 2
            other.positions += distance * np.array([np.sin(angle), 0, np.cos(angle)])
            lowest = min(lowest, model.evaluate([one + other], forces=False)[0].energy_eV)
    assert -0.070 < lowest < -0.045


def test_the_field_of_magnesium_is_stronger_than_uff() -> None:
    """CO2 end-on at a magnesium ion at 2.3 Å, Mercado's Buckingham beside mixed Lennard-Jones."""
    mercado, uff = load("mercado-mg-mof-74").force_field, load("trappe+uff").force_field
    pair = mercado.pairs["Mof_Mg", "O_co2"]
    assert isinstance(pair, Buckingham)
    assert pair.core_A == pytest.approx(1.102, abs=2e-3)
    assert pair.core_energy_eV > 5.0
    wall = [
        2.4732e7 * np.exp(-3.965 * r) - 4.08795e5 / r**6 for r in (2.0, 2.3, 2.6)
    ]  # in K, from the published numbers
    inside = [
        (pair.a_eV * np.exp(-pair.b_per_A * r) - pair.c_eV_A6 / r**6) / BOLTZMANN_EV_PER_K
        for r in (2.0, 2.3, 2.6)
    ]
    assert inside == pytest.approx(wall)
    oxygen, metal = uff.types["O_co2"].pair, uff.types["Mg"].pair
    assert isinstance(oxygen, LennardJones)
    assert isinstance(metal, LennardJones)
    sigma = (oxygen.sigma_A + metal.sigma_A) / 2
    mixed = 4 * np.sqrt(79 * 55.86) * ((sigma / 2.3) ** 12 - (sigma / 2.3) ** 6)
    assert mixed > inside[1] + 1000  # K


def test_molecules_turn_without_a_change(tmp_path: Path) -> None:
    model = load("trappe")
    one = model.molecule("N2")
    pair = one + one
    pair.arrays["molecule"][3:] = 2
    pair.positions[3:] += (1.0, 3.0, 2.0)
    turned = pair.copy()
    turned.positions = Rotation.from_rotvec([0.3, -1.0, 0.5]).apply(pair.positions)
    energies = [found.energy_eV for found in model.evaluate([pair, turned])]
    assert energies[0] == pytest.approx(energies[1], abs=1e-14)
