"""Fragments of IRMOF-1, -10 and -16 beside those of M. Herbold and J. Behler.

J. Chem. Phys. 156, 114106 (2022), doi:10.1063/5.0082952, and Phys. Chem. Chem. Phys. 25, 12979
(2023), doi:10.1039/D2CP05976B. Their geometries are of RPBE: here all distances of an idealised
crystal, built from those of GFN1-xTB, are scaled, and each count has its range of scales.
"""

import argparse
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from ase import Atoms
from irmof_cells import irmof

from nearsight.structures.fragment_extension import extend_fragment
from nearsight.structures.fragments import cut_fragment
from nearsight.structures.groups import Groups, find_groups

SCALES = np.array([1.0, 1.004, 1.008, 1.01, 1.012, 1.014, 1.016, 1.018, 1.02, 1.024])
SHORT_A, LONG_A = 4.359, 8.718
TWISTS = {
    "IRMOF-1": {"planar": (0.0,)},
    "IRMOF-10": {"planar": (0.0, 0.0), "twisted": (0.0, 36.0)},
    "IRMOF-16": {"planar": (0.0, 0.0, 0.0), "twisted": (0.0, 36.0, 0.0)},
}
# Two nodes and six linkers, Zn4O(L)3 twice, by the number of rings.
FORMULAS = ("C48H24O26Zn8", "C84H48O26Zn8", "C120H72O26Zn8")


@dataclass(frozen=True)
class Published:
    """One fragment of the paper."""

    framework: str
    site: str
    """What the site is; `atom` is its index in the cells that are built here."""
    atom: int
    radius_A: float
    n_atoms: int
    n_central: int
    n_extended: int | None = None


PUBLISHED = (
    Published("IRMOF-1", "Zn", 0, SHORT_A, 59, 17),
    Published("IRMOF-1", "C at carboxylate", 46, SHORT_A, 42, 11),
    Published("IRMOF-10", "C at carboxylate", 46, SHORT_A, 49, 17),
    Published("IRMOF-16", "C of middle ring", 56, SHORT_A, 32, 16),
    Published("IRMOF-1", "Zn", 0, LONG_A, 98, 8, 107),
    Published("IRMOF-1", "C at carboxylate", 46, LONG_A, 146, 12, 146),
    Published("IRMOF-10", "Zn", 0, LONG_A, 119, 17, 149),
    Published("IRMOF-10", "C at other ring", 47, LONG_A, 116, 11, 156),
    Published("IRMOF-16", "C at carboxylate", 46, LONG_A, 99, 14, 209),
    Published("IRMOF-16", "CH of middle ring", 58, LONG_A, 38, 4, 38),
)


def main() -> None:
    """Count, compare, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    lines = [
        "| framework | site | R / Å | paper | rings | counts by scale of distances | extended |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for entry in PUBLISHED:
        for rings, twists in TWISTS[entry.framework].items():
            print(entry, rings, flush=True)
            lines.append(_row(entry, rings, twists))
            _write(arguments.results / "locality_irmof_fragments.md", lines)


def _write(path: Path, lines: list[str]) -> None:
    """Put the table in the place of the one that is in the file, whose text stays."""
    head, _, tail = path.read_text(encoding="utf-8").partition("| framework")
    rest = tail.partition("\n\n")[2]
    path.write_text(head + "\n".join(lines) + "\n\n" + rest, encoding="utf-8")


def _row(entry: Published, rings: str, twists: tuple[float, ...]) -> str:
    counts = [_count(entry, twists, scale) for scale in SCALES]
    spans = []
    for count in dict.fromkeys(counts):
        scales = SCALES[[other == count for other in counts]]
        met = count == (entry.n_atoms, entry.n_central)
        text = f"{count[0]} ({count[1]}): {scales[0]:.3f}-{scales[-1]:.3f}"
        spans.append(f"**{text}**" if met else text)
    extended = ""
    if entry.n_extended is not None:
        wanted = (entry.n_atoms, entry.n_central)
        at = SCALES[counts.index(wanted)] if wanted in counts else 1.014
        extended = f"{_extended(entry, twists, float(at))}, paper {entry.n_extended}"
    return (
        f"| {entry.framework} | {entry.site} | {entry.radius_A} | {entry.n_atoms} "
        f"({entry.n_central}) | {rings} | {', '.join(spans)} | {extended} |"
    )


def _count(entry: Published, twists: tuple[float, ...], scale: float) -> tuple[int, int]:
    fragment = cut_fragment(_groups(twists, scale), entry.atom, radius_A=entry.radius_A)
    return len(fragment.atoms), fragment.n_central


@cache
def _groups(twists: tuple[float, ...], scale: float) -> Groups:
    atoms = _crystal(twists).copy()
    atoms.set_cell(scale * atoms.cell, scale_atoms=True)
    return find_groups(atoms)


@cache
def _crystal(twists: tuple[float, ...]) -> Atoms:
    atoms = irmof(twists)
    assert atoms.get_chemical_formula() == FORMULAS[len(twists) - 1]
    return atoms


def _extended(entry: Published, twists: tuple[float, ...], scale: float) -> str:
    groups = _groups(twists, scale)
    found = extend_fragment(groups, cut_fragment(groups, entry.atom, radius_A=entry.radius_A))
    return f"{len(found.atoms)} ({found.n_central})"


if __name__ == "__main__":
    main()
