"""From type symbols and labels of a CIF to elements, where they name one and only one."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from ase.data import atomic_numbers

from nearsight.structures.isotopes import HYDROGEN_ISOTOPES_u

# Heavier elements are not found in crystals: NO is a nitroso group, CN a cyanide.
_HEAVIEST = 98

_ION = re.compile(r"([A-Za-z]{1,2})(?:\d*\.?\d*[+-]|[+-]\d+|0[+-]?)?")
_LABEL = re.compile(r"([A-Za-z]+)(.*)", flags=re.DOTALL)
# Names that force fields give to atoms, such as Mof_Zn1, whose beginning is that of no element.
_PREFIXED = re.compile(r"[A-Za-z]{3,}_([A-Z][a-z]?)\d*")
# Labels of tetrahedral sites and of waters: tritium and tungsten only if the formula has them.
_SITES = frozenset({"T", "W"})
# Scattering factors of the International Tables are of these too.
_VALENCE = {"Cval": "C", "Siva": "Si"}


class NotOneElementError(ValueError):
    """A symbol or label does not name one element; the message says why."""


@dataclass(frozen=True)
class Species:
    """An element, as a symbol that ASE knows, and its mass where that is not the natural one."""

    symbol: str
    mass_u: float | None = None


def to_species(symbol: str) -> Species:
    """Return the species of an element's own symbol, deuterium and tritium included."""
    if symbol in HYDROGEN_ISOTOPES_u:
        return Species("H", HYDROGEN_ISOTOPES_u[symbol])
    return Species(symbol)


def is_element(symbol: str) -> bool:
    """Tell whether a symbol in its usual case is an element, deuterium and tritium included."""
    return symbol in HYDROGEN_ISOTOPES_u or 0 < atomic_numbers.get(symbol, 0) <= _HEAVIEST


def from_type_symbol(symbol: str, elements: Collection[str], *, in_lower_case: bool) -> str:
    """Return the element that a type symbol such as ``Cu``, ``CU`` or ``Na1+`` names.

    Parameters
    ----------
    elements
        Those of the chemical formula, if the file has one.
    in_lower_case
        Whether other symbols of the file have lower-case letters where they belong. Then CU is not
        clearly copper.

    Raises
    ------
    NotOneElementError
        It names none, or a group or a mixture.
    """
    if symbol in _VALENCE:
        return _VALENCE[symbol]
    found = _ION.fullmatch(symbol)
    element = found.group(1).capitalize() if found else ""
    if found is None or not is_element(element):
        raise NotOneElementError("is not one element")
    if element == "T" and "T" not in elements:
        raise NotOneElementError("may be tritium or the tetrahedral site of a zeolite")
    written = found.group(1)
    two_capitals = len(written) == 2 and written.isupper() and all(map(is_element, written))
    # Carbonyl and hydroxyl are written so too; CU is not.
    a_group = in_lower_case or set(written) <= set("CHNO")
    if two_capitals and a_group and element not in elements:
        raise NotOneElementError(f"may be {element} or {' and '.join(written)}")
    return element


def from_label(label: str, elements: Collection[str]) -> str:
    """Return the element that a label such as ``Zn1`` begins with, where no type symbol is given.

    Parameters
    ----------
    elements
        Those of the chemical formula, if the file has one: they decide between readings.

    Raises
    ------
    NotOneElementError
        It begins with no element, or may be read in two ways.
    """
    found = _LABEL.fullmatch(label)
    letters = found.group(1) if found else ""
    readings = [
        reading
        for reading in dict.fromkeys([letters[:2].capitalize(), letters[:1].upper()])
        if is_element(reading) and (reading not in _SITES or reading in elements)
    ]
    if elements:
        known = {*elements, "D"} if "H" in elements else elements
        readings = [reading for reading in readings if reading in known]
    if len(readings) == 2 and letters[0].isupper() and letters[1].islower():
        readings = readings[:1]  # in its usual case: Ca1 is calcium, whereas CA1 may be carbon
    if not readings:
        raise NotOneElementError("begins with no element")
    if len(readings) > 1:
        raise NotOneElementError(f"may be {' or '.join(readings)}")
    [element] = readings
    prefixed = _PREFIXED.fullmatch(label)
    if prefixed and is_element(prefixed.group(1)) and prefixed.group(1) != element:
        raise NotOneElementError(f"may be {element} or {prefixed.group(1)}")
    # Without a formula nothing tells whether OH2 is an oxygen or a water.
    beyond = letters[len(element) :]
    if not elements and (len(beyond) > 1 or beyond.upper() == "H"):
        raise NotOneElementError(f"may be {element} or a group")
    return element
