"""How numbers of metrics are written, on pages and in terminals alike."""

import math

from nearsight.evaluation.measured import Measured
from nearsight.evaluation.metric import Grade

GRADE_WORDS: dict[Grade, str] = {
    "good": "good",
    "fair": "fair",
    "poor": "poor",
    "unknown": "not known",
    "plain": "",
}
_LARGE, _SMALL = 1e5, 1e-3


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many digits that count, the minus as typography has it."""
    if value == 0:
        return "0"
    if _SMALL <= abs(value) < _LARGE:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        text = f"{value:.{places}f}"
    else:
        text = f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e")
    if "." in text and "e" not in text and value == round(value):
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−", 1) if value < 0 else text


def with_spread(measured: Measured) -> str:
    """Return a value with what it scatters by, to two digits, where that is known."""
    assert measured.value is not None
    if measured.spread is None:
        return number(measured.value)
    return f"{number(measured.value)} ± {number(measured.spread, 2)}"
