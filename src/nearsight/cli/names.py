"""Names of result files that follow from the names of structures."""

import argparse
from collections.abc import Sequence

from nearsight.errors import MethodError
from nearsight.structures.selection import structure_stem


def require_one_structure(arguments: argparse.Namespace, option: str) -> None:
    """Check that an option that names one file is used with one structure.

    Raises
    ------
    MethodError
        There are several structures.
    """
    if len(arguments.structures) > 1:
        raise MethodError(f"{option} names one file; leave it out for several structures.")


def require_different_stems(structures: Sequence[str]) -> None:
    """Check that results that are named after their structures do not overwrite each other.

    Raises
    ------
    MethodError
        Two structures have the same file name.
    """
    stems = [structure_stem(path) for path in structures]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise MethodError(
            f"two structures have the same file name ({', '.join(twice)}), and so would their "
            f"results; compute them one by one."
        )
