"""The record of a training."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from nearsight.records.base import Record
from nearsight.records.described import Plain, Says
from nearsight.records.training_parts import (
    CommitteePart,
    FunctionPart,
    LeftOutPart,
    MemberPart,
    PairDistancesPart,
)
from nearsight.remarks import Remark

if TYPE_CHECKING:
    from nearsight.records.training_results import TrainingResults


@dataclass(frozen=True, kw_only=True, repr=False)
class TrainingRecord(Record):
    """The training of one potential, or of the members of a committee, on labelled structures."""

    question: ClassVar[str] = "train"

    elements: Annotated[tuple[str, ...], Says("Elements of the data, by atomic number.")]
    n_structures: Annotated[int, Says("Labelled structures that were used.", "1")]
    members: Annotated[tuple[MemberPart, ...], Says("The potentials.")]
    committee: Annotated[
        CommitteePart | None, Says("All of them as one model; null for a single potential.")
    ]
    functions: Annotated[tuple[FunctionPart, ...], Says("Symmetry functions of all of them.")]
    functions_left_out: Annotated[
        tuple[LeftOutPart, ...], Says("Symmetry functions that tell nothing, and were left out.")
    ]
    pair_distances: Annotated[
        tuple[PairDistancesPart, ...], Says("Distances in the training set, up to the cutoff.")
    ]
    versions: Annotated[
        Mapping[str, str], Says("Versions of all packages that can change the numbers.")
    ]
    settings: Annotated[Mapping[str, Plain], Says("What was asked for, in groups.")]
    seconds: Annotated[float | None, Says("Wall time of all; null if nobody measured.", "s")]
    warnings: Annotated[tuple[Remark, ...], Says("What must be known before they are used.")]
    results: "TrainingResults | None" = field(default=None, repr=False, compare=False)

    def _said(self) -> list[str]:
        said = [f"{self.question} of {'-'.join(self.elements)} on {self.n_structures} structures"]
        if self.committee is not None:
            said.append(f"a committee of {len(self.members)}")
        for member in self.members:
            [of_test] = [e for e in member.best.errors if (e.set, e.group) == ("test", "all")]
            energy, force = of_test.energy_RMSE_eV_per_atom, of_test.force_RMSE_eV_per_A
            if energy is not None and force is not None:
                said.append(f"{1000 * energy:.2f} meV/atom and {force:.3f} eV/Å on the test set")
        return said
