"""The record of learning crystals from their fragments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from nearsight.records.base import Record
from nearsight.records.described import Plain, Says
from nearsight.records.learning_parts import RoundPart
from nearsight.records.parts import ModelPart
from nearsight.remarks import Remark

if TYPE_CHECKING:
    from nearsight.records.learning_results import LearningResults


@dataclass(frozen=True, kw_only=True, repr=False)
class LearningRecord(Record):
    """What a potential has learnt of crystals from fragments of them, round after round."""

    question: ClassVar[str] = "learn"

    crystals: Annotated[tuple[str, ...], Says("Names of the crystals.")]
    teacher: Annotated[ModelPart, Says("The model that labelled fragments.")]
    model: Annotated[ModelPart, Says("The first potential of the last round.")]
    fragment_radius_A: Annotated[float, Says("Radius that fragments were cut with.", "Å")]
    cutoff_A: Annotated[float, Says("Largest cutoff radius of the potential.", "Å")]
    n_learnt: Annotated[
        int, Says("Labelled structures of all rounds, those kept for tests included.", "1")
    ]
    rounds: Annotated[tuple[RoundPart, ...], Says("All rounds, from that of first frames on.")]
    stopped: Annotated[str, Says("Why there are no more, as a sentence goes on after “stopped”.")]
    versions: Annotated[
        Mapping[str, str], Says("Versions of all packages that can change the numbers.")
    ]
    settings: Annotated[Mapping[str, Plain], Says("What was asked for, in groups.")]
    seconds: Annotated[
        float | None, Says("Wall time of the last process; null if nobody measured.", "s")
    ]
    warnings: Annotated[tuple[Remark, ...], Says("What must be known before it is used.")]
    results: "LearningResults | None" = field(default=None, repr=False, compare=False)

    def _said(self) -> list[str]:
        said = [
            f"{self.question} by {self.teacher.name} in {len(self.rounds)} rounds",
            f"{self.n_learnt} labelled structures",
            f"stopped {self.stopped}",
        ]
        for each in self.rounds[-1].errors:
            energy, force = each.energy_RMSE_eV_per_atom, each.force_RMSE_eV_per_A
            said.append(f"{1000 * energy:.2f} meV/atom and {force:.3f} eV/Å on the test set")
        return said
