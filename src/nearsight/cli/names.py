"""Names of result files that follow from the names of structures."""

import argparse

from nearsight.errors import MethodError


def require_one_structure(arguments: argparse.Namespace, option: str) -> None:
    """Check that an option that names one file is used with one structure.

    Raises
    ------
    MethodError
        There are several structures.
    """
    if len(arguments.structures) > 1:
        raise MethodError(f"{option} names one file; leave it out for several structures.")
