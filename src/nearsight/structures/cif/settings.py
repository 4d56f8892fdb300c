"""Settings of space groups: which ones a symbol, a number or a Hall symbol may stand for."""

import functools
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearsight.errors import StructureError
from nearsight.structures.cif.document import Block
from nearsight.structures.cif.operations import Operations, from_hall, of_setting
from nearsight.structures.operations import exceptions_from_spglib

if TYPE_CHECKING:
    import gemmi

_HERMANN_MAUGUIN = (
    "_space_group_name_h-m_alt",
    "_space_group_name_h-m_full",
    "_symmetry_space_group_name_h-m",
    "_space_group_name_h-m_ref",
    "_space_group_name_h-m",
)
_HALL = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
_NUMBER = ("_space_group_it_number", "_symmetry_int_tables_number")
_CODE = "_space_group_it_coordinate_system_code"

# "F d -3 m :2", "F d -3 m (origin choice 2)", "F d -3 m O2", "F d -3 m Z", "R -3 m :H", "R -3 m H"
_ORIGIN = re.compile(
    r"[\s_:(\[,]*(?:origin[\s_]*(?:choice)?[\s_]*|(?<=[\s_:])O)([12])[)\]]?$", re.IGNORECASE
)
_EXTENSION = re.compile(r"\s*:\s*([12HR])\s*$", re.IGNORECASE)
_LETTER = re.compile(r"^(.*\S)[\s_]*([SZ])$|^(R.*\S)[\s_]*([HR])$", re.IGNORECASE)
_SUBSCRIPT = re.compile(r"~(\d)~")  # as journals mark up P 2~1~/c
# Where the International Tables write e for either of two glide planes since 2002, and where a
# centred face puts it into the symbol.
_E_PLANES = frozenset({39, 41, 64, 67, 68})
_E_POSITION = {"A": 1, "B": 2, "C": 3}

# As FullProf and the ICSD call the origins: of the higher site symmetry, and of the centre.
_ORIGIN_LETTERS = {"S": "1", "Z": "2"}


@dataclass(frozen=True)
class Setting:
    """A space group in one of its settings."""

    name: str
    """The extended Hermann-Mauguin symbol, such as ``F d -3 m:2``."""
    number: int
    operations: Operations


@dataclass(frozen=True)
class Named:
    """What a block says about its space group by names."""

    texts: tuple[str, ...]
    """The items, such as ``symbol 'R -3 c'``, for messages."""
    settings: tuple[Setting, ...]
    """Those that all names allow; none if there are no names, or none that is known."""
    unknown: tuple[str, ...]
    """Names that are in no table."""
    conflict: str | None = None
    """Which names are of different space groups, if some are."""
    setting_conflict: str | None = None
    """Which names are of different settings, if some are; listed operations decide then."""


def named_settings(block: Block) -> Named:
    """Return the settings that the symbols and the number of a block stand for.

    Raises
    ------
    StructureError
        The number is none of a space group.
    """
    code = block.text(_CODE)
    found = {f"Hall symbol {text!r}": _by_hall(text) for text in _texts(block, _HALL)}
    for text in _texts(block, _HERMANN_MAUGUIN):
        found[f"symbol {text!r}"] = _by_symbol(text, code)
    for number in _numbers(block):
        found[f"number {number}"] = of_number(number)
    return _agreement(found)


def _texts(block: Block, names: Iterable[str]) -> list[str]:
    """Return what the block has under any of these names, each text once."""
    texts = [block.text(name) for name in names]
    return list(dict.fromkeys(text for text in texts if text is not None))


def _numbers(block: Block) -> list[int]:
    numbers = []
    for text in _texts(block, _NUMBER):
        if text == "0":  # as programs write where they do not know it
            continue
        if not text.isdecimal() or not 1 <= int(text) <= 230:
            raise StructureError(
                f"The number of its space group is {text!r}; give one of 1 to 230."
            )
        numbers.append(int(text))
    return numbers


def _agreement(found: dict[str, tuple[Setting, ...]]) -> Named:
    known = {text: settings for text, settings in found.items() if settings}
    unknown = tuple(text for text in found if text not in known)
    texts = tuple(known)
    if not known:
        return Named(texts, (), unknown)
    # A Hall symbol says everything, a symbol more than a number; each narrows what is left.
    (text, settings), *others = known.items()
    other_setting = None
    for other, candidates in others:
        allowed = {candidate.operations for candidate in candidates}
        narrowed = tuple(each for each in settings if each.operations in allowed)
        if narrowed:
            settings = narrowed
            continue
        numbers = {each.number for each in candidates}
        if not any(each.number in numbers for each in settings):
            conflict = (
                f"its {text} is of space group {_either(settings)}, its {other} of "
                f"{_either(candidates)}"
            )
            return Named(texts, settings, unknown, conflict)
        if not other.startswith("number"):  # the Tables do not have every setting of a number
            other_setting = (
                f"its {text} and its {other} are of different settings of space group "
                f"{_either(settings)}"
            )
    return Named(texts, settings, unknown, None, other_setting)


def _either(settings: tuple[Setting, ...]) -> str:
    return " or ".join(map(str, sorted({each.number for each in settings})))


