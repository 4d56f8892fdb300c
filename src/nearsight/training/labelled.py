"""Labelled structures: what is learnt, and what is wrong with it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from nearsight.arrays import FloatArray
from nearsight.errors import NearsightError, StructureError
from nearsight.hdnnp.frames import TEST, TRAIN, Frame
from nearsight.notebooks import ShownInNotebooks
from nearsight.remarks import Remark
from nearsight.structures.checking import check_structure
from nearsight.structures.naming import count_warnings, name_structure, paragraph

ALL = "all"
"""The group of structures that name none."""
SETS = (TRAIN, TEST)
# A hartree is 27.2 eV, and a hartree/bohr 51.4 eV/Å.
_ENERGY_FACTOR, _FORCE_FACTOR = 27.2, 51.4
_LEAST_GAP = 4.0
_SLACK = 1.5
_MOST_NAMED = 5


@dataclass(frozen=True, eq=False, repr=False)
class LabelledStructure(ShownInNotebooks):
    """A structure with its energy and forces."""

    number: int
    """Which frame of the data it is, from 0."""
    atoms: Atoms
    energy_eV: float
    forces_eV_per_A: FloatArray
    """Shape ``(n_atoms, 3)``."""
    group: str = ALL
    """What belongs together, such as frames of one trajectory."""
    split: str | None = None
    """``train`` or ``test`` where the data says so."""

    def __repr__(self) -> str:
        of = f"{name_structure(self.atoms)}, frame {self.number}"
        return paragraph(self, of, f"{self.energy_eV:.6g} eV", f"group {self.group}")

    @property
    def counts(self) -> Mapping[int, int]:
        """Number of atoms by atomic number."""
        numbers, counts = np.unique(self.atoms.numbers, return_counts=True)
        return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


@dataclass(frozen=True, eq=False, repr=False)
class LabelledData(ShownInNotebooks):
    """What can be learnt from, and what has to be known about it."""

    structures: tuple[LabelledStructure, ...]
    warnings: tuple[Remark, ...] = ()

    def __repr__(self) -> str:
        of = f"{len(self.structures)} structures of {', '.join(self.symbols)}"
        return paragraph(self, of, count_warnings(self.warnings))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Elements, by rising atomic number."""
        numbers = {number for each in self.structures for number in each.counts}
        return tuple(chemical_symbols[number] for number in sorted(numbers))


