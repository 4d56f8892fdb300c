"""`scaling.data`: values that symmetry functions have over the training data."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.hdnnp.files.lines import Line, content, lines_of
from nearsight.hdnnp.potential import FunctionStatistics, Potential

FILE = "scaling.data"
_BYTES_PER_FUNCTION = 1000
_BYTES_OF_COMMENTS = 2**20
_PRINTED = 2e-9
"""RuNNer writes nine digits behind the point."""
_COLUMNS = ("smallest value", "largest value", "mean", "sigma")


def read_scaling(
    file: Path, symbols: Sequence[str], n_functions: Sequence[int], scaling: str
) -> list[FunctionStatistics]:
    """Return the statistics of each element.

    Parameters
    ----------
    file
        Its lines are those of the first element, then of the next. RuNNer's have no sigma, which
        is NaN then, and a last line with two numbers, which are not used.
    symbols, n_functions
        Elements in the order of their atomic numbers, and how many functions each has.
    scaling
        One of `SCALINGS`, which decides what is needed.

    Raises
    ------
    ModelError
        A line is of another element or function, there are more or fewer, or a function has values
        by which nothing can be scaled.
    """
    text = content(file, _BYTES_OF_COMMENTS + _BYTES_PER_FUNCTION * sum(n_functions))
    lines = lines_of(file, text)
    statistics = []
    for number, (symbol, n_of_element) in enumerate(zip(symbols, n_functions, strict=True), 1):
        rows = []
        for index in range(1, n_of_element + 1):
            line = next(lines, None)
            if line is None:
                raise Line(file, text.count("\n") + 1, ()).error(
                    f"the file ends before function {index} of {n_of_element} of {symbol}; copy it "
                    f"again, or take the “{FILE}” that belongs to “input.nn”."
                )
            rows.append(_row(line, (number, index), symbol, n_of_element, scaling))
        statistics.append(FunctionStatistics(*np.array(rows, dtype=np.float64).T.copy()))
    _require_end(lines, sum(n_functions))
    return statistics


def scaling_text(potential: Potential) -> Iterator[str]:
    """Yield the lines of `scaling.data`, with all digits."""
    has_sigma = any(np.isfinite(each.statistics.sigma).all() for each in potential.elements)
    n_columns = len(_COLUMNS) - (not has_sigma)
    yield "# Values of symmetry functions over the training data.\n"
    yield "# element function " + " ".join(_COLUMNS[:n_columns]).replace(" value", "") + "\n"
    for number, element in enumerate(potential.elements, 1):
        values = element.statistics
        columns = [values.smallest, values.largest, values.mean, values.sigma][:n_columns]
        for index, row in enumerate(zip(*columns, strict=True), 1):
            yield f"{number:10d} {index:10d}" + "".join(f" {value:24.16E}" for value in row) + "\n"


def _row(
    line: Line, place: tuple[int, int], symbol: str, n_of_element: int, scaling: str
) -> FloatArray:
    if len(line.words) not in {5, 6}:
        raise line.error(
            f"it has {len(line.words)} columns in place of the 5 or 6 of function {place[1]} of "
            f"{n_of_element} of {symbol} (element, function, smallest, largest, mean, sigma); it "
            f"is damaged, or of other symmetry functions than “input.nn”."
        )
    here = (line.count(0, "the number of the element"), line.count(1, "that of the function"))
    if here != place:
        raise line.error(
            f"function {here[1]} of element {here[0]} stands in the place of function {place[1]} "
            f"of element {place[0]} ({symbol}, which has {n_of_element}); the file is of other "
            f"symmetry functions than “input.nn”, or its lines are in another order."
        )
    values = [line.real(index, _COLUMNS[index - 2]) for index in range(2, len(line.words))]
    row = np.array([*values, np.nan][: len(_COLUMNS)])
    problem = _problem(row, scaling)
    if problem:
        raise line.error(f"function {place[1]} of {symbol} {problem}")
    return row


def _problem(row: FloatArray, scaling: str) -> str:
    """Return what keeps a function from being scaled, or nothing."""
    smallest, largest, mean, sigma = row
    # Means are rounded where they are summed up and where they are printed.
    slack = max(_PRINTED, 1e-9 * max(abs(smallest), abs(largest)))
    if not smallest <= largest or not smallest - slack <= mean <= largest + slack or sigma < 0:
        return (
            f"has values from {smallest:g} to {largest:g} with a mean of {mean:g} and a sigma of "
            f"{sigma:g}, which is not possible; the file is damaged."
        )
    if scaling == "sigma" and np.isnan(sigma):
        return "has no sigma, which its scaling divides by; take the file of n2p2, which has it."
    spread = {"range": largest - smallest, "range and center": largest - smallest, "sigma": sigma}
    if spread.get(scaling, 1.0) == 0:
        return (
            f"has the same value {smallest:g} in all training data, so that scaling divides by "
            f"zero and energies are no numbers; leave it out of “input.nn” and train again, or use "
            f"a potential that was trained without it."
        )
    return ""


def _require_end(lines: Iterable[Line], n_functions: int) -> None:
    rest = iter(lines)
    line = next(rest, None)
    if line is not None and len(line.words) == 2:
        line.real(0, "the smallest energy")
        line.real(1, "the largest energy")
        line = next(rest, None)
    if line is not None:
        raise line.error(
            f"it is one more than the {n_functions} symmetry functions of “input.nn”; take the "
            f"“{FILE}” that belongs to it."
        )
