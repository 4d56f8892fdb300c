"""Where second derivatives are from: computed here, or read from a file."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from nearsight.provenance import Provenance

_TEXT, _COUNT, _NUMBER = (str,), (int,), (int, float)
_NOTHING = (type(None),)
_NAMES = {"row_symmetry_A": "symmetry_tolerance_A"}
"""What files and JSON call otherwise."""
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
    "precision_error": (*_NUMBER, *_NOTHING),
    "seconds": _NUMBER,
    "peak_memory_bytes": _COUNT,
}
"""What files and JSON say, whatever the origin."""


@dataclass(frozen=True, kw_only=True)
class Computed:
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
    precision_error: float | None
    """Largest norm of what a row of single precision differs by from one of double precision, of
    those that were compared, over the largest norm of a row; None where precision is not mixed."""
    seconds: float
    """Wall time of this run."""
    peak_memory_bytes: int
    """Largest memory in use on top of what was in use before."""
    provenance: Provenance

    def summary(self) -> dict[str, Any]:
        """Return the part of the JSON output that says how the rows came about."""
        return _summary(self)


@dataclass(frozen=True, kw_only=True)
class ReadFromFile:
    """Which file second derivatives are from, and what is known of how they came into it."""

    METHODS: ClassVar = ("read", "phonopy")

    method: str
    """``read`` from a file of another program, or what ``phonopy`` has or makes of forces."""
    reason: str
    """Which program computed them, and which file they are from."""
    rows_needed: int
    """Rows that are in the file."""
    symmetry: str
    """What is known of the symmetry that was used."""
    row_symmetry_A: float | None = None
    """How far an atom may be from where translations want it, which were found here; None if no
    such were looked for."""
    provenance: Provenance

    step_A: ClassVar[float | None] = None
    space_group: ClassVar[str | None] = None
    symmetry_deviation_eV_per_A2: ClassVar[float | None] = None
    precision_error: ClassVar[float | None] = None
    rows_computed: ClassVar[int] = 0
    rows_by_sum_rule: ClassVar[int] = 0
    seconds: ClassVar[float] = 0.0
    peak_memory_bytes: ClassVar[int] = 0
    """Nothing was computed here, whatever it took elsewhere."""

    def summary(self) -> dict[str, Any]:
        """Return the part of the JSON output that says how the rows came about."""
        return _summary(self)


Origin = Computed | ReadFromFile


class HasOrigin:
    """Reading access to the parts of an `origin`, for results that have one."""

    origin: Origin

    @property
    def method(self) -> str:
        """How rows were computed, or ``read`` or ``phonopy``."""
        return self.origin.method

    @property
    def reason(self) -> str:
        """Why this method."""
        return self.origin.reason

    @property
    def step_A(self) -> float | None:
        """Displacement of the differences; None for analytic rows, and if it is not known."""
        return self.origin.step_A

    @property
    def rows_computed(self) -> int:
        """Rows this run computed."""
        return self.origin.rows_computed

    @property
    def rows_needed(self) -> int:
        """Rows from which all others follow."""
        return self.origin.rows_needed

    @property
    def rows_by_sum_rule(self) -> int:
        """Those of them that follow from the acoustic sum rule."""
        return self.origin.rows_by_sum_rule

    @property
    def symmetry(self) -> str:
        """Which symmetry was used, or why none was."""
        return self.origin.symmetry

    @property
    def space_group(self) -> str | None:
        """Symbol and number of the space group that was used; None where none was."""
        return self.origin.space_group

    @property
    def row_symmetry_A(self) -> float | None:
        """How far an atom may be from where the symmetry wants it; None without symmetry."""
        return self.origin.row_symmetry_A

    @property
    def symmetry_deviation_eV_per_A2(self) -> float | None:
        """Largest deviation of rows computed as a check from what symmetry says; None without."""
        return self.origin.symmetry_deviation_eV_per_A2

    @property
    def precision_error(self) -> float | None:
        """How far rows of single precision are from double precision; None if none are mixed."""
        return self.origin.precision_error

    @property
    def seconds(self) -> float:
        """Wall time of this run."""
        return self.origin.seconds

    @property
    def peak_memory_bytes(self) -> int:
        """Largest memory in use on top of what was in use before."""
        return self.origin.peak_memory_bytes

    @property
    def provenance(self) -> Provenance:
        """The model, settings and versions."""
        return self.origin.provenance


def origin_header(origin: Origin) -> dict[str, Any]:
    """Return an origin as JSON values, for a file."""
    return {**origin.summary(), "provenance": origin.provenance.to_json()}


def origin_from_header(header: Mapping[str, Any]) -> Origin:
    """Return the origin from what `origin_header` returned.

    Raises
    ------
    ValueError, TypeError
        A value is of another type; a missing one is a KeyError.
    """
    values = {name: header[_NAMES.get(name, name)] for name in _KINDS}
    for name, kinds in _KINDS.items():
        if not isinstance(values[name], kinds) or isinstance(values[name], bool):
            raise TypeError(f"“{name}” is {values[name]!r:.40}")
    kind = ReadFromFile if values["method"] in ReadFromFile.METHODS else Computed
    own = {field.name: values[field.name] for field in fields(kind) if field.name in values}
    if not isinstance(header["provenance"], dict):
        raise TypeError(f"“provenance” is {header['provenance']!r:.40}")
    return kind(**own, provenance=Provenance.from_json(header["provenance"]))


def _summary(origin: Origin) -> dict[str, Any]:
    return {_NAMES.get(name, name): getattr(origin, name) for name in _KINDS}
