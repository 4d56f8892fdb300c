"""Paths through the Brillouin zone: the field's own, named by labels, or points of one's own."""

import itertools
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError, StructureError
from nearsight.remarks import Remark
from nearsight.structures.operations import exceptions_from_spglib
from nearsight.structures.tolerances import EXACT_TOLERANCE_A

SUGGESTED: Final = "auto"
"""The path that seekpath suggests."""

_GREEK = {"GAMMA": "Γ", "SIGMA": "Σ", "DELTA": "Δ", "LAMBDA": "Λ"}
_BASES = ("primitive", "cell", "cartesian")
_SAME = 1e-9
_ROUGH_A = 0.1
"""Symmetry of structures that are not relaxed yet, in Å."""


@dataclass(frozen=True)
class PathPoint:
    """A labelled point of the Brillouin zone."""

    label: str
    qpoint: tuple[float, float, float]
    """In units of the reciprocal vectors of the primitive cell of the force constants."""


@dataclass(frozen=True)
class BandPath:
    """Points that are joined by straight pieces, with breaks between runs of them."""

    runs: tuple[tuple[PathPoint, ...], ...]
    warnings: tuple[Remark, ...] = ()
    """What makes the path doubtful; empty if nothing does."""

    @property
    def pieces(self) -> tuple[tuple[PathPoint, PathPoint], ...]:
        """The straight pieces, from one point to the next."""
        return tuple(pair for run in self.runs for pair in itertools.pairwise(run))


class Crystal(Protocol):
    """What is asked of force constants."""

    @property
    def primitive_cell(self) -> Atoms:
        """The cell whose reciprocal vectors are the units of a path."""

    @property
    def primitive_vectors(self) -> FloatArray:
        """Its vectors (rows) in units of those of the cell that was given, shape ``(3, 3)``."""

    @property
    def row_symmetry_A(self) -> float | None:
        """Tolerance in Å of the symmetry; None for that of an exact structure."""


@dataclass(frozen=True)
class _Given:
    """A crystal before anything is computed of it."""

    primitive_cell: Atoms
    row_symmetry_A: float | None

    @property
    def primitive_vectors(self) -> FloatArray:
        return np.eye(3)


def require_band_path(atoms: Atoms, text: str) -> None:
    """Check that a text can be a path for a crystal, before anything is computed of it.

    Its symmetry may be that of a rough structure, which relaxation completes: labels may be those
    of either lattice.

    Raises
    ------
    MethodError, StructureError
        As of `find_band_path`.
    """
    try:
        find_band_path(_Given(atoms, None), text)
    except (MethodError, StructureError):
        try:
            find_band_path(_Given(atoms, _ROUGH_A), text)
        except (MethodError, StructureError):
            pass
        else:
            return
        raise


def find_band_path(force_constants: Crystal, text: str = SUGGESTED) -> BandPath:
    """Return the path that a text asks for, in the primitive cell of the force constants.

    Parameters
    ----------
    force_constants
        Of a crystal.
    text
        ``auto`` for the path that seekpath suggests (that of HPKOT). Labels that seekpath has for
        this lattice, with bars where the path jumps: ``GXWKGL``, ``G X W|K G L``, ``Γ-X|K-Γ``. Or
        points of one's own, a label and three coordinates each, with commas or on lines:
        ``G 0 0 0, X 1/2 0 1/2 | K 3/8 3/8 3/4, G 0 0 0``; or the name of a file that has such
        text, in which ``#`` starts a comment and an empty line is a jump. Coordinates are in units
        of the reciprocal vectors of the primitive cell of the results (`primitive_cell`), unless
        the text begins with ``basis: cell`` (those of the cell that was given) or ``basis:
        cartesian`` (Å⁻¹ without 2π).

    Raises
    ------
    MethodError
        A label is not known for this lattice, or the text is no path.
    StructureError
        seekpath finds no labels for this structure.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import force_constants
    >>> from nearsight.models import load_model
    >>> from nearsight.vibrations import find_band_path
    >>> constants = force_constants(bulk("Cu"), load_model("ase:emt"), (2, 2, 2))
    >>> path = find_band_path(constants, "G X W|K G L")
    >>> [[point.label for point in run] for run in path.runs]
    [['Γ', 'X', 'W'], ['K', 'Γ', 'L']]
    """
    if os.path.isfile(text):
        return _explicit(_read(text), force_constants)
    if _BASIS.match(text) or _WITH_COORDINATES.search(text):
        return _explicit(text, force_constants)
    if _FILE_NAME.fullmatch(text.strip()):
        raise MethodError(f"there is no file {text.strip()} with a path; check its name.")
    suggested, known = _of_seekpath(force_constants)
    if text.strip() == SUGGESTED:
        return suggested
    runs = tuple(_labelled(run, known) for run in text.split("|"))
    _require_runs(runs)
    return BandPath(runs, suggested.warnings)


