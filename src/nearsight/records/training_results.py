"""Results of a training, and the record of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nearsight.charts.chart import Chart
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.symmetry_functions import function_name
from nearsight.records.codec import encoder
from nearsight.records.potential_parts import PotentialErrorsPart
from nearsight.records.potential_results import potential_errors_part
from nearsight.records.shared_fields import UNKNOWN_RUN, Run, part_of
from nearsight.records.training_parts import (
    FunctionPart,
    LeftOutPart,
    MemberPart,
    PairDistancesPart,
)
from nearsight.records.training_record import TrainingRecord
from nearsight.remarks import Remark
from nearsight.settings import Settings
from nearsight.structures.naming import paragraph
from nearsight.training.data_report import ElementHistograms, histograms, pair_distances
from nearsight.training.error_charts import error_charts
from nearsight.training.learning_curve import EpochErrors
from nearsight.training.pair_charts import PairDistances
from nearsight.training.potential_errors import PotentialErrors, potential_errors
from nearsight.training.result import Training


@dataclass(frozen=True, eq=False, repr=False)
class TrainingResults:
    """Labelled structures, and the potentials that learnt from them."""

    name: str
    """What the data is called, such as the path of its file."""
    trainings: tuple[Training, ...]
    """One, or those of the members of a committee."""
    folders: tuple[str | None, ...]
    """Where the files of each are."""
    errors: tuple[PotentialErrors, ...]
    """Of the best potential of each."""
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
        return cls(
            name,
            trainings,
            folders,
            tuple(map(_errors, trainings)),
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

    def error_charts(self) -> list[dict[str, Chart]]:
        """Return predictions against labels and distributions of errors, of each potential."""
        return list(map(error_charts, self.errors))


def training_record(results: TrainingResults, run: Run = UNKNOWN_RUN) -> TrainingRecord:
    """Return the record of a training."""
    first = results.trainings[0]
    asked = run.asked.to_json() if isinstance(run.asked, Settings) else run.asked
    return TrainingRecord(
        structure=results.name,
        elements=first.best.symbols,
        n_structures=len(first.prepared.structures),
        members=tuple(map(_member, results.trainings, results.folders, results.errors)),
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
    structures = training.prepared.data
    tested = {int(place) for place in training.prepared.split.test}
    frames = (
        Frame(each.atoms, each.energy_eV, each.forces_eV_per_A, group=each.group)
        for each in structures
    )
    return potential_errors(training.best, frames, test_frames=tested, progress=False)


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
