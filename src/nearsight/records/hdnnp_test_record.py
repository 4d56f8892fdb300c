"""The record of a test of a potential on labelled structures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from nearsight.records.base import Record
from nearsight.records.described import Plain, Says
from nearsight.records.parts import ModelPart
from nearsight.records.potential_parts import PotentialErrorsPart
from nearsight.remarks import Remark

if TYPE_CHECKING:
    from nearsight.records.potential_results import HdnnpTestResults


@dataclass(frozen=True, kw_only=True, repr=False)
class HdnnpTestRecord(Record):
    """How far a potential of Behler and Parrinello is off for labelled structures."""

    question: ClassVar[str] = "hdnnp-test"

    model: Annotated[ModelPart, Says("The potential.")]
    elements: Annotated[tuple[str, ...], Says("Its elements, by atomic number.")]
    cutoff_A: Annotated[float, Says("Its largest cutoff radius.", "Å")]
    n_structures: Annotated[int, Says("Labelled structures that were predicted.", "1")]
    training: Annotated[
        str | None, Says("The record that said what was kept for tests; null if the data did.")
    ]
    errors: Annotated[PotentialErrorsPart, Says("How far it is off.")]
    versions: Annotated[
        Mapping[str, str], Says("Versions of all packages that can change the numbers.")
    ]
    settings: Annotated[Mapping[str, Plain], Says("What was asked for, by name.")]
    seconds: Annotated[float | None, Says("Wall time of all; null if nobody measured.", "s")]
    warnings: Annotated[tuple[Remark, ...], Says("What must be known before they are used.")]
    results: "HdnnpTestResults | None" = field(default=None, repr=False, compare=False)

    def _said(self) -> list[str]:
        said = [f"{self.question} of {self.model.name} on {self.n_structures} structures"]
        for each in self.errors.groups:
            energy, force = each.energy_RMSE_eV_per_atom, each.force_RMSE_eV_per_A
            if each.group == "all" and energy is not None and force is not None:
                numbers = f"{1000 * energy:.2f} meV/atom and {force:.3f} eV/Å"
                said.append(f"{numbers} for {each.set}")
        return said
