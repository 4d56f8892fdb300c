"""What a force field makes of a structure: type, charge and molecule of each site."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import ModelError
from nearsight.models.families.forcefield.built_in import built_in_with
from nearsight.models.families.forcefield.environments import framework_atoms, types_by_bonds
from nearsight.models.families.forcefield.equilibration import equilibrated_charges_e
from nearsight.models.families.forcefield.parameters import ForceField, some_of
from nearsight.models.families.forcefield.quantum import spreads_A2
from nearsight.structures.molecules import (
    FRAMEWORK,
    MOLECULE,
    SINGLE,
    SITE_TYPE,
    molecule_images,
    molecules_of,
    site_types_of,
    unique_image_radius_A,
)
from nearsight.structures.reduced_cell import periodic_cell

_NET_CHARGE_E_PER_ATOM = 1e-4
"""Charges that are written with four digits may add up to so much."""


@dataclass(frozen=True, eq=False)
class Sites:
    """The sites of one structure."""

    types: tuple[str, ...]
    charges_e: FloatArray
    """Shape ``(n_atoms,)``; zeros where charges do not interact."""
    molecules: IntArray
    """As `nearsight.structures.molecules` numbers them, shape ``(n_atoms,)``."""
    spreads_A2: FloatArray | None
    """Of quantum nuclei (`quantum`), shape ``(n_atoms,)``; None for classical ones."""

    @property
    def rigid(self) -> BoolArray:
        """Which are of the rigid framework."""
        of_framework: BoolArray = self.molecules == FRAMEWORK
        return of_framework


@dataclass(frozen=True, eq=False)
class Inside:
    """Pairs of atoms of one molecule, each once."""

    first: IntArray
    second: IntArray
    shifts_A: FloatArray
    """Lattice vector that takes the second atom to the image of the same molecule."""
    radius_A: float
    """Distance within which another atom of the same molecule is of the same image."""


def sites_of(atoms: Atoms, force_field: ForceField) -> Sites:
    """Return the sites of a structure.

    Types are those that the structure names; else those of the force field's molecule of the same
    elements, for what is a molecule of several atoms; else the one that has the element's symbol as
    its name. A charge is that of the type, or the atom's initial charge where the type has none; a
    molecule of one atom needs neither. `Treatment.charges` may decide otherwise.

    Raises
    ------
    ModelError
        The force field does not have a type or molecule; charges are missing, or masses of quantum
        nuclei; or a crystal is not neutral.
    StructureError
        The structure's molecules are no whole numbers.
    """
    molecules = molecules_of(atoms)
    types = _types(atoms, molecules, force_field)
    charges = np.zeros(len(atoms))
    if force_field.treatment.coulomb:
        charges = _charges(atoms, types, molecules, force_field)
        _require_neutral(atoms, charges)
    temperature_K = force_field.treatment.feynman_hibbs_K
    spreads = None
    if temperature_K is not None:
        spreads = spreads_A2(molecules, _masses_amu(atoms, types, force_field), temperature_K)
        if not np.isfinite(spreads).all():
            raise ModelError(
                f"a molecule of {atoms.get_chemical_formula()} has no mass, which feynman_hibbs_K "
                f"needs; give its types one (mass_amu)."
            )
    return Sites(types, charges, molecules, spreads)


def _masses_amu(atoms: Atoms, types: Sequence[str], force_field: ForceField) -> FloatArray:
    """Return the masses of types, and of the atoms where these state none."""
    stated = [force_field.types[name].mass_amu for name in types]
    masses: FloatArray = np.array(
        [
            own if mass is None else mass
            for mass, own in zip(stated, atoms.get_masses(), strict=True)
        ]
    )
    return masses


def _types(atoms: Atoms, molecules: IntArray, force_field: ForceField) -> tuple[str, ...]:
    types = list(site_types_of(atoms))
    symbols = atoms.get_chemical_symbols()
    unnamed = np.array([not name for name in types], dtype=bool)
    for molecule in np.unique(molecules[unnamed & (molecules > SINGLE)]).tolist():
        members = np.flatnonzero(molecules == molecule)
        if len(members) > 1:
            _name_sites(types, [symbols[atom] for atom in members], members, force_field)
    if any(one.neighbours is not None for one in force_field.types.values()):
        _name_by_bonds(types, atoms, framework_atoms(molecules), force_field)
    for atom, name in enumerate(types):
        found = name or force_field.type_of(symbols[atom])
        if found in force_field.types:
            types[atom] = str(found)
        else:
            what = f"the type {name}" if name else f"the element {symbols[atom]}"
            told = any(
                one.neighbours is not None and one.element == symbols[atom]
                for one in force_field.types.values()
            )
            why = ", bonded as it is" if told and not name else ""
            raise ModelError(
                f"the force field has nothing for {what}{why} (atom {atom} of "
                f"{atoms.get_chemical_formula()}); it has {some_of(force_field.types)}. Name the "
                f"type in the array {SITE_TYPE}, or add it."
            )
    return tuple(types)


def _name_by_bonds(
    types: list[str], atoms: Atoms, members: IntArray, force_field: ForceField
) -> None:
    if all(types[atom] for atom in members.tolist()):
        return
    for atom, name in zip(
        members.tolist(), types_by_bonds(atoms[members], force_field.types), strict=True
    ):
        types[atom] = types[atom] or name


def _name_sites(
    types: list[str], symbols: Sequence[str], members: IntArray, force_field: ForceField
) -> None:
    counts = Counter(symbols)
    name = force_field.molecule_of(counts)
    if name is None:
        formula = Atoms(symbols).get_chemical_formula()
        others = built_in_with(counts)
        remedy = f"Take one by its name, or name the types of sites in the array {SITE_TYPE}"
        if others:
            remedy = (
                f"Of what is built in {' and '.join(others)} has it: add +{others[-1]} to the name "
                f"of the force field"
            )
        raise ModelError(
            f"the force field has no molecule whose sites are those of {formula}; its molecules "
            f"are {some_of(force_field.molecules) or 'none'}. {remedy}."
        )
    by_element = {force_field.element_of(each): each for each in force_field.molecules[name].types}
    for atom, symbol in zip(members.tolist(), symbols, strict=True):
        types[atom] = types[atom] or by_element[symbol]


def _charges(
    atoms: Atoms, types: Sequence[str], molecules: IntArray, force_field: ForceField
) -> FloatArray:
    stated = [force_field.types[name].charge_e for name in types]
    own = np.array([charge is None for charge in stated], dtype=bool)
    if force_field.treatment.charges == "structure":
        own |= molecules <= SINGLE
    charges = np.array([0.0 if charge is None else charge for charge in stated])
    if force_field.treatment.charges == "eeq":
        return _with_equilibrated(atoms, types, molecules, charges, own)
    initial = atoms.arrays.get("initial_charges")
    needed = own & ~_alone(molecules)
    if needed.any() and (initial is None or not np.any(initial[needed])):
        without = sorted({name for name, missing in zip(types, needed, strict=True) if missing})
        raise ModelError(
            f"{atoms.get_chemical_formula()} has no charges, and the force field has none for "
            f"{some_of(without)}: read them with the structure (_atom_site_charge of a CIF, or "
            f"ASE's initial charges), let those of a framework be computed (charges=eeq), or "
            f"leave Coulomb interactions out (coulomb=no)."
        )
    if initial is not None:
        charges[own] = initial[own]
    return charges


def _with_equilibrated(
    atoms: Atoms,
    types: Sequence[str],
    molecules: IntArray,
    of_types_e: FloatArray,
    without: BoolArray,
) -> FloatArray:
    """Return charges with those of the rigid framework by EEQ; all others are those of types."""
    rigid = molecules == FRAMEWORK
    missing = without & ~rigid & ~_alone(molecules)
    if missing.any():
        names = sorted({name for name, one in zip(types, missing, strict=True) if one})
        raise ModelError(
            f"charges=eeq gives charges to the atoms of a rigid framework (array {MOLECULE}: -1), "
            f"and the force field has none for {some_of(names)} of "
            f"{atoms.get_chemical_formula()}: say that they are a framework "
            f"(nearsight.structures.molecules.as_framework), or take the charges of the structure "
            f"(charges=structure)."
        )
    if not rigid.any():
        return of_types_e
    charges = of_types_e.copy()
    charges[rigid] = equilibrated_charges_e(atoms[rigid])
    return charges


def _alone(molecules: IntArray) -> BoolArray:
    """Return which sites are a molecule by themselves: a gas of atoms has no charge."""
    _, which, counts = np.unique(molecules, return_inverse=True, return_counts=True)
    alone: BoolArray = (molecules > SINGLE) & (counts[which] == 1)
    return alone


def _require_neutral(atoms: Atoms, charges: FloatArray) -> None:
    if not np.isfinite(charges).all():
        raise ModelError(f"a charge of {atoms.get_chemical_formula()} is no number; correct it.")
    net = float(charges.sum())
    if atoms.pbc.any() and abs(net) > _NET_CHARGE_E_PER_ATOM * len(atoms):
        raise ModelError(
            f"the charges of {atoms.get_chemical_formula()} add up to {net:.4g} e, and a crystal "
            f"is neutral; correct them, or add the ions that are missing."
        )


def inside_molecules(atoms: Atoms, molecules: IntArray) -> Inside:
    """Return the pairs of atoms within molecules.

    Raises
    ------
    StructureError
        A molecule is as wide as half of its cell, or two have one number.
    """
    first, second = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    order = np.argsort(molecules, kind="stable")
    numbers, starts = np.unique(molecules[order], return_index=True)
    for number, members in zip(numbers, np.split(order, starts[1:]), strict=True):
        if number > SINGLE:
            one, other = np.triu_indices(len(members), k=1)
            first.append(members[one])
            second.append(members[other])
    i, j = np.concatenate(first), np.concatenate(second)
    radius = unique_image_radius_A(atoms)
    if not len(i):
        return Inside(i, j, np.zeros((0, 3)), radius)
    images = molecule_images(atoms)
    return Inside(i, j, (images[j] - images[i]) @ periodic_cell(atoms), radius)
