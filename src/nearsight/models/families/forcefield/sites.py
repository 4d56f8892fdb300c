"""What a force field makes of a structure: type, charge and molecule of each site."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import ModelError
from nearsight.models.families.forcefield.environments import framework_atoms, types_by_bonds
from nearsight.models.families.forcefield.parameters import ForceField, some_of
from nearsight.structures.molecules import (
    FRAMEWORK,
    MOLECULE,
    SINGLE,
    SITE_TYPE,
    molecules_of,
    site_types_of,
)
from nearsight.structures.reduced_cell import periodic_cell, reduced_basis

_NET_CHARGE_E_PER_ATOM = 1e-4
"""Charges that are written with four digits may add up to so much."""

_SAME_PLACE_A = 1e-6


@dataclass(frozen=True, eq=False)
class Sites:
    """The sites of one structure."""

    types: tuple[str, ...]
    charges_e: FloatArray
    """Shape ``(n_atoms,)``; zeros where charges do not interact."""
    molecules: IntArray
    """As `nearsight.structures.molecules` numbers them, shape ``(n_atoms,)``."""

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
    its name. A charge is that of the type, or the atom's initial charge where the type has none.

    Raises
    ------
    ModelError
        The force field does not have a type or molecule; charges are missing, or a crystal is not
        neutral.
    StructureError
        The structure's molecules are no whole numbers.
    """
    molecules = molecules_of(atoms)
    types = _types(atoms, molecules, force_field)
    charges = np.zeros(len(atoms))
    if force_field.treatment.coulomb:
        charges = _charges(atoms, types, molecules, force_field)
        _require_neutral(atoms, charges)
    return Sites(types, charges, molecules)


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
            raise ModelError(
                f"the force field has nothing for {what} (atom {atom} of "
                f"{atoms.get_chemical_formula()}); it has {some_of(force_field.types)}."
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
        formula = "".join(f"{symbol}{n if n > 1 else ''}" for symbol, n in counts.items())
        raise ModelError(
            f"which sites of the force field the molecule {formula} has cannot be told from its "
            f"elements; its molecules are {some_of(force_field.molecules) or 'none'}. Name the "
            f"types in the array `{SITE_TYPE}`, or take the molecule from the force field."
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
    initial = atoms.arrays.get("initial_charges")
    if own.any():
        if initial is None or not np.any(initial[own]):
            without = sorted({name for name, missing in zip(types, own, strict=True) if missing})
            raise ModelError(
                f"{atoms.get_chemical_formula()} has no charges, and the force field has none for "
                f"{some_of(without)}: read them with the structure (_atom_site_charge of a CIF, or "
                f"ASE's initial charges), or leave Coulomb interactions out (`coulomb` no)."
            )
        charges[own] = initial[own]
    return charges


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
    ModelError
        A molecule has no nearest image: it is as wide as half of its cell, or wound around it, as
        two molecules of the same number are.
    """
    first, second = _pairs(molecules)
    vectors = atoms.positions[second] - atoms.positions[first]
    lattice, radius = _lattice(atoms)
    nearest = np.linalg.norm(vectors[:, np.newaxis] + lattice.near_A(vectors), axis=2)
    choice = nearest.argmin(axis=1)
    shifts = lattice.near_A(vectors)[np.arange(len(first)), choice]
    _require_whole(molecules, first, second, vectors + shifts, radius)
    return Inside(first, second, shifts, radius)


@dataclass(frozen=True, eq=False)
class _Lattice:
    """Lattice vectors near zero, by the reduced cell."""

    cell_A: FloatArray
    periodic: BoolArray
    steps: IntArray

    def near_A(self, vectors_A: FloatArray) -> FloatArray:
        """Return the lattice vectors one of which brings each vector nearest to zero."""
        fractions = vectors_A @ np.linalg.inv(self.cell_A)
        back = -np.where(self.periodic, np.round(fractions), 0.0)
        near: FloatArray = (back[:, np.newaxis] + self.steps) @ self.cell_A
        return near


def _lattice(atoms: Atoms) -> tuple[_Lattice, float]:
    cell = reduced_basis(atoms) @ periodic_cell(atoms)
    counts = np.where(atoms.pbc, 1, 0)
    steps = np.array(list(np.ndindex(*(2 * counts + 1))), dtype=np.int64) - counts
    lengths = np.linalg.norm(steps @ cell, axis=1)
    shortest = float(lengths[lengths > 0].min(initial=np.inf))
    return _Lattice(cell, atoms.pbc.copy(), steps), shortest / 2


def _pairs(molecules: IntArray) -> tuple[IntArray, IntArray]:
    first, second = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    order = np.argsort(molecules, kind="stable")
    numbers, starts = np.unique(molecules[order], return_index=True)
    for number, members in zip(numbers, np.split(order, starts[1:]), strict=True):
        if number > SINGLE:
            one, other = np.triu_indices(len(members), k=1)
            first.append(members[one])
            second.append(members[other])
    return np.concatenate(first), np.concatenate(second)


def _require_whole(
    molecules: IntArray, first: IntArray, second: IntArray, vectors: FloatArray, radius_A: float
) -> None:
    """Check that each molecule is one thing, wherever it is cut by the faces of the cell."""
    wide = np.linalg.norm(vectors, axis=1) >= radius_A
    from_leader = np.zeros((len(molecules), 3))
    numbers, leaders = np.unique(molecules, return_index=True)
    of_leader = np.isin(first, leaders[numbers > SINGLE])
    from_leader[second[of_leader]] = vectors[of_leader]
    apart = from_leader[second] - from_leader[first] - vectors
    wrong = wide | (np.abs(apart).max(axis=1, initial=0.0) > _SAME_PLACE_A)
    if wrong.any():
        number = molecules[first[np.argmax(wrong)]]
        raise ModelError(
            f"molecule {number} is wider than half of its cell, or has its number twice; give each "
            f"molecule a number of its own (array `{MOLECULE}`), or take a larger cell."
        )
