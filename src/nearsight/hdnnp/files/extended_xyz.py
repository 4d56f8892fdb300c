"""Extended XYZ: structures with energies, forces and stress in eV and Å, as ASE has them."""

import io
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress

from nearsight.arrays import FloatArray
from nearsight.errors import StructureError
from nearsight.hdnnp.files.lines import UNENDED, Line, shown, unreadable
from nearsight.hdnnp.frames import Frame
from nearsight.storage import write_atomically
from nearsight.structures.formats.xyz import with_known_elements

_LONGEST_LINE = 1_000_000
_MOST_ATOMS = 1_000_000
"""More in one structure are a damaged count, which would bring a whole file into memory."""
_GROUPS = ("group", "config_type", "tag")
_SPLITS = ("set", "split")
_CHARGES = ("charge", "total_charge")


def read_extended_xyz(path: str | os.PathLike[str]) -> Iterator[Frame]:
    """Yield the structures of a file one after the other; no more than one is in memory.

    Labels are those that ASE reads: ``energy=``, ``stress=`` and the column ``forces``. The group
    is what ``group=``, ``config_type=`` or ``tag=`` says, the split what ``set=`` or ``split=``
    does.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    StructureError
        The file cannot be read, is cut off, damaged, or says something that ASE would pass over;
        the message has the line.
    """
    file = Path(path)
    for line, text in _blocks(file):
        try:
            atoms = _atoms(with_known_elements(text).text)
            yield _frame(atoms)
        except StructureError as error:
            raise line.error(f"in the structure that starts here: {error}") from error


def write_extended_xyz(frames: Iterable[Frame], path: str | os.PathLike[str]) -> None:
    """Write structures with all digits, one after the other; what is not known is left out.

    Parameters
    ----------
    frames
        The structures, which may come one at a time.
    path
        The file, which is replaced.

    Raises
    ------
    StorageError
        The file cannot be written; what was there is intact.
    """

    def write(file: IO[bytes]) -> None:
        for frame in frames:
            file.write("".join(_text(frame)).encode())

    write_atomically(path, write)


def _blocks(file: Path) -> Iterator[tuple[Line, str]]:
    """Yield the first line of each structure, and the text of all of its lines."""
    try:
        with file.open(encoding="utf-8-sig", errors="replace") as opened:
            number = 0
            while text := opened.readline(_LONGEST_LINE):
                number += 1
                first = Line(file, number, tuple(text.split()), StructureError)
                if not first.words:
                    continue
                if number == 1 and not first.words[0].isdigit():
                    raise first.error(
                        f"{shown(first.words[0])} is no number of atoms, with which extended XYZ "
                        f"begins, and not “begin” as in “input.data”; name a file of labelled "
                        f"structures."
                    )
                count = first.count(0, "the number of atoms")
                if len(first.words) > 1 or not 0 < count <= _MOST_ATOMS:
                    raise first.error(
                        f"{shown(text.strip())} stands in the place of a number of atoms; the file "
                        f"is damaged, or no extended XYZ."
                    )
                lines = [text]
                for _ in range(count + 1):
                    line = opened.readline(_LONGEST_LINE)
                    if not line or len(line) == _LONGEST_LINE:
                        raise first.error(
                            f"the structure of {count} atoms that starts here is cut off; take "
                            f"it out, or correct the number of its atoms."
                        )
                    lines.append(line)
                number += count + 1
                if not lines[-1].endswith("\n"):
                    raise StructureError(f"{file} {UNENDED}")
                yield first, "".join(lines)
    except OSError as error:
        raise StructureError(unreadable(file, error)) from error


def _atoms(text: str) -> Atoms:
    from ase.io import read

    try:
        atoms = read(io.StringIO(text), index=0, format="extxyz")
    except Exception as error:
        # ASE's reader raises whatever it stumbled over.
        raise StructureError(f"it cannot be read ({error}); correct it.") from error
    assert isinstance(atoms, Atoms)
    if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell.array).all():
        raise StructureError("a position or cell vector is no finite number; correct it.")
    return atoms


def _frame(atoms: Atoms) -> Frame:
    results = {} if atoms.calc is None else atoms.calc.results
    energy = _finite(results.get("energy"), "energy", ())
    forces = _finite(results.get("forces"), "force", (len(atoms), 3))
    charges = _finite(atoms.arrays.get("initial_charges"), "charge of an atom", (len(atoms),))
    charge = _finite(_first(atoms.info, _CHARGES), "charge", ())
    info = atoms.info
    group, split = _first(info, _GROUPS), _first(info, _SPLITS)
    return Frame(
        atoms=Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc),
        energy_eV=None if energy is None else float(energy),
        forces_eV_per_A=forces,
        charge_e=0.0 if charge is None else float(charge),
        atomic_charges_e=charges,
        comment=str(info.get("comment", "")),
        split=None if split is None else str(split),
        group=None if group is None else str(group),
        stress_eV_per_A3=_finite(results.get("stress"), "stress", (6,)),
    )


def _finite(values: Any, what: str, shape: tuple[int, ...]) -> FloatArray | None:
    """Return what ASE has read as numbers, or None where there is nothing."""
    if values is None:
        return None
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise StructureError(f"the {what} is no number ({values!r}); correct it.") from None
    if numbers.shape != shape or not np.isfinite(numbers).all():
        raise StructureError(f"the {what} is no finite number; correct it.")
    return numbers


def _first(info: dict[str, Any], keys: Iterable[str]) -> Any:
    return next((info[key] for key in keys if key in info), None)


def _text(frame: Frame) -> Iterator[str]:
    atoms = frame.atoms
    columns = [atoms.positions]
    properties = "species:S:1:pos:R:3"
    if frame.forces_eV_per_A is not None:
        columns.append(frame.forces_eV_per_A)
        properties += ":forces:R:3"
    if frame.atomic_charges_e is not None:
        columns.append(frame.atomic_charges_e[:, None])
        properties += ":initial_charges:R:1"
    said = [f"Properties={properties}", f'pbc="{" ".join("FT"[int(each)] for each in atoms.pbc)}"']
    if atoms.cell.rank:
        vectors = " ".join(map(repr, atoms.cell.array.ravel().tolist()))
        said.insert(0, f'Lattice="{vectors}"')
    if frame.energy_eV is not None:
        said.append(f"energy={float(frame.energy_eV)!r}")
    if frame.stress_eV_per_A3 is not None:
        rows = voigt_6_to_full_3x3_stress(frame.stress_eV_per_A3).ravel().tolist()
        said.append(f'stress="{" ".join(map(repr, rows))}"')
    if frame.charge_e:
        said.append(f"charge={float(frame.charge_e)!r}")
    for key, value in (("set", frame.split), ("group", frame.group), ("comment", frame.comment)):
        if value:
            said.append(_quoted(key, value))
    yield f"{len(atoms)}\n{' '.join(said)}\n"
    for symbol, row in zip(atoms.symbols, np.hstack(columns).tolist(), strict=True):
        yield f"{symbol} {' '.join(map(repr, row))}\n"


def _quoted(key: str, value: str) -> str:
    """Return a text as ASE reads it again, also one that looks like a number."""
    from ase.io.extxyz import key_val_str_to_dict

    for text in (value, f"_JSON {json.dumps(value)}"):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        pair = f'{key}="{escaped}"'
        if "\n" not in pair and key_val_str_to_dict(pair) == {key: value}:
            return pair
    raise StructureError(f"the {key} {shown(value)} cannot be written as extended XYZ; change it.")
