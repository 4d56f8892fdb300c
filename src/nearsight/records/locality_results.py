"""Locality of one structure, with the files of its fragments and the model beside its reference."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ase import Atoms

from nearsight.notebooks import ShownInNotebooks
from nearsight.records.locality_verdict import locality_checks
from nearsight.records.verdict import unsaid
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph

if TYPE_CHECKING:
    from nearsight.locality.comparison import LocalityComparison
    from nearsight.locality.result import Locality


@dataclass(frozen=True)
class LocalityResults(ShownInNotebooks):
    """One structure: how far its sites see, and which fragments follow."""

    name: str
    """What the structure is called, such as the path of its file."""
    locality: "Locality"
    files: tuple[str | None, ...]
    """Where the fragments of `locality` were written; None for each that was not."""
    comparison: "LocalityComparison | None" = None
    """The same sites by a model, where `locality` is that of its reference."""
    structure_warnings: tuple[Remark, ...] = ()
    """What was remarked about the structure."""
    of_model: "Locality | None" = None
    """That of the model, where `locality` is that of its reference."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name."""

    def __repr__(self) -> str:
        reach = f"range of forces {self.locality.force_range_A:.2f} Å"
        compared = "" if self.comparison is None else "beside a model"
        return paragraph(self, self.name, reach, compared)

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        of_comparison = self.comparison.warnings if self.comparison else ()
        of_results = (*self.structure_warnings, *self.locality.warnings, *of_comparison)
        return (*of_results, *unsaid(locality_checks(self)))

    @property
    def atoms(self) -> Atoms:
        """The structure."""
        return self.locality.atoms

    @property
    def localities(self) -> "tuple[Locality, ...]":
        """That of the model, that of the reference, or both in this order."""
        return (self.locality,) if self.of_model is None else (self.of_model, self.locality)
