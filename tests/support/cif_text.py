"""CIFs written line by line, for tests that need one with a certain fault or style."""

from collections.abc import Sequence

CELL = ("a", "b", "c", "alpha", "beta", "gamma")


def cif_text(
    sites: Sequence[str],
    *,
    cell: Sequence[float | str | None] = (6, 6, 6, 90, 90, 90),
    header: Sequence[str] = (),
    operations: Sequence[str] = (),
    columns: Sequence[str] = ("label", "type_symbol", "fract_x", "fract_y", "fract_z"),
    name: str = "test",
) -> str:
    """Return a CIF; `columns` are those of the sites without ``_atom_site_``."""
    kinds = ("length", "length", "length", "angle", "angle", "angle")
    lines = [f"data_{name}"]
    lines += [
        f"_cell_{kind}_{part} {value}"
        for kind, part, value in zip(kinds, CELL, cell, strict=True)
        if value is not None
    ]
    lines += header
    if operations:
        lines += [
            "loop_",
            "_space_group_symop_operation_xyz",
            *(f"'{each}'" for each in operations),
        ]
    lines += ["loop_", *(f"_atom_site_{column}" for column in columns), *sites]
    return "\n".join(lines) + "\n"
