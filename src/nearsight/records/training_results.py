"""Results of a training, and the record of them."""

from dataclasses import dataclass
from typing import Any

from nearsight.records.shared_fields import UNKNOWN_RUN, Run, part_of
from nearsight.records.training_parts import MemberPart
from nearsight.records.training_record import TrainingRecord
from nearsight.remarks import Remark
from nearsight.settings import Settings
from nearsight.structures.naming import paragraph
from nearsight.training.learning_curve import EpochErrors
from nearsight.training.result import Training


@dataclass(frozen=True, repr=False)
class TrainingResults:
    """Labelled structures, and the potentials that learnt from them."""

    name: str
    """What the data is called, such as the path of its file."""
    trainings: tuple[Training, ...]
    """One, or those of the members of a committee."""
    folders: tuple[str | None, ...]
    """Where the files of each are."""

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the potentials are used, each once."""
        return tuple(dict.fromkeys(each for one in self.trainings for each in one.warnings))

    def __repr__(self) -> str:
        n = len(self.trainings)
        return paragraph(self, self.name, f"{n} potential{'' if n == 1 else 's'}")


def training_record(results: TrainingResults, run: Run = UNKNOWN_RUN) -> TrainingRecord:
    """Return the record of a training."""
    first = results.trainings[0]
    asked = run.asked.to_json() if isinstance(run.asked, Settings) else run.asked
    return TrainingRecord(
        structure=results.name,
        elements=first.best.symbols,
        n_structures=len(first.prepared.structures),
        members=tuple(map(_member, results.trainings, results.folders)),
        versions=dict(first.provenance.versions),
        settings=dict(asked or {}),
        seconds=run.seconds,
        warnings=results.warnings,
        results=results,
    )


def _member(training: Training, folder: str | None) -> MemberPart:
    summary: dict[str, Any] = {
        "folder": folder,
        "seed": training.provenance.settings["seed"],
        "checkpoint_sha256": training.provenance.model.checkpoint_sha256,
        **training.summary(),
        "epochs": [_epoch(each) for each in training.epochs],
    }
    del summary["elements"]
    return part_of(MemberPart, summary)


def _epoch(epoch: EpochErrors) -> dict[str, Any]:
    plain = {name: value for name, value in vars(epoch).items() if name != "errors"}
    errors = [
        {"set": of_set, "group": group, **each.to_json()}
        for of_set, group, each in epoch.errors.rows()
    ]
    if not epoch.errors.are_finite:
        plain["score"] = None
    return {**plain, "errors": errors}
