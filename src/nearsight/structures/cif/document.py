"""The blocks of a CIF and their values, by names that no spelling of the dictionaries changes."""

import codecs
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nearsight.errors import StructureError
from nearsight.remarks import Remark

if TYPE_CHECKING:
    import gemmi

COORDINATES = ("_atom_site_fract_x", "_atom_site_fract_y", "_atom_site_fract_z")
_LISTED = ("_atom_site_", "_symmetry_equiv_", "_space_group_symop_")
_CARTESIAN = "_atom_site_cartn_x"

# What editors and publishers make of plain ASCII. Any other character is damage, or prose: it
# becomes one that no number, element or operation has, so that it is refused where it matters.
_TYPOGRAPHY = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2010": "-", "\u00a0": " "})
_FOREIGN = re.compile(r"[^\t\n\r\x20-\x7e]")

# Items that say nothing about the structure.
_PROSE = ("_citation", "_publ", "_journal", "_audit", "_computing", "_database", "_chemical_name")
_MOST_REPAIRS = 20

_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:\(\d+\))?")
_FRACTION = re.compile(r"([+-]?\d+)/([1-9]\d*)")


@dataclass(frozen=True)
class Block:
    """One data block. Names of items are lower case, with `_` where CIF 2 and mmCIF have a dot."""

    name: str
    values: dict[str, str]
    """Items with one value, as they stand in the file, quotes and all."""
    columns: dict[str, list[str]]
    lines: dict[str, int]
    """The line in which an item, or its loop, begins."""
    repeated: frozenset[str]
    """Items that the block has twice."""

    @property
    def has_sites(self) -> bool:
        """Whether the block lists atoms with coordinates."""
        return COORDINATES[0] in self.columns or _CARTESIAN in self.columns

    def column(self, name: str) -> list[str] | None:
        """Return the values of a loop, unquoted, with an empty string where there is none."""
        self._require_once(name)
        found = self.columns.get(name)
        return None if found is None else [_text(value) for value in found]

    def text(self, *names: str) -> str | None:
        """Return the first of these items that has a value, unquoted; None if none has."""
        for name in names:
            self._require_once(name)
            value = _text(self.values.get(name, ""))
            if value:
                return value
        return None

    def number(self, name: str) -> float | None:
        """Return the value of an item without its standard uncertainty; None if it has none.

        Raises
        ------
        StructureError
            It is no number.
        """
        value = self.text(name)
        if value is None:
            return None
        try:
            return to_number(value)
        except ValueError as error:
            raise StructureError(f"{name} is {value!r} ({error}); correct it.") from error

    def _require_once(self, name: str) -> None:
        if name in self.repeated:
            raise StructureError(
                f"{name} stands twice in data_{self.name}, again in line {self.lines[name]}; "
                f"delete the wrong one."
            )


def to_number(value: str) -> float:
    """Return a number of a CIF without its standard uncertainty; a fraction such as 1/3 is one.

    Raises
    ------
    ValueError
        It is no number.
    """
    found = _NUMBER.fullmatch(value)
    if found:
        number = float(found.group(1))
        if math.isinf(number):
            raise ValueError("too large a number")
        return number
    fraction = _FRACTION.fullmatch(value)
    if fraction:
        return int(fraction.group(1)) / int(fraction.group(2))
    raise ValueError("Badly formed number")


@dataclass(frozen=True)
class Document:
    """A CIF."""

    blocks: tuple[Block, ...]
    notes: tuple[Remark, ...]


def parse(content: bytes) -> Document:
    """Return the data blocks of a CIF.

    A line of prose that breaks the syntax, such as a name of an author with a quote in it, is left
    out with a note.

    Raises
    ------
    StructureError
        It does not follow the syntax; the message names the line.
    """
    from gemmi import cif

    lines = re.split(r"\r\n|\r|\n", _to_text(content))
    notes: list[Remark] = []
    while True:
        try:
            document = cif.read_string("\n".join(lines) + "\n", 0)
        except (ValueError, RuntimeError) as error:
            number, what = _place(str(error))
            line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
            if not line.lower().startswith(_PROSE) or len(notes) == _MOST_REPAIRS:
                raise StructureError(
                    f"Line {number}, {line[:60]!r}, is no CIF ({what}); correct it."
                ) from error
            lines[number - 1] = ""
            said = f"Line {number}, {line.split()[0]}, is no CIF and was left out."
            notes.append(Remark("line-left-out", said))
        else:
            return Document(tuple(_block(block) for block in document), tuple(notes))


def _to_text(content: bytes) -> str:
    utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\0" in text:
        raise StructureError("The file has zero bytes in it, so that it is damaged, or no text.")
    return _FOREIGN.sub("~", text.translate(_TYPOGRAPHY))


def _place(error: str) -> tuple[int, str]:
    """Return line and complaint from gemmi's ``string:LINE:COLUMN(BYTE): what``."""
    found = re.match(r"string:(\d+)(?::\d+\(\d+\))?:?\s*(.*)", error, flags=re.DOTALL)
    return (int(found.group(1)), found.group(2)) if found else (0, error)


def _block(block: "gemmi.cif.Block") -> Block:
    values: dict[str, str] = {}
    columns: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    repeated = set()
    for item in block:
        for tag, value in _content(item):
            name = tag.lower().replace(".", "_")
            if name in lines:
                repeated.add(name)
            lines[name] = item.line_number
            if isinstance(value, str):
                values[name] = value
            else:
                columns[name] = value
                # A loop of one row says the same as an item.
                if len(value) == 1:
                    values[name] = value[0]
    _take_single_sites(values, columns)
    return Block(block.name, values, columns, lines, frozenset(repeated))


def _content(item: "gemmi.cif.Item") -> list[tuple[str, Any]]:
    """Return the items of a loop with all their values, or one item with its value."""
    pair: Any = item.pair
    if pair is not None:
        return [(pair[0], pair[1])]
    loop: Any = item.loop  # None for a save frame
    if loop is None:
        return []
    tags, cells = loop.tags, loop.values
    return [(tag, cells[position :: len(tags)]) for position, tag in enumerate(tags)]


def _take_single_sites(values: dict[str, str], columns: dict[str, list[str]]) -> None:
    """Make columns of what may be a loop of one row, written without ``loop_``."""
    for name, value in values.items():
        if name not in columns and name.startswith(_LISTED):
            columns[name] = [value]


def _text(value: str) -> str:
    """Return a value without quotes; "." and "?" stand for nothing."""
    if value[:1] not in {"'", '"', ";", ".", "?"}:
        return value
    from gemmi import cif

    return "" if cif.is_null(value) else " ".join(cif.as_string(value).split())
