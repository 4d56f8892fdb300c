"""How numbers of metrics are written, on pages and in terminals alike."""

import math
import re
from collections.abc import Sequence

from nearsight.evaluation.measured import Measured
from nearsight.evaluation.metric import Grade
from nearsight.records.parts import ModelPart

GRADE_WORDS: dict[Grade, str] = {
    "good": "good",
    "fair": "fair",
    "poor": "poor",
    "unknown": "not known",
    "plain": "",
}
_LARGE, _SMALL = 1e5, 1e-3
_DIGITS_OF_WEIGHTS = 10


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


_ROUNDING = 1e-12
"""A spread over its value that sums of equal numbers may have."""


def with_spread(measured: Measured) -> str:
    """Return a value with what it scatters by, where that is known.

    That has two digits, and the value ends where it does; both have one power of ten.
    """
    value, spread = measured.value, measured.spread
    assert value is not None
    if spread is None:
        return number(value)
    if spread <= _ROUNDING * abs(value):  # equal values, whose mean was rounded
        spread = 0.0
    if spread == 0 or not (math.isfinite(value) and math.isfinite(spread)):
        return f"{number(value)} ± {number(spread)}"
    places = 1 - _power(spread, 2)
    value, spread = round(value, places) + 0.0, round(spread, places)  # no -0.0
    largest = max(abs(value), spread)
    power = 0 if _SMALL <= largest < _LARGE else _power(largest, 17)
    digits = max(0, places + power)
    told, scatter = (f"{each / 10.0**power:.{digits}f}" for each in (value, spread))
    text = f"{told.replace('-', '−')} ± {scatter}"
    return f"({text})e{power}" if power else text


_FOLDER = re.compile(r"^(\w+:)[/.~][^?#]*/")
"""Of the path of a file, which begins at the root, here, or at home."""


def names_apart(models: Sequence[ModelPart]) -> list[str]:
    """Return what models are called where they stand beside each other.

    That is the name alone where no other one has it, and else with that in which they differ. Of a
    file the folder is left out where no file of another folder has its name.
    """
    said = []
    short = [_without_folder(model.name) for model in models]
    for model, file in zip(models, short, strict=True):
        folders = {each.name for each, other in zip(models, short, strict=True) if other == file}
        alike = [_told(each) for each in models if each.name == model.name]
        differing = [
            part for place, part in enumerate(_told(model)) if len({o[place] for o in alike}) > 1
        ]
        said.append(", ".join([file if len(folders) == 1 else model.name, *differing]))
    return said


def _without_folder(name: str) -> str:
    """Return ``family:FILE`` of ``family:/FOLDER/FILE``."""
    return _FOLDER.sub(r"\1", name)


def _told(model: ModelPart) -> tuple[str, str, str, str]:
    """Return what models of one name may differ in, in words."""
    options = " ".join(f"{name}={value}" for name, value in sorted(model.options.items()))
    weights = (model.checkpoint_sha256 or "no weights")[:_DIGITS_OF_WEIGHTS]
    return model.dtype, model.device, options or "no options", weights


def _power(value: float, digits: int) -> int:
    """Return the power of ten of a number once it is rounded to so many digits."""
    return int(f"{value:.{digits - 1}e}".partition("e")[2])