def _labelled(run: str, known: Mapping[str, PathPoint]) -> tuple[PathPoint, ...]:
    """Return the points of one run of labels, which may be written without anything between."""
    words = re.findall(r"[^\s\-–—→>,]+", run)
    if len(words) == 1 and _key(words[0]) not in known:
        words = _divided(words[0], known)
    if "G" in known and any(word.upper() == "G" for word in words):
        raise MethodError(
            f"G in the path {run.strip()!r} may be Γ, or the point G that this lattice has; write "
            f"Γ or GAMMA for the first, or give the coordinates of the second."
        )
    unknown = [word for word in words if _key(word) not in known]
    if unknown:
        labels = ", ".join(dict.fromkeys(point.label for point in known.values()))
        raise MethodError(
            f"the point {unknown[0]} of the path {run.strip()!r} is not known for this lattice, "
            f"which has {labels}; name one of these, or give its coordinates, as in "
            f"'{unknown[0]} 1/2 0 1/2'."
        )
    return tuple(known[_key(word)] for word in words)


def _divided(word: str, known: Mapping[str, PathPoint]) -> list[str]:
    """Return the labels that a word is made of, the longest one first at every place."""
    labels = []
    while word:
        length = next(
            (n for n in range(len(word), 0, -1) if _key(word[:n]) in known and _ends(word, n)), 1
        )
        labels.append(word[:length])
        word = word[length:]
    return labels


def _ends(word: str, length: int) -> bool:
    """Tell whether a label may end here: not before its own index."""
    return length == len(word) or not (word[length].isdigit() or word[length] == "_")


def _key(label: str) -> str:
    """Return what is the same for all spellings of a label: X_1 and X1, Γ, GAMMA and G."""
    name = _spelled(label)
    return "Γ" if name == "G" else name


def _spelled(label: str) -> str:
    name = label.upper().replace("_", "")
    for latin, greek in _GREEK.items():
        name = name.replace(latin, greek)
    return name


_FILE_NAME = re.compile(r"\S*\.[A-Za-z]\w*|\S*/\S*")
_WITH_COORDINATES = re.compile(r"\s[-+.]?\d")
_BASIS = re.compile(r"\s*basis\s*[:=]\s*(\w+)\s*", flags=re.IGNORECASE)


def _explicit(text: str, force_constants: Crystal) -> BandPath:
    basis = "primitive"
    header = _BASIS.match(text)
    if header is not None:
        basis, text = header[1].lower(), text[header.end() :]
    if basis not in _BASES:
        raise MethodError(f"the basis {basis!r} of a path is none of {', '.join(_BASES)}.")
    runs = []
    for run in re.split(r"\||\n[ \t]*\n", text):
        items = [item for item in re.split(r"[,;\n]", run) if item.strip()]
        if items:
            runs.append(tuple(_point(item, basis, force_constants) for item in items))
    _require_runs(tuple(runs))
    return BandPath(tuple(runs))


