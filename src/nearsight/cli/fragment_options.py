"""The options of fragments and of what they are cut for."""

import argparse

from nearsight.cli.values import positive_float

# Kept here, because their module imports more than `--help` may take time for; tests compare.
REFERENCE_RADIUS_A = 12.0
THRESHOLD_EV_PER_A2 = 0.35


def add_fragments(command: argparse.ArgumentParser, *, out_required: bool) -> None:
    """Add around which atoms fragments are cut, what is kept together, and where they are put."""
    group = command.add_argument_group("fragments")
    group.add_argument(
        "--site",
        nargs="+",
        metavar="ATOM",
        help="cut around these atoms: an index counted from 0, or element and index as in Zn0",
    )
    group.add_argument(
        "--keep",
        type=_atom_indices,
        action="append",
        default=[],
        metavar="I,J,...",
        help="never cut between these atoms; may be given several times",
    )
    group.add_argument(
        "--out", required=out_required, metavar="DIR", help="where to write STEM-ATOM.extxyz"
    )


def add_locality(command: argparse.ArgumentParser) -> None:
    """Add what decides about fragments that shrink around sites."""
    group = command.add_argument_group("locality")
    group.add_argument(
        "--reference",
        metavar="NAME",
        help="a reference method such as gfn2-xtb or pyscf:rpbe/def2-svp; with --model both are "
        "examined and compared",
    )
    group.add_argument(
        "--reference-radius",
        type=positive_float,
        default=REFERENCE_RADIUS_A,
        metavar="R",
        help="radius in Å of the fragment that smaller ones are compared with "
        "(default: %(default)g)",
    )
    group.add_argument(
        "--threshold",
        type=positive_float,
        default=THRESHOLD_EV_PER_A2,
        metavar="G",
        help="largest norm of the effective group matrix of a converged fragment in eV/Å² "
        "(default: %(default)g)",
    )


def _atom_indices(text: str) -> list[int]:
    """Return indices of atoms that are separated by commas."""
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text} is no list of atom indices such as 4,5,6")
    return [int(part) for part in parts]
