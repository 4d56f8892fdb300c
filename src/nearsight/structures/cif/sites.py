"""The atom sites of a CIF: one element each, fully occupied, in one arrangement."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nearsight.errors import StructureError
from nearsight.remarks import Remark
from nearsight.structures.cif.document import COORDINATES, Block, to_number
from nearsight.structures.cif.elements import NotOneElementError, from_label, from_type_symbol

_CHARGE = "_atom_site_charge"

_COLUMNS = (
    *COORDINATES,
    "_atom_site_label",
    "_atom_site_id",
    "_atom_site_type_symbol",
    "_atom_site_occupancy",
    "_atom_site_calc_flag",
    "_atom_site_disorder_assembly",
    "_atom_site_disorder_group",
    "_atom_site_label_alt_id",
    "_atom_site_attached_hydrogens",
    "_atom_site_site_symmetry_multiplicity",
    "_atom_site_symmetry_multiplicity",
    _CHARGE,
)
_OCCUPANCY_ROUNDING = 1e-6
_NAMED = 5

_GROUPS = ("_atom_site_disorder_group", "_atom_site_label_alt_id")

# Unwrapped coordinates of molecular dynamics are within this; digits of larger ones are lost.
_LARGEST_COORDINATE = 1e4


@dataclass(frozen=True)
class Sites:
    """The sites of an asymmetric unit."""

    labels: tuple[str, ...]
    elements: tuple[str, ...]
    """Symbols of elements, D for deuterium."""
    fractional: NDArray[np.float64]
    """Shape ``(n_sites, 3)``."""
    multiplicities: tuple[int | None, ...]
    """What the file says about the number of images in the cell, or about the order of the site
    symmetry: programs have written either under this name."""
    attached_hydrogens: tuple[int, ...]
    charges_e: tuple[float, ...] | None = None
    """Partial charges; None where the file has none, or only zeros."""
    notes: tuple[Remark, ...] = ()


def read_sites(block: Block, formula_elements: Collection[str]) -> Sites:
    """Read the sites of a block.

    Raises
    ------
    StructureError
        A site has no coordinates, is not fully occupied, is one of several alternatives, or is not
        of one element.
    """
    columns = [block.column(name) for name in COORDINATES]
    if any(column is None for column in columns):
        raise StructureError(
            "It has no fractional coordinates (_atom_site_fract_x, _y, _z), only others; add them."
        )
    n_sites = len(columns[0] or [])
    labels = _labels(block, n_sites)
    _require_one_table(block, n_sites)
    flags = block.column("_atom_site_calc_flag") or [""] * n_sites
    kept = [site for site in range(n_sites) if flags[site].lower() != "dum"]
    _require_full_occupancy(block, labels, kept)
    _require_one_arrangement(block, labels, kept)
    elements = _elements(block, labels, kept, formula_elements)
    values = [[(columns[axis] or [])[site] for axis in range(3)] for site in kept]
    notes = []
    if len(kept) < n_sites:
        dummies = [labels[site] for site in range(n_sites) if site not in set(kept)]
        said = f"Dummy sites, which are no atoms, were left out: {_listed(dummies)}."
        notes.append(Remark("dummy-sites", said))
    charges, note = _charges(block, labels, kept)
    notes += [note] if note else []
    return Sites(
        labels=tuple(labels[site] for site in kept),
        elements=elements,
        fractional=_coordinates(block, labels, kept, values),
        multiplicities=_multiplicities(block, kept),
        attached_hydrogens=_attached_hydrogens(block, labels, kept),
        charges_e=charges,
        notes=tuple(notes),
    )


def _labels(block: Block, n_sites: int) -> list[str]:
    labels = block.column("_atom_site_label") or block.column("_atom_site_id")
    labels = labels or [""] * n_sites
    counts = Counter(labels)
    return [
        label if label and counts[label] == 1 else f"{label} (no. {number})".strip()
        for number, label in enumerate(labels, start=1)
    ]


def _require_one_table(block: Block, n_sites: int) -> None:
    for name in _COLUMNS:
        cells = block.columns.get(name)
        if cells is not None and len(cells) != n_sites:
            raise StructureError(
                f"{name} has {len(cells)} values (line {block.lines[name]}), and {COORDINATES[0]} "
                f"has {n_sites}; write them in one loop."
            )


def _coordinates(
    block: Block, labels: Sequence[str], kept: Sequence[int], values: Sequence[Sequence[str]]
) -> NDArray[np.float64]:
    fractional = np.empty((len(kept), 3))
    for row, (site, texts) in enumerate(zip(kept, values, strict=True)):
        for axis, text in enumerate(texts):
            try:
                fractional[row, axis] = to_number(text)
                if abs(fractional[row, axis]) > _LARGEST_COORDINATE:
                    raise ValueError("not within a cell, or near it")  # noqa: TRY301
            except ValueError as error:
                reason = f"is {text!r} ({error})" if text else "is missing"
                raise StructureError(
                    f"{COORDINATES[axis]} of site {labels[site]} cannot be read: it {reason}. The "
                    f"loop begins in line {block.lines[COORDINATES[axis]]}."
                ) from error
    return fractional


def _require_full_occupancy(block: Block, labels: Sequence[str], kept: Sequence[int]) -> None:
    shares = block.column("_atom_site_occupancy")
    if shares is None:
        return
    symbols = block.column("_atom_site_type_symbol")
    partial = []
    for site in kept:
        if not shares[site]:
            continue  # the default is 1
        try:
            full = abs(to_number(shares[site]) - 1.0) <= _OCCUPANCY_ROUNDING
        except ValueError:
            full = False
        if not full:
            symbol = f"{symbols[site]} " if symbols else ""
            partial.append(f"site {labels[site]} ({symbol}{shares[site]})")
    if partial:
        raise StructureError(
            f"It has {_count(partial, 'partially occupied site')}: {_listed(partial)}. Choose one "
            f"ordered arrangement of the atoms and set every occupancy to 1."
        )


def _require_one_arrangement(block: Block, labels: Sequence[str], kept: Sequence[int]) -> None:
    assemblies = block.column("_atom_site_disorder_assembly") or [""] * len(labels)
    members: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in _GROUPS:
        groups = block.column(name) or [""] * len(labels)
        for site in kept:
            if groups[site] not in {"", "0"}:
                members[name, assemblies[site]][groups[site]].append(labels[site])
    for found in members.values():
        # A negative group overlaps with its own images, such as a solvent on an inversion centre.
        if len(found) > 1 or any(group.startswith("-") for group in found):
            alternatives = "; ".join(
                f"group {group}: {_listed(names)}" for group, names in sorted(found.items())
            )
            raise StructureError(
                f"It has alternative positions of disordered atoms ({alternatives}). Keep one "
                f"group and delete the others."
            )


def _elements(
    block: Block, labels: Sequence[str], kept: Sequence[int], formula_elements: Collection[str]
) -> tuple[str, ...]:
    symbols = block.column("_atom_site_type_symbol")
    symbols = symbols or [""] * len(labels)
    own_labels = block.column("_atom_site_label") or labels
    in_lower_case = any(len(symbol) > 1 and symbol[1].islower() for symbol in symbols)
    elements = []
    for site in kept:
        # Some programs write the label once more in place of the type.
        again = symbols[site] == own_labels[site] and not symbols[site].isalpha()
        own = "" if again else symbols[site]
        try:
            if own:
                element = from_type_symbol(own, formula_elements, in_lower_case=in_lower_case)
            else:
                element = from_label(labels[site], formula_elements)
        except NotOneElementError as error:
            what = f"has the type symbol {own!r}, which" if own else "has no type symbol; its label"
            raise StructureError(
                f"Site {labels[site]} {what} {error}; give one element in _atom_site_type_symbol, "
                f"and sites for all atoms of a group."
            ) from error
        elements.append(element)
    return tuple(elements)


def _multiplicities(block: Block, kept: Sequence[int]) -> tuple[int | None, ...]:
    found = block.column("_atom_site_site_symmetry_multiplicity") or block.column(
        "_atom_site_symmetry_multiplicity"
    )
    if found is None:
        return (None,) * len(kept)
    return tuple(int(found[site]) if found[site].isdecimal() else None for site in kept)


def _attached_hydrogens(
    block: Block, labels: Sequence[str], kept: Sequence[int]
) -> tuple[int, ...]:
    found = block.column("_atom_site_attached_hydrogens")
    if found is None:
        return (0,) * len(kept)
    counts = []
    for site in kept:
        if found[site] and not found[site].isdecimal():
            raise StructureError(
                f"_atom_site_attached_hydrogens of site {labels[site]} is {found[site]!r}, which "
                f"is no count; correct it."
            )
        counts.append(int(found[site] or 0))
    return tuple(counts)


def _charges(
    block: Block, labels: Sequence[str], kept: Sequence[int]
) -> tuple[tuple[float, ...] | None, Remark | None]:
    """Return the partial charges of the sites, and a note where they cannot be used."""
    found = block.column(_CHARGE)
    if found is None or not any(found[site] for site in kept):
        return None, None
    charges = []
    for site in kept:
        try:
            charges.append(to_number(found[site]))
        except ValueError:
            said = (
                f"{_CHARGE} of site {labels[site]} is {found[site] or 'missing'}, which is no "
                f"number: all charges in the file were left out."
            )
            return None, Remark("left-out-of-file", said)
    return (tuple(charges) if any(charges) else None), None


def _count(items: Sequence[str], noun: str) -> str:
    return f"{len(items)} {noun}{'' if len(items) == 1 else 's'}"


def _listed(items: Sequence[str]) -> str:
    return ", ".join(items[:_NAMED]) + (", ..." if len(items) > _NAMED else "")
