"""How rows came about, and what they cost: what a Hessian and force constants have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nearsight.provenance import Provenance

_TEXT, _COUNT, _NUMBER = (str,), (int,), (int, float)
_NOTHING = (type(None),)
_TOLERANCE = "symmetry_tolerance_A"
"""How files and JSON call `row_symmetry_A`."""
_KINDS: Mapping[str, tuple[type, ...]] = {
    "method": _TEXT,
    "reason": _TEXT,
    "step_A": (*_NUMBER, *_NOTHING),
    "rows_computed": _COUNT,
    "rows_needed": _COUNT,
    "rows_by_sum_rule": _COUNT,
    "symmetry": _TEXT,
    "space_group": (*_TEXT, *_NOTHING),
    "row_symmetry_A": (*_NUMBER, *_NOTHING),
    "symmetry_deviation_eV_per_A2": (*_NUMBER, *_NOTHING),
    "seconds": _NUMBER,
    "peak_memory_bytes": _COUNT,
    "provenance": (dict,),
}


@dataclass(frozen=True, kw_only=True)
class Computation:
    """How rows were computed, by which symmetry the others follow, and what that took."""

    method: str
    """``rows``, ``batched``, ``forward-difference``, ``central-difference`` or ``fourth-order``."""
    reason: str
    """Why this method: that it was asked for, or what the automatic choice measured."""
    step_A: float | None
    """Displacement of the differences; None for analytic rows."""
    rows_computed: int
    """Rows this run computed; others came from a checkpoint, or follow from these."""
    rows_needed: int
    """Rows from which all others follow by translation and space group."""
    rows_by_sum_rule: int
    """Those of them that were not computed: they follow from the acoustic sum rule."""
    symmetry: str
    """Which symmetry was used, or why none was."""
    space_group: str | None
    """Symbol and number; None where no space group was used."""
    row_symmetry_A: float | None
    """How far an atom may be from where the symmetry wants it; None without symmetry."""
    symmetry_deviation_eV_per_A2: float | None
    """Largest deviation of rows computed as a check from what symmetry says; None without."""
    seconds: float
    """Wall time of this run."""
    peak_memory_bytes: int
    """Largest memory in use on top of what was in use before."""
    provenance: Provenance

    def computation_header(self) -> dict[str, Any]:
        """Return these fields as JSON values, for a file."""
        return {**self.computation_summary(), "provenance": self.provenance.to_json()}

    @staticmethod
    def fields_from_header(header: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields from what `computation_header` returned.

        Raises
        ------
        TypeError
            One is of another type; a missing one is a KeyError.
        """
        header = {**header, "row_symmetry_A": header[_TOLERANCE]}
        values = {name: header[name] for name in Computation.__dataclass_fields__}
        for name, kinds in _KINDS.items():
            if not isinstance(values[name], kinds) or isinstance(values[name], bool):
                raise TypeError(f"“{name}” is {values[name]!r:.40}")
        return {**values, "provenance": Provenance.from_json(header["provenance"])}

    def computation_summary(self) -> dict[str, Any]:
        """Return the part of the JSON output that says how the rows came about."""
        fields = computation_fields(self)
        del fields["provenance"]
        fields[_TOLERANCE] = fields.pop("row_symmetry_A")
        return fields


def computation_fields(computed: Computation) -> dict[str, Any]:
    """Return the fields of a `Computation`, such as the one inside a Hessian, by name."""
    return {name: getattr(computed, name) for name in Computation.__dataclass_fields__}
