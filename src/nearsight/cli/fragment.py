"""``nearsight fragment``."""

import argparse
from collections import Counter

from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.remarks import remarks_to_json
from nearsight.runs.json_file import JsonOutput
from nearsight.structures.fragment_files import make_folder, write_fragments
from nearsight.structures.fragment_sets import covering_fragments
from nearsight.structures.fragments import cut_fragment
from nearsight.structures.groups import find_groups
from nearsight.structures.sites import sites_named
from nearsight.tables.fragments import print_fragments
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
        print_fragments(path, groups, files, fragments)
        print_warnings(notes)
    return 0
