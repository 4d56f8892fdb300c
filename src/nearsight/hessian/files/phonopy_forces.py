"""Force constants and forces of phonopy in files of their own: three formats, one for each of them.

``FORCE_CONSTANTS`` and ``FORCE_SETS`` are bare numbers in the units of the calculator, which the
YAML names; ``force_constants.hdf5`` may name its own.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import CheckpointError
from nearsight.hessian.files.phonopy_content import Displacements, PhonopyContent
from nearsight.hessian.files.phonopy_units import force_constants_unit_eV_per_A2

_MOST_PACKED = 1100
"""Times, to which DEFLATE packs zeros: what claims more holds nothing."""

_LONGEST_WORD_BYTES = 256

_SAME_A = 1e-4
"""Between a displacement in two files, one of which has eight decimals."""

_HDF5 = b"\x89HDF\r\n\x1a\n"


def with_forces_from(content: PhonopyContent, file: Path) -> PhonopyContent:
    """Return what a YAML holds with the forces or force constants in a file that was named.

    Those in the YAML itself do not count then.

    Raises
    ------
    CheckpointError
        The file is missing, cut off, of another supercell, or of no format that is known.
    """
    if not file.is_file():
        raise CheckpointError(
            f"{file} does not exist; give the path of a FORCE_CONSTANTS, FORCE_SETS or "
            f"force_constants.hdf5 of phonopy."
        )
    with file.open("rb") as stream:
        begin = stream.read(len(_HDF5))
    if begin == _HDF5:
        return _with_constants(content, *_hdf5(file, content), file)
    lines = _Lines(file)
    first = lines.peek()
    if len(first) == 6:
        return _with_displacements(content, _all_atoms(lines, content), file)
    if len(first) == 1 and lines.has_blank_third_line():
        return _with_displacements(content, _one_atom(lines, content), file)
    if len(first) in {1, 2} and all(word.isdigit() for word in first):
        return _with_constants(content, *_constants(lines, content), file)
    raise CheckpointError(
        f"{file} is neither a FORCE_CONSTANTS nor a FORCE_SETS nor a force_constants.hdf5 of "
        f"phonopy: it begins with “{' '.join(first)[:40]}”."
    )


def _with_constants(
    content: PhonopyContent, values: FloatArray, rows: IntArray | None, file: Path
) -> PhonopyContent:
    return replace(
        content,
        force_constants_eV_per_A2=values,
        force_constant_rows=rows,
        displacements=None,
        forces_file=file,
    )


def _with_displacements(
    content: PhonopyContent, found: Displacements, file: Path
) -> PhonopyContent:
    """Return the content with other forces, which must be those of the displacements it lists."""
    listed = content.displacements
    if listed is not None:
        n_given = len(found.displacements_A)
        same = (
            listed.kind == found.kind
            and np.array_equal(listed.atoms, found.atoms)
            # Random displacements may have been computed in part.
            and n_given <= len(listed.displacements_A)
            and np.abs(listed.displacements_A[:n_given] - found.displacements_A).max() <= _SAME_A
        )
        if not same:
            raise CheckpointError(
                f"{file} has forces of other displacements than {content.file} lists: they do not "
                f"belong together. Give the YAML with which {file.name} was made."
            )
    return replace(
        content,
        force_constants_eV_per_A2=None,
        force_constant_rows=None,
        displacements=found,
        forces_file=file,
    )


class _Lines:
    """The lines of a text that are not empty, in words, with errors that name the line."""

    def __init__(self, file: Path) -> None:
        self.file = file
        text = file.read_text(encoding="utf-8", errors="replace").splitlines()
        self._all = [line.split() for line in text]
        self._left = [(number + 1, words) for number, words in enumerate(self._all) if words]
        self._next = 0
        if not self._left:
            raise CheckpointError(f"{file} is empty; give a file with force constants or forces.")

    def __len__(self) -> int:
        return len(self._left) - self._next

    def peek(self) -> list[str]:
        """Return the words of the next line."""
        return self._left[self._next][1]

    def has_blank_third_line(self) -> bool:
        """Tell whether the third line is empty, as in a ``FORCE_SETS``."""
        return len(self._all) > 2 and not self._all[2]

    def numbers(self, count: int) -> FloatArray:
        """Return the numbers of the next line, which must be so many and finite."""
        if self._next == len(self._left):
            raise CheckpointError(
                f"{self.file} ends after line {self._left[-1][0]}, where {count} numbers are due: "
                f"it is cut off, or of another supercell."
            )
        line, words = self._left[self._next]
        self._next += 1
        try:
            found = np.array([float(word) for word in words])
        except ValueError as error:
            raise CheckpointError(
                f"line {line} of {self.file} holds something that is no number ({error}); correct "
                f"it, or copy the file again from where phonopy wrote it."
            ) from error
        if len(found) != count or not np.isfinite(found).all():
            raise CheckpointError(
                f"line {line} of {self.file} is “{' '.join(words)[:60]}” in place of {count} "
                f"finite numbers: it is damaged, or of another supercell."
            )
        return found

    def rows(self, n_rows: int) -> FloatArray:
        """Return so many lines of three numbers."""
        return np.array([self.numbers(3) for _ in range(n_rows)])

    def integer(self, what: str, lowest: int, highest: int) -> int:
        """Return the whole number that the next line is."""
        return self._within(self.numbers(1)[0], what, lowest, highest)

    def integers(self, count: int, what: str, highest: int) -> list[int]:
        """Return the whole numbers of the next line, from 1."""
        return [self._within(value, what, 1, highest) for value in self.numbers(count)]

    def _within(self, value: float, what: str, lowest: int, highest: int) -> int:
        if value != round(value) or not lowest <= value <= highest:
            allowed = str(lowest) if lowest == highest else f"{lowest} to {highest}"
            raise CheckpointError(
                f"line {self._left[self._next - 1][0]} of {self.file} has {value:g} for {what}, "
                f"where the YAML allows {allowed}: the file is of another supercell, or damaged."
            )
        return int(value)

    def require_end(self) -> None:
        """Check that nothing is left."""
        if len(self):
            raise CheckpointError(
                f"{self.file} goes on in line {self._left[self._next][0]}, where it should end: it "
                f"is of another supercell, or damaged."
            )


def _constants(lines: _Lines, content: PhonopyContent) -> tuple[FloatArray, IntArray]:
    """Read a ``FORCE_CONSTANTS``, and of which atoms its rows are."""
    n_supercell = content.n_supercell
    counts = lines.integers(len(lines.peek()), "a number of atoms", n_supercell)
    n_rows, n_columns = counts[0], counts[-1]
    if n_columns != n_supercell:
        raise CheckpointError(
            f"{lines.file} is of a supercell of {n_columns} atoms, that of {content.file} has "
            f"{n_supercell}: it is of another crystal or supercell."
        )
    if len(lines) != 4 * n_rows * n_columns:
        raise CheckpointError(
            f"{lines.file} has {len(lines)} lines after the first, but {n_rows}×{n_columns} force "
            f"constants are {4 * n_rows * n_columns}: it is cut off or damaged."
        )
    values = np.empty((n_rows, n_columns, 3, 3))
    listed = []
    for row in range(n_rows):
        for column in range(n_columns):
            atom, other = lines.integers(2, "an atom", n_supercell)
            if column == 0:
                listed.append(atom)
            if other != column + 1 or atom != listed[-1]:
                raise CheckpointError(
                    f"{lines.file} has atoms {atom} and {other} where {listed[-1]} and "
                    f"{column + 1} are due: it is damaged."
                )
            values[row, column] = lines.rows(3)
    scaled = values * content.units.force_constants_eV_per_A2
    return scaled, np.array(listed) - 1


def _one_atom(lines: _Lines, content: PhonopyContent) -> Displacements:
    """Read a ``FORCE_SETS`` in which one atom is displaced at a time."""
    n_supercell = content.n_supercell
    lines.integer("the number of atoms", n_supercell, n_supercell)
    n_displacements = lines.integer("the number of displacements", 1, 3 * 2 * n_supercell)
    atoms, moved, forces = [], [], []
    for _ in range(n_displacements):
        atoms.append(lines.integer("the displaced atom", 1, n_supercell) - 1)
        moved.append(lines.numbers(3))
        forces.append(lines.rows(n_supercell))
        if not moved[-1].any():
            raise CheckpointError(f"{lines.file} has a displacement that is zero.")
    lines.require_end()
    return Displacements(
        "one atom",
        np.array(atoms),
        np.array(moved) * content.units.length_A,
        np.array(forces) * content.units.force_eV_per_A,
    )


def _all_atoms(lines: _Lines, content: PhonopyContent) -> Displacements:
    """Read a ``FORCE_SETS`` in which all atoms are displaced at a time."""
    n_lines, n_supercell = len(lines), content.n_supercell
    if n_lines % n_supercell:
        raise CheckpointError(
            f"{lines.file} has {n_lines} lines of displacements and forces, no multiple of the "
            f"{n_supercell} atoms of the supercell: it is of another one, or cut off."
        )
    table = np.array([lines.numbers(6) for _ in range(n_lines)]).reshape(-1, n_supercell, 6)
    return Displacements(
        "all atoms",
        np.empty(0, dtype=np.int64),
        table[..., :3] * content.units.length_A,
        table[..., 3:] * content.units.force_eV_per_A,
    )


def _hdf5(file: Path, content: PhonopyContent) -> tuple[FloatArray, IntArray | None]:
    """Read a ``force_constants.hdf5``, and of which atoms its rows are if it says so."""
    import h5py

    try:
        with h5py.File(file, "r") as archive:
            names = [name for name in ("fc2", "force_constants") if name in archive]
            if not names:
                raise CheckpointError(f"{file} holds neither “force_constants” nor “fc2”.")
            dataset = _own_dataset(file, archive, names[0])
            shape, n_supercell = dataset.shape, content.n_supercell
            fits = len(shape) == 4 and shape[1:] == (n_supercell, 3, 3)
            if not fits or not 0 < shape[0] <= n_supercell or dataset.dtype.kind != "f":
                raise CheckpointError(
                    f"{file} holds {'×'.join(map(str, shape))} numbers of type {dataset.dtype}; "
                    f"force constants of the {n_supercell} atoms in the supercell of "
                    f"{content.file} are n×{n_supercell}×3×3: it is of another one, or damaged."
                )
            if dataset.nbytes > _MOST_PACKED * dataset.id.get_storage_size():
                raise CheckpointError(f"{file} has no room for the numbers that it claims to hold.")
            values = np.asarray(dataset[()], dtype=np.float64)
            rows = _rows(file, archive, len(values))
            unit = _unit(file, archive)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise CheckpointError(f"{file} is cut off or damaged ({error}).") from error
    if not np.isfinite(values).all():
        raise CheckpointError(f"{file} holds a number that is not finite.")
    factor = (
        content.units.force_constants_eV_per_A2
        if unit is None
        else force_constants_unit_eV_per_A2(unit, str(file))
    )
    return values * factor, rows


def _rows(file: Path, archive: Any, n_rows: int) -> IntArray | None:
    if "p2s_map" not in archive:
        return None
    rows = _own_dataset(file, archive, "p2s_map")
    if rows.shape != (n_rows,) or rows.dtype.kind not in "iu":
        raise CheckpointError(f"“p2s_map” of {file} does not fit its {n_rows} rows.")
    return np.asarray(rows[()], dtype=np.int64)


def _own_dataset(file: Path, archive: Any, name: str) -> Any:
    """Return a dataset that lies in the file itself.

    HDF5 can point to other files, in links (also to a link elsewhere), external storage and virtual
    datasets.
    """
    import h5py

    link = archive.get(name, getlink=True)
    dataset = archive[name] if isinstance(link, h5py.HardLink) else None
    inside = isinstance(dataset, h5py.Dataset) and not dataset.external and not dataset.is_virtual
    if not inside:
        raise CheckpointError(f"“{name}” of {file} is no array in this file; put it there.")
    return dataset


def _unit(file: Path, archive: Any) -> str | None:
    if "physical_unit" not in archive:
        return None
    dataset = _own_dataset(file, archive, "physical_unit")
    if dataset.size != 1 or dataset.nbytes > _LONGEST_WORD_BYTES:
        raise CheckpointError(f"“physical_unit” of {file} is no word; put the unit there.")
    value = np.asarray(dataset[()]).ravel()[0]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
