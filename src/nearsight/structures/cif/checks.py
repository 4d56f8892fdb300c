"""What a CIF says twice, compared: formula, volume, multiplicities, hydrogens, distances."""

from collections.abc import Mapping

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.formula import Formula as RunTogether

from nearsight.errors import StructureError
from nearsight.remarks import Remark
from nearsight.structures.checking import CLOSEST_DISTANCE_A
from nearsight.structures.cif.document import Block
from nearsight.structures.cif.expansion import Expansion
from nearsight.structures.cif.formula import Formula, counted, merged_hydrogen, written
from nearsight.structures.cif.sites import Sites
from nearsight.structures.neighbours import neighbour_pairs

_VOLUME_TOLERANCE = 5e-3
_DENSITY_TOLERANCE = 3e-2
_ROUNDING = 0.01
"""Of numbers in a formula."""
_ATOMIC_MASS_g_PER_CM3 = 1.66053906892
"""One unit of atomic mass per Å³."""

# No bond is so short against the sum of covalent radii. X-ray diffraction sees hydrogen nearer than
# it is, but not by that much: 0.7 Å from oxygen would be 0.72.
_SHORTEST_BOND = 0.55

_HYDROGEN_BOND_LENGTH_A = 1.3


def composition_conflict(formula: Formula | None, block: Block, atoms: Atoms) -> str | None:
    """Compare the atoms of the cell with the sum formula times Z.

    Without Z the cell must hold a whole number of formula units. pymatgen writes the sum over the
    cell beside a structural formula, of which there are Z.
    """
    if formula is None or formula.counts is None:
        return None
    z = block.number("_cell_formula_units_z")
    if z is not None and z <= 0:
        return f"its number of formula units, Z, is {z:g}"
    declared = merged_hydrogen(formula.counts)
    found = counted(atoms.symbols)
    if z is not None and _is_sum_over_cell(declared, z, block):
        z = 1.0
    if z is None:
        whole = _formula_units(declared, found)
        says = f"a whole number of its formula {formula.text!r}"
    else:
        whole = z
        says = (
            f"its formula {formula.text!r} times Z = {z:g}, "
            f"{written({symbol: count * z for symbol, count in declared.items()})}"
        )
    symbols = {*declared, *found}
    off = {symbol: found.get(symbol, 0) - whole * declared.get(symbol, 0) for symbol in symbols}
    if all(
        abs(difference) <= _allowed(declared.get(symbol, 0.0), whole)
        for symbol, difference in off.items()
    ):
        return None
    missing = ": hydrogen atoms are missing" if _only_hydrogen_missing(off) else ""
    return f"it is said to hold {says}, but its sites give {written(found)}{missing}"


def _allowed(declared: float, units: float) -> float:
    """Return how many atoms may be missing: rounding of a fraction, and none of a whole number."""
    return _ROUNDING if declared.is_integer() else _ROUNDING * max(units, 1.0)


def _formula_units(declared: Mapping[str, float], found: Mapping[str, float]) -> float:
    """Return how many formula units there are, by all but hydrogen, which is often missing."""
    counted_on = declared.keys() - {"H"} or declared.keys()
    units = sum(found.get(symbol, 0.0) for symbol in counted_on)
    return max(1.0, round(units / sum(declared[symbol] for symbol in counted_on)))


def _is_sum_over_cell(declared: Mapping[str, float], z: float, block: Block) -> bool:
    text = block.text("_chemical_formula_structural")
    if text is None:
        return False
    try:
        unit = merged_hydrogen(RunTogether(text).count())
    except ValueError:
        return False
    return bool(unit) and {symbol: count * z for symbol, count in unit.items()} == declared


def _only_hydrogen_missing(off: dict[str, float]) -> bool:
    wrong = {symbol for symbol, difference in off.items() if abs(difference) > _ROUNDING}
    return wrong == {"H"} and off["H"] < 0


def volume_conflict(block: Block, atoms: Atoms) -> str | None:
    """Compare the volume of the cell with that of its lengths and angles."""
    said = block.number("_cell_volume")
    volume = float(atoms.get_volume())
    if said is None or abs(said / volume - 1.0) <= _VOLUME_TOLERANCE:
        return None
    return (
        f"its volume is said to be {said:g} Å³, but the lengths and angles of its cell give "
        f"{volume:.2f} Å³"
    )