def _by_hall(hall: str) -> tuple[Setting, ...]:
    spaced = " ".join(hall.replace("_", " ").split())
    operations = from_hall(spaced)
    if operations is None:
        return ()
    return (Setting(_name_of(operations) or spaced, operations.number, operations),)


def _name_of(operations: Operations) -> str | None:
    return next(
        (each.name for each in of_number(operations.number) if each.operations == operations), None
    )


@functools.cache
def of_number(number: int) -> tuple[Setting, ...]:
    """Return the settings of a space group in the International Tables, the reference first."""
    import gemmi

    groups = [group for group in gemmi.spacegroup_table_itb() if group.number == number]
    return _distinct(sorted(groups, key=lambda group: not group.is_reference_setting()))


def _by_symbol(symbol: str, code: str | None) -> tuple[Setting, ...]:
    """Return the settings that a Hermann-Mauguin symbol may stand for, whatever its style."""
    bare, extension = _split_extension(symbol.strip(" \t'\""))
    names = _names()
    found = names.get(_squashed(bare), ())
    if not found and extension is not None:  # the letter belonged to the symbol
        found = names.get(_squashed(symbol), ())
        extension = None
    if extension is not None:
        found = tuple(each for each in found if each.ext.upper() == extension)
    if code is not None:
        coded = tuple(each for each in found if code.lower() in _codes(each))
        found = coded or found
    return _distinct(found)


def _distinct(groups: Iterable["gemmi.SpaceGroup"]) -> tuple[Setting, ...]:
    """Return settings; those of the same operations once."""
    settings: dict[Operations, Setting] = {}
    for group in groups:
        operations = of_setting(group)
        settings.setdefault(operations, Setting(group.xhm(), group.number, operations))
    return tuple(settings.values())


def _codes(group: "gemmi.SpaceGroup") -> set[str]:
    extension = group.ext.strip("\0").lower()
    return {f"{extension}{group.qualifier}", extension, group.qualifier} - {""}


def _split_extension(symbol: str) -> tuple[str, str | None]:
    for pattern in (_ORIGIN, _EXTENSION):
        found = pattern.search(symbol)
        if found:
            return symbol[: found.start()], found.group(1).upper()
    found = _LETTER.match(symbol)
    if found is None:
        return symbol, None
    bare, letter = (found.group(1) or found.group(3)), (found.group(2) or found.group(4)).upper()
    return bare, _ORIGIN_LETTERS.get(letter, letter)


def _squashed(symbol: str) -> str:
    """Return a symbol in lower case without blanks and underscores, such as p63/mmc."""
    return re.sub(r"[\s_'\"()]", "", _SUBSCRIPT.sub(r"\1", symbol)).lower()


@functools.cache
def _names() -> dict[str, tuple["gemmi.SpaceGroup", ...]]:
    """Return which entries of gemmi's table each squashed symbol may stand for."""
    import gemmi

    names: dict[str, dict[str, gemmi.SpaceGroup]] = defaultdict(dict)
    for group in gemmi.spacegroup_table():
        spellings = {group.hm, group.xhm().replace(":", "")}
        if group.ext == "H":  # which the Protein Data Bank writes as H 3 2
            spellings.add(group.hm.replace("R", "H", 1))
        spellings |= _other_spellings(group)
        for spelling in spellings:
            names[_squashed(spelling)][group.xhm()] = group
    return {name: tuple(groups.values()) for name, groups in names.items()}


@functools.cache
def _full_symbols() -> dict[str, set[str]]:
    """Return the full symbols, such as ``F 4_1/d -3 2/m``, that go with each Hall symbol."""
    import spglib

    symbols: dict[str, set[str]] = defaultdict(set)
    for hall_number in range(1, 531):
        with exceptions_from_spglib():
            found = spglib.get_spacegroup_type(hall_number)
        if found is not None:
            symbols[found.hall_symbol.replace("=", '"')].add(found.international_full)
    return symbols


def _other_spellings(group: "gemmi.SpaceGroup") -> set[str]:
    """Return the full symbol, that with e planes, and that of old cubic groups without a bar."""
    spellings = set(_full_symbols().get(group.hall, ()))
    if group.number in _E_PLANES:
        spellings |= _with_e_planes(group)
    if 200 <= group.number <= 230 and "-3" in group.hm:
        spellings |= {spelling.replace("-3", "3", 1) for spelling in {group.hm, *spellings}}
    if group.crystal_system_str() == "monoclinic":
        spellings |= {_without_ones(group.hm)}
    return spellings


def _with_e_planes(group: "gemmi.SpaceGroup") -> set[str]:
    parts = group.hm.split()
    # C c c b is C c c e too, but with other axes; the Tables mean the first by that name.
    if parts[0] not in _E_POSITION:
        return set()
    if group.number in {67, 68} and group.qualifier in {"ba-c", "-cba", "a-cb"}:
        return set()
    parts[_E_POSITION[parts[0]]] = "e"
    return {" ".join(parts)}


def _without_ones(symbol: str) -> str:
    return " ".join(part for part in symbol.split() if part != "1")
