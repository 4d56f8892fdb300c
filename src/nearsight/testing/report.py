"""What an examination found."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from ase import Atoms

from nearsight.models.contract import Model
from nearsight.provenance import Provenance


@dataclass(frozen=True)
class Check:
    """One property of a model, measured on one structure."""

    name: str
    structure: str
    measured: float | None
    """The largest deviation; None where the check does not apply."""
    tolerance: float | None
    unit: str
    detail: str = ""
    """Where the deviation was found, or why the check does not apply."""

    @property
    def applies(self) -> bool:
        """Whether the model claims the property, so that it can be held to it."""
        return self.measured is not None

    @property
    def passed(self) -> bool:
        """Whether the deviation is within the tolerance, or the check does not apply."""
        if self.measured is None or self.tolerance is None:
            return True
        return self.measured <= self.tolerance

    def excess(self) -> float:
        """Return the deviation in units of the tolerance: infinity for NaN, so that it is worst.

        Zero where the check does not apply.
        """
        if self.measured is None or not self.tolerance:
            return 0.0
        return math.inf if math.isnan(self.measured) else self.measured / self.tolerance


CheckFunction = Callable[[Model, str, Atoms], Check]
"""Measures one property of a model on a named structure."""


@dataclass(frozen=True)
class ConformanceReport:
    """Every check of one model."""

    checks: tuple[Check, ...]
    provenance: Provenance

    @property
    def passed(self) -> bool:
        """Whether every check that applies passed."""
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    def __str__(self) -> str:
        """Return a table with one line per check."""
        identity = self.provenance.model
        lines = [f"{identity.name}, {identity.dtype} on {identity.device}"]
        for check in self.checks:
            verdict = ("ok" if check.passed else "FAILED") if check.applies else "-"
            numbers = (
                f"{check.measured:9.2e} <= {check.tolerance:7.1e} {check.unit}"
                if check.applies
                else "not applicable"
            )
            lines.append(
                f"{verdict:>6}  {check.name:<26} {check.structure:<8} {numbers:<32} {check.detail}"
            )
        return "\n".join(line.rstrip() for line in lines)


def failed(name: str, structure: str, unit: str, reason: str) -> Check:
    """Return a check that nothing could be measured for, though the model claims the property."""
    return Check(name, structure, math.inf, 0.0, unit, reason)


def not_applicable(name: str, structure: str, reason: str) -> Check:
    """Return a check that does not apply, with the reason."""
    return Check(name, structure, None, None, "", reason)
