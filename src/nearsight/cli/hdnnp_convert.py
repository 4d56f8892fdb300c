"""``nearsight hdnnp convert``: potentials and their data, from one format into the other."""

import argparse
import os
import warnings

from nearsight.cli.shown_warnings import print_warnings
from nearsight.errors import NearsightWarning
from nearsight.hdnnp.files.converting import convert_potential
from nearsight.hdnnp.files.data import convert_data
from nearsight.hdnnp.units import units_named
from nearsight.tables.hdnnp import print_converted_data, print_converted_potential
from nearsight.terminal.logs import progress_for


def run(arguments: argparse.Namespace) -> int:
    """Convert a folder or a file, and print what was in it."""
    units = [
        None if text is None else units_named(text)
        for text in (arguments.from_units, arguments.to_units)
    ]
    source, target = arguments.source, arguments.target
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", NearsightWarning)
        if os.path.isdir(source):
            converted = convert_potential(source, target, *units, replace=arguments.replace)
            print_converted_potential(converted, target)
        else:
            counts = convert_data(source, target, *units, progress=progress_for(arguments))
            print_converted_data(counts, target)
    print_warnings(str(each.message) for each in caught)
    return 0
