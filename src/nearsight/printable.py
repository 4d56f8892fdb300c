"""Text and numbers made fit to be shown."""

import math
import unicodedata

_KEPT = frozenset("\n\t")

# Cc: control characters, which a terminal obeys; Cf: invisible ones, some of which turn the
# direction of the line around; Cs: bytes of file names that are no UTF-8; Zl, Zp: line breaks.
_UNFIT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

_LONGEST_COUNT = 10**18

_FIRST_BYTE, _LAST_BYTE = 0xDC80, 0xDCFF  # how Python keeps bytes that are no UTF-8


def printable(text: str) -> str:
    r"""Return `text` with characters that a terminal or a page would act upon written as escapes.

    Lines and tabulators stay. A byte of a name that is not UTF-8 becomes ``\xNN``.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def printable_name(text: str) -> str:
    """Return the name of a file as `printable` does, in one line."""
    return printable(text.replace("\n", "\\n").replace("\t", "\\t"))


def printable_count(number: int) -> str:
    """Return a positive whole number; of one with more digits than tell anything its magnitude."""
    if number < _LONGEST_COUNT:
        return str(number)
    return f"10^{int(math.log10(number))}"  # Python refuses to write thousands of digits


def percent(share: float) -> str:
    """Return a share of 1 in per cent, with two digits and their unit: ``0.53 %``, ``100 %``."""
    return f"{float(f'{100 * share:.2g}'):g} %"


def _shown(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _UNFIT:
        return character
    code = ord(character)
    if _FIRST_BYTE <= code <= _LAST_BYTE:
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return character.encode("ascii", "backslashreplace").decode("ascii")
