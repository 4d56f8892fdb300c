"""Types, charges and molecules of a structure."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="force fields need PyTorch")

from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models.families.forcefield.parameters import (
    ForceField,
    LennardJones,
    Molecule,
    SiteType,
    Treatment,
)
from nearsight.models.families.forcefield.sites import inside_molecules, sites_of

LJ = LennardJones(0.01, 3.0)
LINE = np.array([[0, 0, 0], [0, 0, 1.16], [0, 0, -1.16]])


def force_field(**treatment: object) -> ForceField:
    types = {
        "C": SiteType(LJ),
        "O": SiteType(LJ),
        "Mg_2": SiteType(LJ, 1.5),
        "C_co2": SiteType(LJ, 0.7, element="C"),
        "O_co2": SiteType(LJ, -0.35, element="O"),
        "N_n2": SiteType(LJ, -0.482, element="N"),
        "N_com": SiteType(LJ, 0.964, element="X"),
    }
    molecules = {
        "CO2": Molecule(("C_co2", "O_co2", "O_co2"), LINE),
        "N2": Molecule(("N_n2", "N_com", "N_n2"), LINE),
    }
    return ForceField(
        types,
        molecules=molecules,
        by_element={"Mg": "Mg_2"},
        treatment=Treatment(**treatment),  # type: ignore[arg-type]
    )


def host() -> Atoms:
    atoms = Atoms("MgOC", [[0, 0, 0], [0, 0, 3], [0, 3, 0]], cell=np.eye(3) * 9, pbc=True)
    atoms.set_initial_charges([1.2, -0.9, -0.3])
    return atoms


def carbon_dioxide() -> Atoms:
    atoms = Atoms("OCO", LINE[[1, 0, 2]] + 5)
    atoms.set_array("molecule", np.ones(3, dtype=int))
    return atoms


def test_types_are_those_of_elements_and_of_molecules_with_them() -> None:
    sites = sites_of(host() + carbon_dioxide(), force_field(coulomb=False))
    assert sites.types == ("Mg_2", "O", "C", "O_co2", "C_co2", "O_co2")
    assert sites.molecules.tolist() == [0, 0, 0, 1, 1, 1]


def test_types_that_are_named_come_first() -> None:
    atoms = carbon_dioxide()
    atoms.set_array("site_type", np.array(["", "C", ""]))
    assert sites_of(atoms, force_field(coulomb=False)).types == ("O_co2", "C", "O_co2")


def test_charges_are_of_types_or_else_of_atoms() -> None:
    atoms = host()
    atoms.set_initial_charges([1.2, -1.2, -0.3])
    charges = sites_of(atoms + carbon_dioxide(), force_field()).charges_e
    assert charges == pytest.approx([1.5, -1.2, -0.3, -0.35, 0.7, -0.35])
    charges = sites_of(host() + carbon_dioxide(), force_field(charges="structure")).charges_e
    assert charges == pytest.approx([1.2, -0.9, -0.3, -0.35, 0.7, -0.35])
    assert not sites_of(host(), force_field(coulomb=False)).charges_e.any()


@pytest.mark.parametrize("zeros", [True, False])
def test_missing_charges_are_refused(zeros: bool) -> None:
    atoms = host()
    if zeros:
        atoms.set_initial_charges(np.zeros(3))
    else:
        del atoms.arrays["initial_charges"]
    with pytest.raises(ModelError, match="no charges, and the force field has none for C, O: read"):
        sites_of(atoms, force_field())
    # What a guest is given with must not hide it: ASE fills in zeros.
    guest = carbon_dioxide()
    guest.set_initial_charges([-0.35, 0.7, -0.35])
    with pytest.raises(ModelError, match="no charges"):
        sites_of(atoms + guest, force_field())


def test_a_crystal_is_neutral() -> None:
    atoms = host()
    atoms.set_initial_charges([1.2, -0.9, -0.2])
    with pytest.raises(ModelError, match=r"add up to 0\.4 e"):
        sites_of(atoms, force_field())
    atoms.pbc = False
    sites_of(atoms, force_field())


@pytest.mark.parametrize(
    ("atoms", "said"),
    [
        (Atoms("He"), "nothing for the element He"),
        (
            Atoms("N2", [[0, 0, 0], [0, 0, 1.1]]),
            r"those of N2; .* CO2, N2\. Take one",
        ),
        (Atoms("OH2", LINE), r"those of H2O; .* spce has it: add \+spce"),
    ],
)
def test_what_is_not_known_is_refused(atoms: Atoms, said: str) -> None:
    atoms.set_array("molecule", np.ones(len(atoms), dtype=int))
    with pytest.raises(ModelError, match=said):
        sites_of(atoms, force_field())


def test_a_type_that_is_not_known_is_refused() -> None:
    atoms = Atoms("He")
    atoms.set_array("site_type", np.array(["He_gas"]))
    with pytest.raises(ModelError, match="nothing for the type He_gas"):
        sites_of(atoms, force_field())


def test_pairs_inside_molecules() -> None:
    atoms = carbon_dioxide() + carbon_dioxide() + Atoms("HeHe")
    atoms.arrays["molecule"][3:6] = 2
    atoms.positions[3:6] += (4, 0, 0)
    atoms.set_cell(np.eye(3) * 11)
    atoms.pbc = True
    atoms.positions[1] += (0, 11, -22)
    inside = inside_molecules(atoms, atoms.arrays["molecule"])
    pairs = set(zip(inside.first.tolist(), inside.second.tolist(), strict=True))
    assert pairs == {(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)}
    vectors = atoms.positions[inside.second] - atoms.positions[inside.first] + inside.shifts_A
    assert sorted(np.linalg.norm(vectors, axis=1)) == pytest.approx([1.16] * 4 + [2.32] * 2)
