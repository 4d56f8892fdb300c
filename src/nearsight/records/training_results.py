"""Results of a training, and the record of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nearsight.charts.chart import Chart
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.symmetry_functions import function_name
from nearsight.notebooks import ShownInNotebooks
from nearsight.records.codec import encoder
from nearsight.records.potential_parts import PotentialErrorsPart
from nearsight.records.potential_results import potential_errors_part
from nearsight.records.shared_fields import UNKNOWN_RUN, Run, part_of
from nearsight.records.training_parts import (
    CommitteePart,
    FunctionPart,
    LeftOutPart,
    MemberPart,
    PairDistancesPart,
    SpreadPart,
)
from nearsight.records.training_record import TrainingRecord
from nearsight.remarks import Remark
from nearsight.settings import Settings
from nearsight.structures.naming import paragraph
from nearsight.training.committee_errors import CommitteeErrors, committee_errors
from nearsight.training.data_report import ElementHistograms, histograms, pair_distances
from nearsight.training.error_charts import committee_charts, error_charts
from nearsight.training.learning_curve import EpochErrors
from nearsight.training.pair_charts import PairDistances
from nearsight.training.potential_errors import potential_errors
from nearsight.training.prediction_errors import PotentialErrors
from nearsight.training.result import Training


@dataclass(frozen=True, eq=False, repr=False)
class TrainingResults(ShownInNotebooks):
    """Labelled structures, and the potentials that learnt from them."""

    name: str
    """What the data is called, such as the path of its file."""
    trainings: tuple[Training, ...]
    """One, or those of the members of a committee."""
    folders: tuple[str | None, ...]
    """Where the files of each are."""
    errors: tuple[PotentialErrors, ...]
    """Of the best potential of each."""
    committee: CommitteeErrors | None
    """Of the mean of several; None for a single potential."""
    pairs: tuple[PairDistances, ...]
    """Distances in the training set."""
    histograms: tuple[ElementHistograms, ...]
    """Values of the symmetry functions over it."""

    @classmethod
    def of(
        cls, name: str, trainings: tuple[Training, ...], folders: tuple[str | None, ...]
    ) -> "TrainingResults":
        """Return the results of trainings, with the errors of the potentials and what data has."""
        first = trainings[0]
        learnt = [first.prepared.data[place] for place in first.prepared.split.train]
        committee = _committee_errors(trainings) if len(trainings) > 1 else None
        return cls(
            name,
            trainings,
            folders,
            (_errors(first),) if committee is None else committee.members,
            committee,
            pair_distances(learnt, first.best.cutoff_A),
            histograms(first.best, learnt),
        )

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the potentials are used, each once."""
        return tuple(dict.fromkeys(each for one in self.trainings for each in one.warnings))

    def __repr__(self) -> str:
        n = len(self.trainings)
        return paragraph(self, self.name, f"{n} potential{'' if n == 1 else 's'}")

    def error_charts(self) -> dict[str, Chart]:
        """Return predictions against labels and distributions of errors, by name.

        Those of the mean of a committee, with its disagreement.
        """
        if self.committee is not None:
            return committee_charts(self.committee)
        return error_charts(self.errors[0])


def training_record(results: TrainingResults, run: Run = UNKNOWN_RUN) -> TrainingRecord:
    """Return the record of a training."""
    first = results.trainings[0]
    asked = run.asked.to_json() if isinstance(run.asked, Settings) else run.asked
    return TrainingRecord(
        structure=results.name,
        elements=first.best.symbols,
        n_structures=len(first.prepared.structures),
        members=tuple(map(_member, results.trainings, results.folders, results.errors)),
        committee=None if results.committee is None else _committee(results.committee),
        functions=tuple(_functions(first)),
        functions_left_out=tuple(
            LeftOutPart(
                element=each.function.centre,
                name=function_name(each.function),
                reason=each.reason,
            )
            for each in first.prepared.left_out
        ),
        pair_distances=tuple(map(_pair, results.pairs)),
        versions=dict(first.provenance.versions),
        settings=dict(asked or {}),
        seconds=run.seconds,
        warnings=results.warnings,
        results=results,
    )


def _errors(training: Training) -> PotentialErrors:
    tested = training.prepared.split.test.tolist()
    return potential_errors(training.best, _frames(training), test_frames=tested, progress=False)


def _committee_errors(trainings: Sequence[Training]) -> CommitteeErrors:
    """Return the errors of a committee, whose members have one split and one set of functions."""
    first = trainings[0]
    potentials = [each.best for each in trainings]
    tested = first.prepared.split.test.tolist()
    return committee_errors(potentials, _frames(first), test_frames=tested)


def _frames(training: Training) -> Iterator[Frame]:
    for each in training.prepared.data:
        yield Frame(each.atoms, each.energy_eV, each.forces_eV_per_A, group=each.group)


def _committee(errors: CommitteeErrors) -> CommitteePart:
    return CommitteePart(
        errors=potential_errors_part(errors.mean),
        spreads=tuple(
            SpreadPart(set=of_set, **vars(spread)) for of_set, spread in errors.spreads.items()
        ),
    )


def _member(training: Training, folder: str | None, errors: PotentialErrors) -> MemberPart:
    summary: dict[str, Any] = {
        "folder": folder,
        "seed": training.provenance.settings["seed"],
        "checkpoint_sha256": training.provenance.model.checkpoint_sha256,
        **training.summary(),
        "errors": encoder(PotentialErrorsPart)(potential_errors_part(errors)),
        "epochs": [_epoch(each) for each in training.epochs],
    }
    del summary["elements"]
    return part_of(MemberPart, summary)


def _functions(training: Training) -> Iterator[FunctionPart]:
    for element in training.best.elements:
        statistics = element.statistics
        for place, function in enumerate(element.functions):
            yield FunctionPart(
                element=element.symbol,
                name=function_name(function),
                smallest=float(statistics.smallest[place]),
                largest=float(statistics.largest[place]),
                mean=float(statistics.mean[place]),
                sigma=float(statistics.sigma[place]),
            )


def _pair(pair: PairDistances) -> PairDistancesPart:
    return PairDistancesPart(
        elements=pair.elements,
        shortest_A=pair.shortest_A,
        distances_A=tuple(pair.distances_A.tolist()),
        counts=tuple(pair.counts.tolist()),
        largest_forces_eV_per_A=tuple(pair.largest_forces_eV_per_A.tolist()),
    )


def _epoch(epoch: EpochErrors) -> dict[str, Any]:
    plain = {name: value for name, value in vars(epoch).items() if name != "errors"}
    errors = [
        {"set": of_set, "group": group, **each.to_json()}
        for of_set, group, each in epoch.errors.rows()
    ]
    if not epoch.errors.are_finite:
        plain["score"] = None
    return {**plain, "errors": errors}