def density_note(block: Block, atoms: Atoms) -> Remark | None:
    """Compare the density with that of the atoms."""
    said = block.number("_exptl_crystal_density_diffrn")
    density = _ATOMIC_MASS_g_PER_CM3 * float(atoms.get_masses().sum() / atoms.get_volume())
    if said is None or said <= 0 or abs(density / said - 1.0) <= _DENSITY_TOLERANCE:
        return None
    remark = (
        f"The file says that the density is {said:g} g/cm³; the atoms in the cell give "
        f"{density:.3f} g/cm³."
    )
    return Remark("density-mismatch", remark)


def multiplicity_conflict(sites: Sites, expansion: Expansion, n_operations: int) -> str | None:
    """Compare multiplicities with the numbers of images.

    Widespread programs have written the order of the site symmetry in their place; a file that is
    right in that sense is right.
    """
    said = [
        (site, number) for site, number in enumerate(sites.multiplicities) if number is not None
    ]
    found = expansion.multiplicities
    if all(number == found[site] for site, number in said):
        return None
    if all(number * found[site] == n_operations for site, number in said):
        return None
    site, number = next((site, number) for site, number in said if number != found[site])
    return (
        f"site {sites.labels[site]} is said to have the multiplicity {number}, but the symmetry "
        f"gives {found[site]} images of it"
    )


def hydrogen_conflict(
    sites: Sites, expansion: Expansion, atoms: Atoms, formula: Formula | None
) -> str | None:
    """Compare hydrogens that are said to be attached to sites with those that are there.

    With hydrogen in the formula it is the formula that tells; else hydrogens next to the site do.
    """
    in_formula = formula is not None and formula.counts and "H" in merged_hydrogen(formula.counts)
    if in_formula or not any(sites.attached_hydrogens):
        return None
    first, second, _ = neighbour_pairs(atoms, _HYDROGEN_BOND_LENGTH_A)
    bonded = np.bincount(first[atoms.numbers[second] == 1], minlength=len(atoms))
    lacking = [
        f"{sites.labels[site]} ({sites.attached_hydrogens[site]} said, {bonded[atom]} there)"
        for atom, site in zip(*np.unique(expansion.sites, return_index=True)[::-1], strict=True)
        if sites.attached_hydrogens[site] > bonded[atom]
    ]
    if not lacking:
        return None
    return (
        f"hydrogen atoms without coordinates are attached to its sites "
        f"{', '.join(lacking[:5])}{', ...' if len(lacking) > 5 else ''}"
    )


def require_apart(sites: Sites, expansion: Expansion, atoms: Atoms) -> None:
    """Check that no two sites are in one place.

    Raises
    ------
    StructureError
        Sites are equivalent, or shared by elements.
    """
    first, second, _ = neighbour_pairs(atoms, CLOSEST_DISTANCE_A)
    if not len(first):
        return
    a, b = sorted((int(expansion.sites[first[0]]), int(expansion.sites[second[0]])))
    labels = sites.labels
    if a == b:
        raise StructureError(
            f"Site {labels[a]} is closer than {CLOSEST_DISTANCE_A} Å to an image of its own; "
            f"correct the cell or the coordinates."
        )
    if sites.elements[a] != sites.elements[b]:
        raise StructureError(
            f"Its sites {labels[a]} ({sites.elements[a]}) and {labels[b]} ({sites.elements[b]}) "
            f"share one place. Choose one ordered arrangement of the atoms."
        )
    raise StructureError(
        f"Its sites {labels[a]} and {labels[b]} are equivalent: the symmetry carries one to less "
        f"than {CLOSEST_DISTANCE_A} Å from the other. Delete one; if all atoms of the cell are "
        f"listed, the only operation is x, y, z."
    )


def distance_conflict(sites: Sites, expansion: Expansion, atoms: Atoms) -> str | None:
    """Look for atoms that are closer than any bond, which is what a wrong symmetry makes."""
    radii = covalent_radii[atoms.numbers]
    first, second, shifts = neighbour_pairs(atoms, 2 * _SHORTEST_BOND * float(radii.max()))
    distances = np.linalg.norm(atoms.positions[second] - atoms.positions[first] + shifts, axis=1)
    ratios = distances / (radii[first] + radii[second])
    short = ratios < _SHORTEST_BOND
    if not short.any():
        return None
    worst = int(np.argmin(ratios))
    names = [sites.labels[expansion.sites[pair[worst]]] for pair in (first, second)]
    return (
        f"its atoms {names[0]} and {names[1]} are {distances[worst]:.2f} Å apart, but their "
        f"covalent radii come to {radii[first[worst]] + radii[second[worst]]:.2f} Å"
    )
