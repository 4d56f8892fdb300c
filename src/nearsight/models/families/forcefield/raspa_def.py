"""Force fields of RASPA2: a folder of ``.def`` files.

``force_field_mixing_rules.def`` has the types with their own interactions, ``pseudo_atoms.def``
masses and charges, ``force_field.def``, which may be absent, pairs that do not follow from mixing.
Units are those of RASPA3 (`raspa_json`). Other ``.def`` files of the folder that describe one rigid
group are molecules.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nearsight.errors import ModelError
from nearsight.models.families.forcefield.parameters import (
    NO_INTERACTION,
    Ending,
    ForceField,
    Molecule,
    Pair,
    SiteType,
    sorted_pair,
)
from nearsight.models.families.forcefield.raspa_json import raspa_pair
from nearsight.models.families.forcefield.reading import ReadFile, text_of

MIXING_RULES = "force_field_mixing_rules.def"
_PSEUDO_ATOMS = "pseudo_atoms.def"
_PAIRS = "force_field.def"

_MIXING = {"lorentz-berthelot": "lorentz-berthelot", "jorgensen": "geometric"}
_TRUNCATION = {"shifted": "shifted", "truncated": "cut"}
_YES = {"yes": True, "no": False}
_SHORTEST_MOLECULE = 6


@dataclass(frozen=True)
class _Line:
    """A line with something on it that is no comment."""

    where: str
    words: list[str]

    def choose(self, known: dict[str, Any], place: int = 0) -> Any:
        word = self.words[place].lower() if len(self.words) > place else ""
        if word not in known:
            raise ModelError(f"{self.where}: {word!r} is not known; choose {', '.join(known)}.")
        return known[word]

    def number(self, place: int) -> float:
        try:
            return float(self.words[place])
        except (ValueError, IndexError) as error:
            said = self.words[place] if len(self.words) > place else "nothing"
            raise ModelError(f"{self.where}: a number is expected, not {said}.") from error

    def count(self) -> int:
        number = self.number(0)
        if number < 0 or number != int(number) or len(self.words) != 1:
            raise ModelError(f"{self.where}: a count is expected, not {' '.join(self.words)}.")
        return int(number)


class _Lines:
    """The lines of a file, one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = text_of(path)
        self._lines = self.all()

    def next(self, what: str) -> _Line:
        line = next(self._lines, None)
        if line is None:
            raise ModelError(f"{self.path} ends where {what} is expected; complete it.")
        return line

    def finish(self) -> None:
        line = next(self._lines, None)
        if line is not None:
            raise ModelError(f"{line.where}: nothing is expected here; correct the counts above.")

    def all(self) -> Iterator[_Line]:
        """Yield all lines that are no comments."""
        for number, line in enumerate(self.text.splitlines(), start=1):
            words = line.partition("//")[0].split()
            if words and not words[0].startswith("#"):
                yield _Line(f"{self.path}, line {number}", words)


def read_raspa_def(folder: Path) -> ReadFile:
    """Read the ``.def`` files of a folder.

    Raises
    ------
    ModelError
        A file is missing, cannot be read, or says what is not known.
    """
    own, stated = _mixing_rules(folder / MIXING_RULES)
    types = _pseudo_atoms(folder / _PSEUDO_ATOMS, own)
    missing = [name for name in own if name not in types and not name.endswith("_")]
    if missing:
        raise ModelError(
            f"{folder / MIXING_RULES} has interactions of {missing[0]}, which {_PSEUDO_ATOMS} does "
            f"not have; add it there."
        )
    pairs, endings = _explicit(folder / _PAIRS)
    types |= {name: SiteType(own[name]) for name in own if name not in types}
    by_element = {name[:-1]: name for name in own if name.endswith("_") and name[:-1] not in types}
    force_field = ForceField(types, pairs, _molecules(folder, types), by_element, endings)
    return ReadFile(force_field, stated)


