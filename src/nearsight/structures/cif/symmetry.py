"""Which symmetry operations a block of a CIF stands for, from what it lists and what it names."""

from dataclasses import dataclass

from ase.cell import Cell

from nearsight.errors import StructureError
from nearsight.remarks import Remark
from nearsight.structures.cif.document import Block
from nearsight.structures.cif.operations import (
    ONLY_IDENTITY,
    Operations,
    from_triplets,
    metric_conflict,
    metric_misfit,
)
from nearsight.structures.cif.settings import Named, Setting, named_settings

# Of the tolerance of the metric: what the digits of a file leave of a symmetry.
_EXACT_SHARE = 0.05

_LISTS = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz")
_SYSTEMS = ("_space_group_crystal_system", "_symmetry_cell_setting")


@dataclass(frozen=True)
class Possible:
    """The settings that a block allows; one if it says which."""

    settings: tuple[Setting, ...]
    notes: tuple[Remark, ...] = ()
    contradictions: tuple[str, ...] = ()


def possible_settings(block: Block, cell: Cell) -> Possible:
    """Return the settings that a block allows.

    Listed operations count, as the dictionary has it; names are compared with them. Without a list
    names are looked up, and settings of which the cell is not are left out.

    Raises
    ------
    StructureError
        Listed operations are no group, a name without a list is in no table, or the block has a
        crystal system but neither names nor a list.
    """
    named = named_settings(block)
    listed = _listed(block)
    if listed is None:
        return _from_names(block, named, cell)
    notes, contradictions = _compared(listed, named)
    conflict = metric_conflict(listed, cell)
    if conflict:
        contradictions.append(
            f"its symmetry operations do not keep the lengths and angles of the cell: {conflict}"
        )
    name = next((each.name for each in named.settings if each.operations == listed), "as listed")
    setting = Setting(name, listed.number, listed)
    return Possible((setting,), tuple(notes), tuple(contradictions))


def _listed(block: Block) -> Operations | None:
    found = {name: block.column(name) for name in _LISTS}
    operations = {
        name: from_triplets(triplets)
        for name, triplets in found.items()
        if triplets and any(triplets)
    }
    if len(set(operations.values())) > 1:
        raise StructureError(
            f"{' and '.join(operations)} list different symmetry operations; delete the wrong ones."
        )
    return next(iter(operations.values()), None)


def _compared(listed: Operations, named: Named) -> tuple[list[Remark], list[str]]:
    """Return notes and contradictions from names beside listed operations."""
    contradictions = [named.conflict] if named.conflict else []
    if not named.settings:
        return [], contradictions
    if all(each.number != listed.number for each in named.settings):
        of_group = f"of space group {listed.number}" if listed.number else "of no space group"
        contradictions.append(
            f"its {named.texts[0]} is of space group {named.settings[0].number}, but its "
            f"{len(listed)} symmetry operations are {of_group}"
        )
    elif all(each.operations != listed for each in named.settings):
        said = (
            f"The symmetry operations in the file are of another setting of space group "
            f"{listed.number} than its {named.texts[0]}; the operations were used."
        )
        return [Remark("setting-mismatch", said)], contradictions
    return [], contradictions


def _from_names(block: Block, named: Named, cell: Cell) -> Possible:
    if not named.settings:
        return _without_names(block, named)
    contradictions = [each for each in (named.conflict, named.setting_conflict) if each]
    suitable = _suitable(named.settings, cell)
    if not suitable:
        contradictions.append(
            f"its {named.texts[0]} (space group {named.settings[0].number}) does not go with the "
            f"cell: {metric_conflict(named.settings[0].operations, cell)}"
        )
    return Possible(suitable or named.settings[:1], (), tuple(contradictions))


def _suitable(settings: tuple[Setting, ...], cell: Cell) -> tuple[Setting, ...]:
    """Return the settings that the cell suits; exactly, if it suits any exactly.

    An angle of 90.2° is within the tolerance of an orthogonal cell, but tells which axis is unique.
    """
    misfits = {each: metric_misfit(each.operations, cell) for each in settings}
    exact = tuple(each for each, misfit in misfits.items() if misfit <= _EXACT_SHARE)
    return exact or tuple(each for each, misfit in misfits.items() if misfit <= 1.0)


def _without_names(block: Block, named: Named) -> Possible:
    if named.unknown:
        raise StructureError(
            f"Its space group, {' and '.join(named.unknown)}, is in no table of Hermann-Mauguin or "
            f"Hall symbols; list the symmetry operations (_space_group_symop_operation_xyz)."
        )
    system = block.text(*_SYSTEMS)
    if system is not None and system.lower() not in {"triclinic", "anorthic"}:
        raise StructureError(
            f"It is said to be {system}, but has neither a space group nor symmetry operations; "
            f"add them."
        )
    note = (
        "The file names no space group and lists no symmetry operations: it was read as P 1, each "
        "site once."
    )
    return Possible((Setting("P 1", 1, ONLY_IDENTITY),), (Remark("no-space-group", note),))