def _point(item: str, basis: str, force_constants: Crystal) -> PathPoint:
    """Return the point that is written as a label and three coordinates."""
    words = item.split()
    try:
        label, *coordinates = words
        first, second, third = (float(Fraction(word)) for word in coordinates)
    except (ValueError, ZeroDivisionError):
        raise MethodError(
            f"{item.strip()!r} is no point of a path; write a label and three coordinates, such as "
            f"'X 1/2 0 1/2'."
        ) from None
    qpoint = np.array([first, second, third])
    if basis == "cell":
        qpoint = force_constants.primitive_vectors @ qpoint
    elif basis == "cartesian":
        qpoint = force_constants.primitive_cell.cell.array @ qpoint
    return _labelled_point(_GREEK.get(label.upper(), label), qpoint)


def _labelled_point(label: str, qpoint: FloatArray) -> PathPoint:
    first, second, third = qpoint.tolist()
    return PathPoint(label, (first, second, third))


def _require_runs(runs: Sequence[Sequence[PathPoint]]) -> None:
    if not runs:
        raise MethodError("a path has no points; give two at least, as in 'G X'.")
    for run in runs:
        if len(run) < 2:
            raise MethodError(
                f"a run of the path has {'one point' if run else 'no points'}"
                f"{f' ({run[0].label})' if run else ''}; it needs the two ends of a piece."
            )
        for first, second in itertools.pairwise(run):
            if np.allclose(first.qpoint, second.qpoint, atol=_SAME, rtol=0.0):
                raise MethodError(
                    f"the path goes from {first.label} to {second.label}, which are the same "
                    f"point; leave one of them out."
                )


def _read(path: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MethodError(f"the path in {path} cannot be read: {error}.") from error
    return "\n".join(line.partition("#")[0].rstrip() for line in text.splitlines()).strip()


def _of_seekpath(force_constants: Crystal) -> tuple[BandPath, dict[str, PathPoint]]:
    """Return seekpath's path and the points it has labels for, in the basis of the primitive cell.

    The path of HPKOT: Y. Hinuma et al., Comput. Mater. Sci. 2017, 128, 140,
    doi:10.1016/j.commatsci.2016.10.015.
    """
    found, remarks = _seek(force_constants)
    points = {
        name: _labelled_point(_plain(name), np.asarray(qpoint))
        for name, qpoint in found["point_coords"].items()
    }
    runs: list[list[PathPoint]] = []
    for start, end in found["path"]:
        if not runs or runs[-1][-1] != points[start]:
            runs.append([points[start]])
        runs[-1].append(points[end])
    known = {_spelled(name): point for name, point in points.items()}
    return BandPath(tuple(map(tuple, runs)), remarks), known


def _seek(force_constants: Crystal) -> tuple[dict[str, Any], tuple[Remark, ...]]:
    import seekpath
    from spglib.error import SpglibError

    primitive = force_constants.primitive_cell
    cell = (
        primitive.cell.array,
        primitive.cell.scaled_positions(primitive.positions),
        primitive.numbers,
    )
    tolerance = force_constants.row_symmetry_A or EXACT_TOLERANCE_A

    def path(on_edge_case: Literal["error", "ignore"]) -> dict[str, Any]:
        with warnings.catch_warnings(), exceptions_from_spglib():
            warnings.simplefilter(on_edge_case, seekpath.hpkot.EdgeCaseWarning)
            # That of force constants is primitive; of a structure as given only labels count.
            warnings.simplefilter("ignore", seekpath.SupercellWarning)
            found: dict[str, Any] = seekpath.get_path_orig_cell(cell, symprec=tolerance)
            return found

    try:
        try:
            return path("error"), ()
        except seekpath.hpkot.EdgeCaseWarning as warning:
            remark = (
                f"the path of the bands depends on the last digits of the cell ({warning}); "
                f"a symmetrised structure makes it definite."
            )
            return path("ignore"), (Remark("path-not-definite", remark),)
    except (
        seekpath.hpkot.SymmetryDetectionError,
        SpglibError,
        ValueError,
        AssertionError,
    ) as error:
        raise StructureError(
            f"seekpath finds no path for {primitive.get_chemical_formula()} ({error}); symmetrise "
            f"the structure, or give the points of a path with their coordinates."
        ) from error


def _plain(label: str) -> str:
    """Return a label of seekpath as one writes it."""
    name, _, index = label.partition("_")
    return _GREEK.get(name, name) + index
