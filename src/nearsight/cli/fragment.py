"""``nearsight fragment``."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from nearsight.cli.fragment_output import make_folder, write_fragments
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.printable import printable_name
from nearsight.remarks import remarks_to_json
from nearsight.runs.json_file import JsonOutput
from nearsight.structures.fragment_sets import covering_fragments
from nearsight.structures.fragments import Fragment, cut_fragment
from nearsight.structures.groups import Groups, find_groups
from nearsight.structures.sites import sites_named
from nearsight.tables.lines import print_line
from nearsight.workflows.settings import CuttingSettings
from nearsight.workflows.source import Source


def run(arguments: argparse.Namespace) -> int:
    """Cut fragments, write each to a file, and return the exit status."""
    path = arguments.structure
    require_output_files(arguments)
    folder = make_folder(arguments.out)
    settings = requested(arguments, CuttingSettings()).settings
    atoms, notes = Source.of(path, settings.reading).read()
    groups = find_groups(atoms, own=settings.fragments.keep)
    sites = sites_named(settings.fragments.sites, atoms)
    if sites is not None:
        fragments = [cut_fragment(groups, site, radius_A=arguments.radius) for site in sites]
    else:
        fragments = covering_fragments(groups, arguments.radius)
    files = write_fragments(folder, path, fragments)
    output = JsonOutput(arguments.json, many=False)
    output.add(
        {
            "structure": path,
            "warnings": remarks_to_json(notes),
            "radius_A": arguments.radius,
            "groups": dict(Counter(groups.kinds)),
            "fragments": [
                {"file": file, **found.summary()}
                for file, found in zip(files, fragments, strict=True)
            ],
        }
    )
    output.finish()
    if arguments.json != "-":
        _show(arguments, groups, files, fragments)
        print_warnings(notes)
    return 0


def _show(
    arguments: argparse.Namespace,
    groups: Groups,
    files: Sequence[str],
    fragments: Sequence[Fragment],
) -> None:
    atoms = groups.atoms
    print(f"\n{printable_name(arguments.structure)}")
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
