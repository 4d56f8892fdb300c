"""Fragments as text, a line for each."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from nearsight.printable import printable_name
from nearsight.structures.fragments import Fragment
from nearsight.structures.groups import Groups
from nearsight.tables.lines import print_line, print_structure_line


def print_fragments(
    path: str, groups: Groups, files: Sequence[str], fragments: Sequence[Fragment]
) -> None:
    """Print groups of a structure, and the fragments that were cut and written to files."""
    atoms = groups.atoms
    print(f"\n{printable_name(path)}")
    print_structure_line(atoms.get_chemical_formula(), len(atoms))
    kinds = Counter(groups.kinds).most_common()
    print_line("groups", ", ".join(f"{count} {kind}" for kind, count in kinds))
    if fragments[0].radius_A is not None:
        print_line("radius", f"{fragments[0].radius_A:g} Å; central atoms have all within it")
    for label, number in (("charge", 0), ("spin", 1)):
        reasons = dict.fromkeys(found.reasons[number] for found in fragments)
        for reason in reasons:
            print_line(label, reason)
    print_line("saved in", os.path.dirname(files[0]) or ".")
    width = max(len(Path(file).name) for file in files)
    width = min(max(width, 4), 32)
    print(f"\n  {'file':<{width}}  {'centre':>7} {'atoms':>6} {'central':>8} {'caps':>5}", end="")
    print(f" {'charge':>7} {'2S+1':>5}")
    for file, found in zip(files, fragments, strict=True):
        name = printable_name(Path(file).name)
        if len(name) > width:
            print(f"  {name}")
            name = ""
        print(
            f"  {name:<{width}}  {found.centre:>7} {len(found.atoms):>6} "
            f"{found.n_central:>8} {found.n_caps:>5} {_signed(found.charge):>7} "
            f"{found.multiplicity:>5}"
        )


def _signed(charge: int) -> str:
    return f"{charge:+d}" if charge else "0"
