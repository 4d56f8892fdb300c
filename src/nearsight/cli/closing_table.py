"""The table at the end of a command with several structures: one line for each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nearsight.cli.lines import WIDTH, columns, end_of, start_of
from nearsight.printable import printable_name

Record = Mapping[str, Any]

_HEAD = ("structure", "formula", "result", "verdict")
_WIDEST = (26, 14, 30)
"""Columns of the first three at most; the last one takes the rest."""
_GAP = 2
_USUAL_K = 300.0
"""Of several temperatures the table has the nearest to this."""
_LEVELS = {"good": "passed", "unknown": "not known", "caution": "caution", "bad": "problem"}


class ClosingTable:
    """What came of each structure, kept in few words until the end of a run."""

    def __init__(self) -> None:
        self._rows: list[Sequence[str]] = [_HEAD]

    def add(self, record: Record) -> None:
        """Add the record of a structure."""
        self._rows.append(_row(record))

    def show(self) -> None:
        """Print the table, at most as wide as a terminal, if there are several structures."""
        if len(self._rows) <= 2:
            return
        widths = [
            min(most, max(columns(row[column]) for row in self._rows))
            for column, most in enumerate(_WIDEST)
        ]
        print()
        for row in self._rows:
            print(_line(row, widths))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    *cells, text = row
    # What failed has a reason in place of formula and number.
    beside = widths[:1] if not any(cells[1:]) else widths
    shown = [
        cell + " " * (width - columns(cell))
        for cell, width in (
            (end_of(each, width) if place == 0 else start_of(each, width), width)
            for place, (each, width) in enumerate(zip(cells, beside, strict=False))
        )
    ]
    room = WIDTH - sum(beside) - _GAP * len(beside)
    return (" " * _GAP).join([*shown, start_of(text, room)]).rstrip()


def _row(record: Record) -> tuple[str, str, str, str]:
    name = printable_name(str(record["structure"]))
    if "error" in record:
        message = printable_name(str(record["error"]["message"])).removeprefix(f"{name} ")
        return name, "", "", f"failed: {message.removeprefix(f'{name}: ')}"
    return name, str(record.get("formula", "")), answer_of(record) or "done", _verdict(record)


def _verdict(record: Record) -> str:
    if verdict := record.get("verdict"):
        return _LEVELS.get(verdict["level"], str(verdict["level"]))
    n_warnings = len(record.get("warnings", ()))
    return f"{n_warnings or 'no'} warning{'' if n_warnings == 1 else 's'}"


def answer_of(record: Record) -> str:
    """Return the number that a record is about, with its unit; empty if it has none."""
    for field, answer in _ANSWERS.items():
        if record.get(field):
            return answer(record)
    return ""


def _heat(record: Record) -> str:
    row = min(record["heat_capacity"], key=lambda each: abs(each["temperature_K"] - _USUAL_K))
    return f"c_v {row['J_per_g_K']:.5f} J/(g K), {row['temperature_K']:g} K"


def _gas(record: Record) -> str:
    rows = record["ideal_gas"]["functions"]
    row = min(rows, key=lambda each: abs(each["temperature_K"] - _USUAL_K))
    return f"S {row['entropy_J_per_mol_K']:.3f} J/(mol K), {row['temperature_K']:g} K"


def _elasticity(record: Record) -> str:
    found = record["elasticity"]
    moduli = found["moduli"]
    return f"K {moduli['bulk_GPa']['hill']:.4g} GPa" if moduli else str(found["stability"])


def _modes(record: Record) -> str:
    found = record["modes"]
    in_THz = record.get("frequency_unit") == "THz"
    modes = found["frequencies_THz" if in_THz else "wavenumbers_per_cm"]
    unit = "THz" if in_THz else "cm⁻¹"
    imaginary = found["n_imaginary"]
    tail = f", {imaginary} imaginary" if imaginary else ""
    return f"up to {modes[-1]:.1f} {unit}{tail}" if modes else ""


_ANSWERS: Mapping[str, Callable[[Record], str]] = {
    "ideal_gas": _gas,
    "heat_capacity": _heat,
    "elasticity": _elasticity,
    "common_radius_A": lambda record: f"fragments of {record['common_radius_A']:.2f} Å",
    "modes": _modes,
    "rows_needed": lambda record: f"{record['rows_needed']} rows needed",
    "hessian": lambda record: f"{record['hessian']['rows_total']} rows",
}
"""What each command is about, by the first field of these that its record has."""
