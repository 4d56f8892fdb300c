"""Finite differences of FHI-aims: ``hessian.NAME.dat`` and the files beside it."""

import re
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nearsight.arrays import FloatArray
from nearsight.errors import StructureError
from nearsight.hessian.files.content import DIFFERENCES, Content, damaged, numbers
from nearsight.remarks import Remark

_GEOMETRIES = ("geometry.in.next_step", "geometry.in")
"""In this order the scripts look for the structure."""

_ROUNDING_A = 1.01e-4
"""Positions in the file of masses have four decimals; the script may round or cut them."""

# What follows it in the name of a species is a label.
_ELEMENT = re.compile(r"[A-Z][a-z]?(?![a-z])")

# The first scripts leave a blank before the symbol, later ones do not.
_MASS = re.compile(r"^\s*([\d.]+)((?:\s+-?\d+\.\d+){3})\s*([A-Z][a-z]?)\w*\s*$")


def is_fhi_aims(file: Path, text: str) -> bool:
    """Tell whether a file holds bare numbers and has a file with masses beside it.

    The numbers alone say neither their unit nor whose they are.
    """
    return only_numbers(text) and _masses_file(file).is_file()


def only_numbers(text: str) -> bool:
    """Tell whether the first line of a text consists of numbers."""
    words = text.lstrip().partition("\n")[0].split()
    try:
        return bool(words) and all(np.isfinite(float(word)) for word in words)
    except ValueError:
        return False


def read_fhi_aims(file: Path, text: str) -> Content:
    """Read the Hessian (eV/Å²), the masses (amu) and the structure (Å) beside it.

    The scripts that come with FHI-aims (``get_vibrations.py``, ``aims.vibrations.pl``) write it
    from displaced structures, one line per displacement. The structure is that of
    ``geometry.in.next_step`` or ``geometry.in``, whichever the file with masses agrees with.

    Raises
    ------
    CheckpointError
        The matrix is cut off or not square.
    StructureError
        Atoms were held fixed and have no rows, or the structure is another one.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    uneven = [len(line) for line in lines if len(line) != len(lines)]
    if uneven or not lines:
        have = f"its {len(lines)} lines have {uneven[0]} numbers" if uneven else "it is empty"
        raise damaged(file, f"{have}, which makes no square")
    matrix = numbers((word for line in lines for word in line), file, "the matrix")
    matrix = matrix.reshape(len(lines), len(lines))
    atoms, note, beside = _structure(file)
    return Content(
        program="FHI-aims",
        matrix_eV_per_A2=matrix,
        asymmetry_allowed_eV_per_A2=DIFFERENCES * float(np.abs(matrix).max()),
        atoms=atoms,
        notes=note,
        files_beside=beside,
    )


def _masses_file(file: Path) -> Path:
    return file.with_name(f"masses{file.name.removeprefix('hessian')}")


def _structure(file: Path) -> tuple[Atoms | None, tuple[Remark, ...], dict[str, Path]]:
    """Return the structure beside a Hessian, and the files that have it.

    With a note where its masses are not the program's.
    """
    masses = _masses(_masses_file(file))
    given = [path for name in _GEOMETRIES if (path := file.with_name(name)).is_file()]
    for path in given:
        atoms = _read_geometry(path)
        if masses is None:
            note = f"there is no {_masses_file(file).name}; ASE's masses were taken."
            return atoms, (Remark("masses-assumed", note),), {"geometry": path}
        values, symbols, positions = masses
        if len(values) < len(atoms):
            raise StructureError(
                f"{file} has rows of {len(values)} of the {len(atoms)} atoms in {path.name}: the "
                f"others were held fixed (constrain_relaxation). Displace them all."
            )
        same = atoms.get_chemical_symbols() == symbols
        if same and np.abs(atoms.positions - positions).max() <= _ROUNDING_A:
            atoms.set_masses(values)
            return atoms, (), {"geometry": path, "masses": _masses_file(file)}
    if given:
        raise StructureError(
            f"{' and '.join(path.name for path in given)} beside {file} hold another structure "
            f"than {_masses_file(file).name}; put the one there whose atoms were displaced."
        )
    return None, (), {}


def _read_geometry(path: Path) -> Atoms:
    """Read atoms and lattice vectors; ASE's reader of this format is about to leave ASE."""
    places: dict[str, list[str]] = {"lattice_vector": [], "atom": [], "atom_frac": []}
    symbols: list[str] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        word, *values = line.partition("#")[0].split() or [""]
        if word not in places:
            continue
        if len(values) < 3:
            raise damaged(path, f"“{line.strip()[:40]}” lacks something")
        places[word] += values[:3]
        if word != "lattice_vector":
            symbol = _ELEMENT.match(values[3]) if len(values) > 3 else None
            if symbol is None or symbol[0] not in atomic_numbers:
                raise damaged(path, f"“{line.strip()[:40]}” names no element")
            symbols.append(symbol[0])
    vectors, positions, scaled = (
        numbers(words, path, name).reshape(-1, 3) for name, words in places.items()
    )
    if len(vectors) not in {0, 3} or (len(positions) and len(scaled)) or not symbols:
        raise damaged(path, "it has neither a molecule nor a crystal")
    if len(scaled):
        positions = scaled @ vectors
    return Atoms(
        symbols, positions=positions, cell=vectors if len(vectors) else None, pbc=bool(len(vectors))
    )


def _masses(path: Path) -> tuple[FloatArray, list[str], FloatArray] | None:
    """Return masses, symbols and rounded positions, if there is such a file."""
    if not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = [_MASS.match(line) for line in lines if line.strip()]
    if not found or None in found:
        raise damaged(path, "not every line holds a mass, a position and a symbol")
    complete = [match for match in found if match]
    masses = numbers((match[1] for match in complete), path, "the first column")
    positions = numbers(" ".join(match[2] for match in complete).split(), path, "a position")
    return masses, [match[3] for match in complete], positions.reshape(-1, 3)
