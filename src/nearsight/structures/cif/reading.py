"""From a CIF to all atoms of the cell, with all that the file says against itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.cell import Cell

from nearsight.errors import StructureError
from nearsight.remarks import Remark
from nearsight.structures.checking import CLOSEST_DISTANCE_A
from nearsight.structures.cif import checks
from nearsight.structures.cif.document import Block, parse
from nearsight.structures.cif.elements import to_species
from nearsight.structures.cif.expansion import expand
from nearsight.structures.cif.formula import Formula, read_formula
from nearsight.structures.cif.settings import Setting
from nearsight.structures.cif.sites import Sites, read_sites
from nearsight.structures.cif.symmetry import possible_settings
from nearsight.structures.selection import choose

SUFFIXES = frozenset({".cif", ".mcif", ".mmcif"})

_LENGTHS = ("_cell_length_a", "_cell_length_b", "_cell_length_c")
_ANGLES = ("_cell_angle_alpha", "_cell_angle_beta", "_cell_angle_gamma")
_LONGEST_VECTOR_A = 1e5

# What makes a structure another one, and is in no column that is read here.
_BEYOND = {
    "_atom_site_moment_": "magnetic moments",
    "_space_group_symop_magn_": "magnetic symmetry",
    "_space_group_magn_": "magnetic symmetry",
    "_space_group_ssg_": "a modulation",
    "_cell_modulation_dimension": "a modulation",
    "_atom_site_fourier_": "a modulation",
    "_atom_site_displace_": "a modulation",
}


@dataclass(frozen=True)
class ReadCif:
    """What was read from one block."""

    atoms: Atoms
    notes: tuple[Remark, ...]
    contradictions: tuple[str, ...]
    """What the file says in two ways, each with both values. None of it may be passed over."""


def is_cif(suffix: str, content: bytes) -> bool:
    """Tell whether a file is a CIF, by the ending of its name in any case or by its content.

    Parameters
    ----------
    suffix
        The ending of its name, with the dot.
    content
        The beginning of the file, or all of it.
    """
    if suffix.lower() in SUFFIXES:
        return True
    start = content[:65536].decode("latin-1").lower()
    opened = re.match(r"(?:\ufeff|ï»¿)?(?:\s*#[^\n\r]*[\n\r])*\s*data_\S*\s", start)
    return opened is not None and ("_cell_length" in start or "_atom_site" in start)


def read_cif(content: bytes, choice: str | None = None) -> ReadCif:
    """Read the structure of one block.

    Parameters
    ----------
    content
        The file.
    choice
        Number, counted from 1 over the blocks with atoms, or name of a block; the last by default.

    Raises
    ------
    StructureError
        The content is no CIF, has no atoms, or says what cannot be a structure of whole atoms.
    """
    document = parse(content)
    blocks = [block for block in document.blocks if block.has_sites]
    if not blocks:
        raise StructureError(
            "It has no block with atom sites (_atom_site_fract_x); give one that has."
        )
    position, note = choose(choice, [block.name for block in blocks])
    found = _read_block(blocks[position])
    notes = (*([note] if note else []), *document.notes, *found.notes)
    return ReadCif(found.atoms, notes, found.contradictions)


def _read_block(block: Block) -> ReadCif:
    for start, what in _BEYOND.items():
        if any(name.startswith(start) for name in block.lines):
            raise StructureError(
                f"It describes {what}, which is not read; give a CIF of the structure without."
            )
    cell = _cell(block)
    formula = read_formula(block)
    sites = read_sites(block, formula.elements if formula else ())
    if not sites.labels:
        raise StructureError("It contains no atoms; check that it is complete.")
    possible = possible_settings(block, cell)
    try:
        found = _one_setting(block, sites, cell, formula, possible.settings)
    except StructureError as error:
        if not possible.contradictions:
            raise
        # Such as the atoms of a primitive cell under the symbol of the conventional one.
        raise StructureError(
            f"It contradicts itself, {'; '.join(possible.contradictions)}; and taken at its word: "
            f"{error}"
        ) from error
    notes = [*possible.notes, *sites.notes, *found.notes]
    if formula is not None and formula.counts is None:
        said = (
            f"The formula {formula.text!r} in the file is not understood, so that the composition "
            f"was not compared with it."
        )
        notes.append(Remark("formula-not-understood", said))
    return ReadCif(found.atoms, tuple(notes), (*possible.contradictions, *found.contradictions))


def _cell(block: Block) -> Cell:
    lengths = [block.number(name) for name in _LENGTHS]
    missing = [name for name, value in zip(_LENGTHS, lengths, strict=True) if value is None]
    if missing:
        raise StructureError(
            f"It has no {', '.join(missing)}, so that its cell is not known; add what is missing."
        )
    # The dictionary's default of all three angles.
    angles = [90.0 if value is None else value for value in map(block.number, _ANGLES)]
    parameters = [*(value for value in lengths if value is not None), *angles]
    text = ", ".join(f"{value:g}" for value in parameters)
    lengths_A = parameters[:3]
    sound = min(lengths_A) >= CLOSEST_DISTANCE_A and max(lengths_A) <= _LONGEST_VECTOR_A
    if not sound or min(angles) <= 0 or max(angles) >= 180:
        raise StructureError(f"Its cell ({text}; Å and degrees) is none; correct it.")
    if not _has_volume(angles):
        raise StructureError(f"Its cell ({text}; Å and degrees) has no volume; correct it.")
    return Cell(Cell.fromcellpar(parameters).array)


def _has_volume(angles: Sequence[float]) -> bool:
    a, b, c = np.cos(np.radians(angles))
    return bool(1 - a * a - b * b - c * c + 2 * a * b * c > 1e-8)


def _one_setting(
    block: Block,
    sites: Sites,
    cell: Cell,
    formula: Formula | None,
    settings: Sequence[Setting],
) -> ReadCif:
    """Expand in the setting that is asked for, or in the only one that nothing contradicts."""
    if len(settings) == 1:
        return _expanded(block, sites, cell, formula, settings[0])
    sound: dict[str, ReadCif] = {}
    against: list[str] = []
    for setting in settings:
        try:
            found = _expanded(block, sites, cell, formula, setting)
        except StructureError as error:
            against.append(f"in {setting.name}, {error}".rstrip("."))
            continue
        if found.contradictions:
            against.append(f"in {setting.name}, {'; '.join(found.contradictions)}")
        else:
            sound[setting.name] = found
    names = ", ".join(setting.name for setting in settings)
    if len(sound) != 1:
        why = "nothing in the file tells which is meant"
        if not sound:
            why = f"none agrees with the rest of the file: {against[0]}"
        raise StructureError(
            f"Its space group has several settings that go with the cell ({names}), and {why}. "
            f"List its symmetry operations, or write the full symbol of the setting as "
            f"_space_group_name_H-M_alt."
        )
    [(name, found)] = sound.items()
    note = (
        f"The file does not say in which setting its space group is; of {names} only {name} agrees "
        f"with the rest of it."
    )
    return ReadCif(found.atoms, (Remark("setting-inferred", note), *found.notes), ())


def _expanded(
    block: Block, sites: Sites, cell: Cell, formula: Formula | None, setting: Setting
) -> ReadCif:
    expansion = expand(sites, setting.operations, cell)
    species = [to_species(element) for element in sites.elements]
    atoms = Atoms(
        [species[site].symbol for site in expansion.sites],
        scaled_positions=expansion.fractional,
        cell=cell,
        pbc=True,
    )
    if any(each.mass_u is not None for each in species):
        natural = atoms.get_masses()
        own = [species[site].mass_u for site in expansion.sites]
        atoms.set_masses(
            [mass if mass is not None else natural[atom] for atom, mass in enumerate(own)]
        )
    if sites.charges_e is not None:
        atoms.set_initial_charges([sites.charges_e[site] for site in expansion.sites])
    checks.require_apart(sites, expansion, atoms)
    found = [
        checks.composition_conflict(formula, block, atoms),
        checks.volume_conflict(block, atoms),
        checks.multiplicity_conflict(sites, expansion, len(setting.operations)),
        checks.hydrogen_conflict(sites, expansion, atoms, formula),
        checks.distance_conflict(sites, expansion, atoms),
    ]
    density = checks.density_note(block, atoms)
    notes = (*expansion.notes, *([density] if density else []))
    return ReadCif(atoms, notes, tuple(conflict for conflict in found if conflict))
