"""The table at the end of a command with several structures: one line for each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nearsight.printable import printable_name
from nearsight.tables.lines import WIDTH, columns, end_of, start_of

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
    if "rows_needed" in record:  # a plan, which answers no question about the structure
        return f"{record['rows_needed']} rows needed"
    answer = _ANSWERS.get(record.get("question", ""))
    return "" if answer is None else answer(record)


def _energy(record: Record) -> str:
    return f"{record['energy_eV_per_atom']:.4f} eV/atom"


def _relaxation(record: Record) -> str:
    return f"{1000 * record['relaxation']['energy_change_eV_per_atom']:+.2f} meV/atom"


def _heat(record: Record) -> str:
    row = _usual(record["heat_capacity"])
    return f"c_v {row['J_per_g_K']:.5f} J/(g K), {row['temperature_K']:g} K" if row else ""


def _ideal_gas(record: Record) -> str:
    row = _usual(record["ideal_gas"]["functions"])
    return f"S {row['entropy_J_per_mol_K']:.3f} J/(mol K), {row['temperature_K']:g} K"


def _usual(rows: Sequence[Record]) -> Record:
    """Return the row that is nearest to the usual temperature; an empty one without rows."""
    return min(rows, key=lambda row: abs(row["temperature_K"] - _USUAL_K), default={})


def _elasticity(record: Record) -> str:
    moduli = record["elasticity"]["moduli"]
    return (
        f"K {moduli['bulk_GPa']['hill']:.4g} GPa" if moduli else record["elasticity"]["stability"]
    )


def _expansion(record: Record) -> str:
    row = _usual(record["thermal_expansion"])
    return f"α {row['volumetric_expansion_per_K']:.3g} 1/K, {row['temperature_K']:g} K"


def _modes(record: Record) -> str:
    modes = record["modes"]
    thz = record.get("frequency_unit") == "THz"
    highest = max(modes["frequencies_THz" if thz else "wavenumbers_per_cm"], default=0.0)
    imaginary = f", {modes['n_imaginary']} imaginary" if modes["n_imaginary"] else ""
    return f"up to {f'{highest:.2f} THz' if thz else f'{highest:.1f} cm⁻¹'}{imaginary}"


def _trajectory(record: Record) -> str:
    for each in record["diffusion"]:
        if each["diffusive"]:
            return f"D({each['kind']}) {each['value_m2_per_s']:.3g} m²/s"
    return f"{record['frames']['n_frames']} frames"


def _henry(record: Record) -> str:
    row = record["henry"][0]
    if not row["significant"] or row["coefficient_mol_per_kg_Pa"] is None:
        return "no Henry coefficient"
    return f"K_H {row['coefficient_mol_per_kg_Pa']:.3g} mol/(kg Pa)"


def _isotherm(record: Record) -> str:
    rows = record["isotherm"]
    first_K = rows[0]["temperature_K"]
    last = [row for row in rows if row["temperature_K"] == first_K][-1]
    said = f"{last['loading_mol_per_kg']:.3g} mol/kg at {last['pressure_Pa'] / 1e5:.4g} bar"
    return said if rows[-1]["temperature_K"] == first_K else f"{said}, {first_K:g} K"


_ANSWERS: Mapping[str, Callable[[Record], str]] = {
    "energy": _energy,
    "relax": _relaxation,
    "md": lambda record: f"{record['dynamics']['temperature_K']:.1f} K",
    "trajectory": _trajectory,
    "hessian": lambda record: f"{record['hessian']['rows_total']} rows",
    "vibrations": _modes,
    "thermochemistry": _ideal_gas,
    "heat-capacity": _heat,
    "phonons": _heat,
    "elastic": _elasticity,
    "thermal-expansion": _expansion,
    "widom": _henry,
    "isotherm": _isotherm,
    "locality": lambda record: f"range of forces {record['force_range_A']:.2f} Å",
}
"""The number of each question."""
