"""Elements that a format does not name and symmetry that its reader does not apply.

One check for each format of ASE, called with the text before ASE reads it.
"""

import itertools
import re
from collections.abc import Callable

from ase.data import atomic_masses, atomic_numbers

from nearsight.errors import StructureError
from nearsight.remarks import Remark
from nearsight.structures.formats.poscar import check_poscar


def check_text(name: str, text: str) -> list[Remark]:
    """Check the text of a file of ASE's format `name`, and return notes on what ASE guesses.

    Raises
    ------
    StructureError
        The reader would guess elements from something else, or leave out atoms.
    """
    check = _CHECKS.get(name)
    return check(text) if check else []


def is_checked(name: str) -> bool:
    """Tell whether `check_text` has anything to say about a format."""
    return name in _CHECKS


def _pdb(text: str) -> list[Remark]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("CRYST1") and line[55:66].replace(" ", "") not in {"", "P1"}:
            raise StructureError(
                f"Its space group is {line[55:66].strip()!r}, and only the atoms of the asymmetric "
                f"unit are in it; write all atoms of the cell with the space group P 1, or a CIF."
            )
        if not line.startswith(("ATOM", "HETATM")):
            continue
        if line[16:17].strip():
            raise StructureError(
                f"Line {number} is an alternate location ({line[16]!r}) of an atom; keep one."
            )
        if not re.fullmatch(r"\s*(1(\.0*)?)?\s*", line[54:60]):
            raise StructureError(
                f"Line {number} has the occupancy {line[54:60].strip()!r}; choose one ordered "
                f"arrangement of the atoms and set every occupancy to 1."
            )
        if not line[76:78].strip():
            raise StructureError(
                f"Line {number} names no element in columns 77 and 78, and {line[12:16].strip()!r} "
                f"may be of more than one; add them."
            )
    return []


def _lammps_dump(text: str) -> list[Remark]:
    for line in text.splitlines():
        if line.startswith("ITEM: ATOMS") and "element" not in line.split():
            raise StructureError(
                "It names types of atoms and no elements; write the dump with a column `element`."
            )
    return []


def _lammps_data(text: str) -> list[Remark]:
    if not re.search(r"^\s*Masses", text, flags=re.MULTILINE):
        raise StructureError("It names types of atoms and no elements; add a section `Masses`.")
    said = "The file names types of atoms and no elements; those of the nearest masses were taken."
    return [Remark("elements-guessed", said)]


def _lammps_binary(_: str) -> list[Remark]:
    raise StructureError(
        "It names types of atoms and no elements; write a text dump with a column `element`."
    )


def _gromacs(text: str) -> list[Remark]:
    lines = text.rstrip().splitlines()
    count = lines[1].strip() if len(lines) > 1 else ""
    if not count.isdecimal() or len(lines) % (int(count) + 3):  # the reader does not look at it
        raise StructureError(
            f"Line 2 says that there are {count!r} atoms, which {len(lines)} lines do not go with; "
            f"write or download the file again."
        )
    said = (
        "The file names atoms and no elements; those that the names begin with were taken: check "
        "the formula."
    )
    return [Remark("elements-guessed", said)]


def _shelx(text: str) -> list[Remark]:
    for line in text.splitlines():
        fields = line.upper().split()
        if fields[:1] == ["SYMM"] or (fields[:1] == ["LATT"] and fields[1:2] != ["-1"]):
            raise StructureError(
                f"It has the symmetry {line.strip()!r}, and only the atoms of the asymmetric unit; "
                f"give a CIF."
            )
    return []


def _molfile(text: str) -> list[Remark]:
    what = {"M  ISO": "isotopes", "M  CHG": "charges", "M  RAD": "radicals"}
    found = [word for sign, word in what.items() if re.search(f"^{sign}", text, re.MULTILINE)]
    if not found:
        return []
    said = f"The file has {' and '.join(found)}, which were left out: they are not used."
    return [Remark("left-out-of-file", said)]


def _gaussian(text: str) -> list[Remark]:
    notes = []
    isotopes = re.findall(r"\biso(?:tope)?\s*=\s*[\d.]+", text, flags=re.IGNORECASE)
    if isotopes:
        listed = ", ".join(isotopes)
        said = f"The file has isotopes ({listed}), which were left out: they are not used."
        notes.append(Remark("left-out-of-file", said))
    state = re.search(r"^\s*([+-]?\d+)[ \t,]+(\d+)\s*$", text, flags=re.MULTILINE)
    if state and (int(state.group(1)), int(state.group(2))) != (0, 1):
        said = (
            f"The file says charge {state.group(1)} and multiplicity {state.group(2)}, which was "
            f"left out: charge and spin are options of models that have them, as in "
            f"NAME?charge=1&spin=2."
        )
        notes.append(Remark("left-out-of-file", said))
    return notes


def _espresso(text: str) -> list[Remark]:
    match = re.search(
        r"^\s*ATOMIC_SPECIES[^\n]*\n((?:\s*[A-Za-z]\w*[ \t]+[-+.\dEeDd]+[ \t].*\n?)+)",
        text,
        re.MULTILINE,
    )
    unusual = []
    for line in (match.group(1) if match else "").splitlines():
        label, mass, *_ = line.split()
        element = re.match(r"[A-Za-z]{1,2}", label)
        number = atomic_numbers.get(element.group().capitalize() if element else "", 0)
        try:
            value = float(re.sub("[Dd]", "e", mass))
        except ValueError:
            continue
        # Codes are often given any mass; what counts as another isotope is a guess, so it is said.
        if number and value > 0 and abs(value / float(atomic_masses[number]) - 1) > 0.02:
            unusual.append(f"{label} {value:g}")
    if not unusual:
        return []
    said = f"Masses of the file were left out, natural ones are used: {', '.join(unusual)}."
    return [Remark("left-out-of-file", said)]


def _nwchem(text: str) -> list[Remark]:
    # Where the end of the block is not as ASE's pattern has it, that tries every way of splitting
    # every line before it gives up: hours for a few atoms.
    lines = text.splitlines()
    begins = [number for number, line in enumerate(lines) if line.lstrip().startswith("geometry")]
    for begin in begins:
        block = list(itertools.takewhile(str.strip, lines[begin:]))
        if block[-1].strip() != "end" or begin + len(block) == len(lines):
            raise StructureError(
                f"Its block `geometry` in line {begin + 1} is not closed by a line `end` and an "
                f"empty one; add them."
            )
    return []


_CHECKS: dict[str, Callable[[str], list[Remark]]] = {
    "vasp": check_poscar,
    "proteindatabank": _pdb,
    "lammps-dump-text": _lammps_dump,
    "lammps-dump-binary": _lammps_binary,
    "lammps-data": _lammps_data,
    "gromacs": _gromacs,
    "res": _shelx,
    "mol": _molfile,
    "sdf": _molfile,
    "espresso-in": _espresso,
    "gaussian-in": _gaussian,
    "nwchem-in": _nwchem,
}
