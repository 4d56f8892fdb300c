"""Types by bonds, in a linker of Mg-MOF-74 and in made-up rules."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="force fields need PyTorch")

from ase import Atoms
from ase.build import molecule

from nearsight.errors import ModelError
from nearsight.models.families.forcefield.environments import types_by_bonds
from nearsight.models.families.forcefield.model import ForceFieldModel
from nearsight.models.families.forcefield.parameters import (
    NO_INTERACTION,
    ForceField,
    SiteType,
    Treatment,
)
from nearsight.models.families.forcefield.sites import sites_of
from nearsight.models.registry import load_model


def of(element: str, *neighbours: str) -> SiteType:
    return SiteType(NO_INTERACTION, neighbours=neighbours, element=element)


ACID = {
    "C_acid": of("C", "C", "O", "O"),
    "C_methyl": of("C", "C", "H", "H", "H"),
    "O_hydroxyl": of("O", "C_acid", "H"),
    "O_carbonyl": of("O", "C_acid"),
    "H_methyl": of("H", "C_methyl"),
    "H_acid": of("H", "O_hydroxyl"),
}


def test_neighbours_that_are_types_are_decided_first() -> None:
    atoms = molecule("CH3COOH")
    found = types_by_bonds(atoms, dict(reversed(ACID.items())))
    counts = {name: found.count(name) for name in ACID}
    assert counts == dict(zip(ACID, (1, 1, 1, 1, 3, 1), strict=True))
    order = np.random.default_rng(3).permutation(len(atoms))
    assert types_by_bonds(atoms[order], ACID) == [found[atom] for atom in order]


def test_what_fits_no_rule_or_two_has_no_type() -> None:
    atoms = molecule("CH3OH")
    assert set(types_by_bonds(atoms, ACID)) == {""}
    twice = {"one": of("O", "C", "H"), "other": of("O", "H", "C")}
    assert set(types_by_bonds(atoms, twice)) == {""}


def test_bonds_tell_types_of_frameworks_but_not_of_guests() -> None:
    types = {**ACID, "C": SiteType(NO_INTERACTION), "O": SiteType(NO_INTERACTION)}
    force_field = ForceField(types, treatment=Treatment(coulomb=False))
    framework = molecule("CH3COOH")
    guest = Atoms("C", [framework.positions.mean(axis=0)])
    guest.positions[0, 2] += 1.5
    guest.set_array("molecule", np.ones(1, dtype=int))
    found = sites_of(framework + guest, force_field).types
    assert found == (*types_by_bonds(framework, ACID), "C")


def test_an_atom_that_is_bonded_otherwise_is_refused() -> None:
    force_field = ForceField(ACID, treatment=Treatment(coulomb=False))
    with pytest.raises(ModelError, match="nothing for the element C, bonded as it is"):
        sites_of(molecule("CH3OH"), force_field)


def linker() -> Atoms:
    """Return a linker of MOF-74 with magnesium: two at one carboxylate O and at the phenolate's."""
    symbols, places = [], []

    def add(symbol: str, place: np.ndarray) -> None:
        symbols.append(symbol)
        places.append(place)

    up = np.array([0.0, 0.0, 1.0])
    for corner in range(6):
        out = np.array([np.cos(corner * np.pi / 3), np.sin(corner * np.pi / 3), 0.0])
        side = np.cross(up, out)
        add("C", 1.40 * out)
        if corner % 3 == 0:  # a carboxylate
            add("C", 2.90 * out)
            for sign, n_metals in ((1, 1), (-1, 2)):
                along = (0.5 * out + sign * np.sqrt(3) / 2 * side) * 1.26
                add("O", 2.90 * out + along)
                metal = 2.90 * out + along + 1.2 * out + 0.5 * sign * side
                for height in (0.0,) if n_metals == 1 else (1.7, -1.7):
                    add("Mg", metal + height * up + (0.8 * out if n_metals == 1 else 0.0))
        elif corner % 3 == 1:  # a phenolate
            add("O", 2.72 * out)
            for height in (1.7, -1.7):
                add("Mg", 3.9 * out + height * up)
        else:
            add("H", 2.48 * out)
    return Atoms(symbols, np.array(places))


def test_types_of_the_field_for_mg_mof_74() -> None:
    model = load_model("forcefield:mercado-mg-mof-74")
    assert isinstance(model, ForceFieldModel)
    types = list(model.typed(linker()).arrays["site_type"])
    counts = {name: types.count(name) for name in set(types)}
    assert counts == {"Mof_Mg": 10} | {
        f"Mof_{name}": 2 for name in ("Oa", "Ob", "Oc", "Ca", "Cb", "Cc", "Cd", "H")
    }