def _mixing_rules(path: Path) -> tuple[dict[str, Pair], dict[str, Any]]:
    lines = _Lines(path)
    truncation = lines.next("shifted or truncated").choose(_TRUNCATION)
    tail = lines.next("yes or no for tail corrections").choose(_YES)
    own: dict[str, Pair] = {}
    for _ in range(lines.next("the number of interactions").count()):
        line = lines.next("an interaction")
        own[line.words[0]] = _pair(line, 1)
    mixing = lines.next("the mixing rule").choose(_MIXING)
    lines.finish()
    return own, {"truncation": truncation, "tail": tail, "mixing": mixing}


def _pair(line: _Line, place: int) -> Pair:
    if len(line.words) <= place:
        raise ModelError(f"{line.where}: an interaction is expected behind the type.")
    numbers = [line.number(each) for each in range(place + 1, len(line.words))]
    return raspa_pair(line.words[place], numbers, line.where)


def _pseudo_atoms(path: Path, own: dict[str, Pair]) -> dict[str, SiteType]:
    lines = _Lines(path)
    header = _header(lines)
    types = {}
    for _ in range(lines.next("the number of pseudo atoms").count()):
        line = lines.next("a pseudo atom")
        if len(line.words) < len(header):
            raise ModelError(
                f"{line.where}: {len(line.words)} words, and the columns are {', '.join(header)}."
            )
        name, mass = line.words[0], line.number(header["mass"])
        pair = own.get(name, NO_INTERACTION if mass == 0 else None)
        element = line.words[header["chem" if "chem" in header else "as"]]
        charge = line.number(header["charge"])
        types[name] = SiteType(pair, charge, mass, element=element if mass else "X")
    lines.finish()
    return types


def _header(lines: _Lines) -> dict[str, int]:
    """Return the columns by name: RASPA's versions have different ones."""
    for line in lines.text.splitlines():
        words = line.lower().replace("#", " ").split()
        if line.startswith("#") and {"type", "mass", "charge", "as"} <= set(words):
            return {word: place for place, word in enumerate(words)}
    raise ModelError(
        f"{lines.path} has no line that names its columns, such as #type print as chem oxidation "
        f"mass charge ...; add it."
    )


def _explicit(
    path: Path,
) -> tuple[dict[tuple[str, str], Pair], dict[tuple[str, str], Ending]]:
    pairs: dict[tuple[str, str], Pair] = {}
    endings: dict[tuple[str, str], Ending] = {}
    if not path.is_file():
        return pairs, endings
    lines = _Lines(path)
    for _ in range(lines.next("the number of rules to overwrite").count()):
        line = lines.next("two types with a rule")
        ending = Ending(line.choose(_TRUNCATION, 2), line.choose(_YES, 3))
        endings[sorted_pair(*line.words[:2])] = ending
    for _ in range(lines.next("the number of interactions").count()):
        line = lines.next("an interaction")
        pairs[sorted_pair(*line.words[:2])] = _pair(line, 2)
    rules = lines.next("the number of mixing rules to overwrite")
    if rules.count():
        raise ModelError(f"{rules.where}: mixing rules of single pairs are not possible.")
    lines.finish()
    return pairs, endings


def _molecules(folder: Path, types: dict[str, SiteType]) -> dict[str, Molecule]:
    molecules = {}
    for path in sorted(folder.glob("*.def")):
        if path.name not in {MIXING_RULES, _PSEUDO_ATOMS, _PAIRS}:
            molecule = _molecule(path)
            if molecule is not None and all(each in types for each in molecule.types):
                molecules[path.stem] = molecule
    return molecules


def _molecule(path: Path) -> Molecule | None:
    """Return the molecule of a file; None for one that is not one rigid group."""
    lines = [line.words for line in _Lines(path).all()]
    # Three critical constants, the numbers of atoms and groups, those of the group, and its kind.
    if len(lines) <= _SHORTEST_MOLECULE or lines[4] != ["1"] or lines[6][:1] != ["rigid"]:
        return None
    try:
        sites = lines[7 : 7 + int(lines[3][0])]
        positions = np.array([[float(each) for each in site[2:5]] for site in sites])
        return Molecule(tuple(site[1] for site in sites), positions, str(path))
    except (ValueError, IndexError) as error:
        raise ModelError(f"the sites of the molecule in {path} cannot be read: {error}.") from error
