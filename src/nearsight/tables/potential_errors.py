"""How far a potential is off, as it is printed and as tables."""

from collections.abc import Sequence

from nearsight.printable import printable_name
from nearsight.records.hdnnp_test_record import HdnnpTestRecord
from nearsight.records.potential_parts import (
    ExtrapolationPart,
    GroupErrorsPart,
    PotentialErrorsPart,
)
from nearsight.tables.lines import print_line, start_of
from nearsight.tables.table import Column, Table

_GROUP = 16
_MOST_GROUPS = 20
_MOST_FUNCTIONS = 3
_ERRORS_OF_FORCES = (
    "force_RMSE_eV_per_A",
    "force_MAE_eV_per_A",
    "force_largest_eV_per_A",
)


def print_hdnnp_test(record: HdnnpTestRecord) -> None:
    """Print how far a potential is off for some data."""
    print(f"\n{printable_name(record.structure)}")
    print_line("potential", f"{printable_name(record.model.name)}, of {', '.join(record.elements)}")
    atoms = sum(each.n_atoms for each in record.errors.extrapolations)
    print_line("structures", f"{record.n_structures} of {atoms} atoms in all")
    if record.training is not None:
        print_line("test set", f"as the training on {printable_name(record.training)} kept it")
    print_potential_errors(record.errors)


def print_potential_errors(errors: PotentialErrorsPart) -> None:
    """Print tables of errors by group and by element, and what extrapolates."""
    if errors.without_offsets:
        print_line("offsets", "the mean energy error of each group is taken off its energies")
    for each in errors.extrapolations:
        print_line("beyond", _extrapolated(each))
    for function in errors.worst_functions[:_MOST_FUNCTIONS]:
        print_line(
            "",
            f"{function.name} for {function.n_atoms} "
            f"atom{'' if function.n_atoms == 1 else 's'}, by {100 * function.farthest:.2g} % of "
            f"its range at most",
        )
    print()
    print(f"  {'':<{6 + _GROUP + 7}}{'E / meV/atom':>26}{'F / eV/Å':>18}")
    left = printed_groups_table(errors).print(_MOST_GROUPS)
    if left:
        print(f"  and {left} more groups, which JSON and CSV have")
    if errors.elements:
        print()
        elements_table(errors).print()


def _extrapolated(part: ExtrapolationPart) -> str:
    of = "" if part.set == "data" else f"{part.set}: "
    if not part.n_atoms_beyond:
        return f"{of}no atom has a symmetry function out of the range of the training data"
    return (
        f"{of}{part.n_atoms_beyond} of {part.n_atoms} atoms in {part.n_structures_beyond} of "
        f"{part.n_structures} structures, {part.n_functions_beyond} symmetry functions"
    )


def printed_groups_table(errors: PotentialErrorsPart) -> Table:
    """Return errors by set and group as they are printed, in meV/atom and eV/Å."""
    rows = errors.groups
    return Table(
        (
            Column("set", [each.set for each in rows], "set", "<5"),
            Column("group", [_name(each.group) for each in rows], "group", f"<{_GROUP}"),
            Column("n_structures", [each.n_structures for each in rows], "points", ">6"),
            Column("energy_RMSE", _milli(rows, "energy_RMSE_eV_per_atom"), "RMSE", ">6.2f"),
            Column("energy_largest", _milli(rows, "energy_largest_eV_per_atom"), "max", ">6.1f"),
            Column("energy_offset", _milli(rows, "energy_offset_eV_per_atom"), "mean", ">z7.2f"),
            Column("force_RMSE", [each.force_RMSE_eV_per_A for each in rows], "RMSE", ">6.3f"),
            Column("force_largest", [each.force_largest_eV_per_A for each in rows], "max", ">5.2f"),
        )
    )


def groups_table(errors: PotentialErrorsPart) -> Table:
    """Return errors by set and group, as files have them."""
    names = list(GroupErrorsPart.__dataclass_fields__)
    return Table(
        tuple(Column(name, [getattr(each, name) for each in errors.groups]) for name in names)
    )


def elements_table(errors: PotentialErrorsPart) -> Table:
    """Return errors of forces by set and element."""
    rows = errors.elements
    heads = ("RMSE eV/Å", "MAE eV/Å", "max eV/Å")
    return Table(
        (
            Column("set", [each.set for each in rows], "set", "<5"),
            Column("element", [each.element for each in rows], "element", "<7"),
            Column("n_atoms", [each.n_atoms for each in rows], "atoms", ">9"),
            *(
                Column(name, [getattr(each, name) for each in rows], head, ">9.4f")
                for name, head in zip(_ERRORS_OF_FORCES, heads, strict=True)
            ),
        ),
        "elements",
    )


def functions_table(errors: PotentialErrorsPart) -> Table:
    """Return the symmetry functions that extrapolate."""
    rows = errors.worst_functions
    names = ("element", "index", "name", "smallest", "largest", "n_atoms", "farthest")
    return Table(
        tuple(Column(name, [getattr(each, name) for each in rows]) for name in names),
        "extrapolated-functions",
    )


def potential_errors_tables(errors: PotentialErrorsPart) -> Sequence[Table]:
    """Return all tables that have a row, that of groups first."""
    further = [
        table(errors)
        for table, rows in (
            (elements_table, errors.elements),
            (functions_table, errors.worst_functions),
        )
        if rows
    ]
    return [groups_table(errors), *further]


def _name(group: str) -> str:
    return start_of(printable_name(group), _GROUP)


def _milli(rows: Sequence[GroupErrorsPart], name: str) -> list[float | None]:
    values = [getattr(each, name) for each in rows]
    return [None if value is None else 1000 * value for value in values]