class StructuresDigest:
    """The SHA-256 digest of elements, positions and energies of structures, in their order."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, structure: LabelledStructure | Frame) -> None:
        """Add one more structure."""
        atoms = structure.atoms
        self._digest.update(np.ascontiguousarray(atoms.numbers, dtype=np.int64).tobytes())
        self._digest.update(np.ascontiguousarray(atoms.positions, dtype=np.float64).tobytes())
        self._digest.update(repr(structure.energy_eV).encode())

    def hexdigest(self) -> str:
        """Return the digest."""
        return self._digest.hexdigest()


def digest_of(structures: Iterable[LabelledStructure]) -> str:
    """Return the `StructuresDigest` of some structures."""
    digest = StructuresDigest()
    for each in structures:
        digest.add(each)
    return digest.hexdigest()


def labelled_data(frames: Iterable[Frame]) -> LabelledData:
    """Return the frames that can be learnt.

    Frames without energy or forces are left out, and all but the first of equal ones; both are
    said, as are labels that look as if they were in different units.

    Parameters
    ----------
    frames
        Structures with what is known of their energy and forces.

    Raises
    ------
    StructureError
        A frame is no structure, a label is no number, or there is nothing to learn.

    Examples
    --------
    >>> from ase import Atoms
    >>> from ase.calculators.lj import LennardJones
    >>> from nearsight.training import Frame, labelled_data
    >>> frames = []
    >>> for distance_A in (1.0, 1.1, 1.2):
    ...     pair = Atoms("Ar2", [[0, 0, 0], [0, 0, distance_A]], calculator=LennardJones())
    ...     frames.append(Frame(pair, pair.get_potential_energy(), pair.get_forces()))
    ...
    >>> data = labelled_data(frames)
    >>> len(data.structures), data.symbols
    (3, ('Ar',))
    """
    structures: list[LabelledStructure] = []
    unlabelled: list[int] = []
    repeated: list[int] = []
    contradicting: list[int] = []
    energies: dict[bytes, float] = {}
    n_energies = n_forces = 0
    for number, frame in enumerate(frames):
        n_energies += frame.energy_eV is not None
        n_forces += frame.forces_eV_per_A is not None
        labelled = _labelled(number, frame)
        if labelled is None:
            unlabelled.append(number)
            continue
        key = _key(labelled.atoms)
        if key in energies:
            repeated.append(number)
            if energies[key] != labelled.energy_eV:
                contradicting.append(number)
            continue
        energies[key] = labelled.energy_eV
        structures.append(labelled)
    if not structures:
        raise StructureError(
            f"of {len(unlabelled)} frames none has both an energy and forces: {n_energies} have an "
            f"energy, {n_forces} have forces. Give data that a calculator has labelled, in "
            f"extended XYZ by “energy=” and the column “forces”."
        )
    remarks = [
        *_left_out("frames-unlabelled", unlabelled, "have no energy or no forces"),
        *_left_out("frames-repeated", repeated, "repeat an earlier one"),
    ]
    if contradicting:
        remarks.append(
            Remark(
                "labels-contradict",
                f"frames {_named(contradicting)} are at the same positions as earlier ones, with "
                f"other energies; the first energy is learnt.",
            )
        )
    return LabelledData(tuple(structures), (*remarks, *_unit_remarks(structures)))


def _labelled(number: int, frame: Frame) -> LabelledStructure | None:
    energy, forces = frame.energy_eV, frame.forces_eV_per_A
    if energy is None or forces is None:
        return None
    if not (np.isfinite(energy) and np.isfinite(forces).all()):
        raise StructureError(
            f"frame {number}, counted from 0, has an energy or a force that is no number; leave it "
            f"out of the data."
        )
    atoms = frame.atoms.copy()
    atoms.set_constraint()
    try:
        check_structure(atoms)
    except NearsightError as error:
        raise StructureError(f"frame {number}, counted from 0: {error}") from error
    return LabelledStructure(number, atoms, energy, forces, frame.group or ALL, frame.split)


def _key(atoms: Atoms) -> bytes:
    cell = atoms.cell.array[atoms.pbc]
    parts = (atoms.numbers, atoms.positions, cell, np.array(atoms.pbc))
    return hashlib.sha256(b"|".join(each.tobytes() for each in parts)).digest()


def _left_out(code: str, numbers: Sequence[int], why: str) -> list[Remark]:
    if not numbers:
        return []
    count = "1 frame was" if len(numbers) == 1 else f"{len(numbers)} frames were"
    return [Remark(code, f"{count} left out that {why}: {_named(numbers)}, counted from 0.")]


def _named(numbers: Sequence[int]) -> str:
    more = len(numbers) - _MOST_NAMED
    named = ", ".join(map(str, numbers[:_MOST_NAMED]))
    return f"{named} and {more} more" if more > 0 else named


def _unit_remarks(structures: Sequence[LabelledStructure]) -> list[Remark]:
    """Say where labels differ as those in atomic units and in eV and Å do."""
    energies: dict[str, list[float]] = defaultdict(list)
    for each in structures:
        energies[str(each.atoms.symbols)].append(each.energy_eV)
    sizes = [float(np.sqrt(np.mean(each.forces_eV_per_A**2))) for each in structures]
    remarks = []
    if any(_differ_by(np.array(each), _ENERGY_FACTOR) for each in energies.values()):
        remarks.append(
            Remark(
                "units-mixed",
                "energies of one composition differ by a factor of about 27, as those in hartree "
                "and in eV do; give all data in the same unit.",
            )
        )
    if _differ_by(np.array(sizes), _FORCE_FACTOR):
        remarks.append(
            Remark(
                "units-mixed",
                "forces of some structures are about 51 times as large as those of the others, as "
                "those in eV/Å and in hartree/bohr are; give all data in the same unit.",
            )
        )
    return remarks


def _differ_by(values: FloatArray, factor: float) -> bool:
    """Tell whether sizes fall into two heaps, with nothing between them, by such a factor apart."""
    sizes = np.sort(np.abs(values[values != 0]))
    if len(sizes) < 2:
        return False
    gaps = sizes[1:] / sizes[:-1]
    place = int(gaps.argmax()) + 1
    apart = float(np.median(sizes[place:]) / np.median(sizes[:place]))
    return bool(gaps[place - 1] > _LEAST_GAP) and factor / _SLACK < apart < factor * _SLACK
