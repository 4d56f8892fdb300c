"""Results as a notebook shows them: what they are, then their fields, by the names they have."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar

import numpy as np

from nearsight.printable import printable

_MOST_ROWS = 20
_LARGEST_MATRIX = 6
_MOST_IN_A_LINE = 6
_PRINTED = (str, bool, int, np.bool_, np.integer)


class ShownInNotebooks:
    """A frozen dataclass that notebooks show as tables of its fields."""

    shown: ClassVar[tuple[str, ...]] = ()
    """The fields and properties that are shown; all fields where it is empty."""

    def _repr_html_(self) -> str:
        """Return what IPython shows: the text of `repr`, and the numbers behind it."""
        return f"<p>{_escaped(repr(self).strip('<>'))}</p>{_facts(self)}"


def _facts(value: Any, within: bool = False) -> str:
    """Return the tables of a dataclass; of one within another, only what is told in a line each."""
    names = getattr(value, "shown", ()) or [each.name for each in fields(value)]
    single: list[tuple[str, Any]] = []
    columns: dict[str, Sequence[Any]] = {}
    warnings = tables = details = ""
    for name in names:
        found = getattr(value, name)
        if name == "warnings":
            warnings += "".join(f"<p>Warning: {_escaped(str(each))}</p>" for each in found)
        elif _is_series(found) and (not columns or len(found) == len(next(iter(columns.values())))):
            columns[name] = found
        elif _is_matrix(found):
            tables += f"<p>{_escaped(name)}</p>{_table(found)}"
        elif _is_table(found) and not within:
            heads = [each.name for each in fields(found[0])]
            rows = [[getattr(row, head) for head in heads] for row in found]
            tables += f"<p>{_escaped(name)}</p>{_table(rows, heads)}"
        elif is_dataclass(found) and not _is_uncertain(found) and not within:
            facts = _facts(found, within=True)
            details += f"<details><summary>{_escaped(name)}</summary>{facts}</details>"
        else:
            single.append((name, found))
    series = _table(list(zip(*columns.values(), strict=True)), list(columns)) if columns else ""
    return warnings + series + tables + (_table(single, most=None) if single else "") + details


def _is_series(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 1 and len(value) > 0


def _is_matrix(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 2 and max(value.shape) <= _LARGEST_MATRIX


def _is_uncertain(value: Any) -> bool:
    """Tell whether a dataclass is a value and its error."""
    return [each.name for each in fields(value)] == ["value", "error"]


def _is_table(value: Any) -> bool:
    """Tell whether a value is a sequence of dataclasses of one kind."""
    return (
        isinstance(value, tuple | list)
        and len(value) > 0
        and is_dataclass(value[0])
        and len({type(each) for each in value}) == 1
    )


def _table(
    rows: Sequence[Iterable[Any]], heads: Sequence[str] = (), most: int | None = _MOST_ROWS
) -> str:
    """Return a table of HTML: the first rows, and how many there are beside them."""
    head = f"<tr>{''.join(f'<th>{_escaped(each)}</th>' for each in heads)}</tr>" if heads else ""
    body = "".join(
        f"<tr>{''.join(f'<td>{_escaped(_said(cell))}</td>' for cell in row)}</tr>"
        for row in rows[:most]
    )
    left = len(rows) - len(rows[:most])
    return f"<table>{head}{body}</table>{f'<p>and {left} more</p>' if left else ''}"


def _said(value: Any) -> str:
    """Return a value in a line."""
    if isinstance(value, np.ndarray):
        return f"array of {' × '.join(map(str, value.shape))}"
    if isinstance(value, Mapping):
        return _in_a_line([f"{key}={_plain(each)}" for key, each in value.items()])
    if isinstance(value, tuple | list):
        return _in_a_line(list(map(_plain, value)))
    return _plain(value)


def _in_a_line(said: Sequence[str]) -> str:
    return ", ".join(said) if 0 < len(said) <= _MOST_IN_A_LINE else f"{len(said)} values"


def _plain(value: Any) -> str:
    """Return what is neither an array nor a collection."""
    if value is None:
        return "–"
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, ShownInNotebooks):
        return repr(value).strip("<>")
    if is_dataclass(value):
        return _with_error(value) if _is_uncertain(value) else type(value).__name__
    if hasattr(value, "get_chemical_formula"):
        return str(value.get_chemical_formula())
    return str(value) if isinstance(value, _PRINTED) else type(value).__name__


def _with_error(value: Any) -> str:
    return f"{value.value:.6g} ± {value.error:.2g}"


def _escaped(text: str) -> str:
    """Return text in which nothing acts upon a page: names and remarks may come from files."""
    return html.escape(printable(text))
