"""``nearsight fragment``."""

import argparse
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ase import Atoms

from nearsight.cli.calculation import read_checked
from nearsight.cli.json_output import JsonOutput, require_writable
from nearsight.cli.lines import print_line
from nearsight.errors import StorageError, StructureError
from nearsight.structures.fragment_files import write_fragment
from nearsight.structures.fragment_sets import covering_fragments
from nearsight.structures.fragments import Fragment, cut_fragment
from nearsight.structures.groups import Groups, find_groups


def run(arguments: argparse.Namespace) -> int:
    """Cut fragments, write each to a file, and return the exit status."""
    path = arguments.structure
    require_writable(arguments.json, [path])
    atoms = read_checked(path)
    groups = find_groups(atoms, own=arguments.keep)
    if arguments.site:
        sites = [_site(name, atoms) for name in arguments.site]
        fragments = [cut_fragment(groups, site, radius_A=arguments.radius) for site in sites]
    else:
        fragments = covering_fragments(groups, arguments.radius)
    folder = _folder(arguments.out)
    files = [str(folder / f"{Path(path).stem}-{_centre(found)}.extxyz") for found in fragments]
    for file, found in zip(files, fragments, strict=True):
        write_fragment(file, found, parent=path)
    output = JsonOutput(arguments.json, many=False)
    output.add(
        {
            "structure": path,
            "radius_A": arguments.radius,
            "groups": dict(Counter(groups.kinds)),
            "fragments": [
                _record(file, found) for file, found in zip(files, fragments, strict=True)
            ],
        }
    )
    output.finish()
    if arguments.json != "-":
        _show(arguments, groups, files, fragments)
    return 0


def _site(name: str, atoms: Atoms) -> int:
    """Return the atom that is meant by an index, or by an element with an index."""
    given = re.fullmatch(r"([A-Z][a-z]?)?(\d+)", name)
    if given is None:
        raise StructureError(
            f"{name} is no site; give an index counted from 0, or an element with it such as Zn0."
        )
    symbol, index = given[1], int(given[2])
    if index >= len(atoms):
        raise StructureError(
            f"There is no atom {index}: the structure has atoms 0 to {len(atoms) - 1}."
        )
    if symbol is not None and atoms[index].symbol != symbol:
        raise StructureError(
            f"{name} is no site: atom {index}, counted from 0, is {atoms[index].symbol}."
        )
    return index


def _folder(name: str) -> Path:
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot make the folder {folder}: {error.strerror or error}; choose another place."
        ) from error
    return folder


def _centre(fragment: Fragment) -> str:
    return f"{fragment.atoms.symbols[fragment.site]}{fragment.parents[fragment.site]}"


def _signed(charge: int) -> str:
    return f"{charge:+d}" if charge else "0"


def _record(file: str, fragment: Fragment) -> dict[str, object]:
    return {
        "file": file,
        "centre": _centre(fragment),
        "formula": fragment.atoms.get_chemical_formula(),
        "n_atoms": len(fragment.atoms),
        "n_central": fragment.n_central,
        "n_caps": fragment.n_caps,
        "charge": fragment.charge,
        "spin": fragment.multiplicity,
        "charge_reason": fragment.reasons[0],
        "spin_reason": fragment.reasons[1],
    }


def _show(
    arguments: argparse.Namespace,
    groups: Groups,
    files: Sequence[str],
    fragments: Sequence[Fragment],
) -> None:
    atoms = groups.atoms
    print(f"\n{arguments.structure}")
    print_line("structure", f"{atoms.get_chemical_formula()}, {len(atoms)} atoms")
    kinds = Counter(groups.kinds).most_common()
    print_line("groups", ", ".join(f"{count} {kind}" for kind, count in kinds))
    print_line("radius", f"{arguments.radius:g} Å; central atoms have all within it")
    for label, number in (("charge", 0), ("spin", 1)):
        reasons = dict.fromkeys(found.reasons[number] for found in fragments)
        for reason in reasons:
            print_line(label, reason)
    print_line("saved in", arguments.out)
    width = max(len(Path(file).name) for file in files)
    width = min(max(width, 4), 32)
    print(f"\n  {'file':<{width}}  {'centre':>7} {'atoms':>6} {'central':>8} {'caps':>5}", end="")
    print(f" {'charge':>7} {'2S+1':>5}")
    for file, found in zip(files, fragments, strict=True):
        name = Path(file).name
        if len(name) > width:
            print(f"  {name}")
            name = ""
        print(
            f"  {name:<{width}}  {_centre(found):>7} {len(found.atoms):>6} "
            f"{found.n_central:>8} {found.n_caps:>5} {_signed(found.charge):>7} "
            f"{found.multiplicity:>5}"
        )
