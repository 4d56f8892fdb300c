"""What is drawn of the record of a training, also of one that was read."""

import numpy as np

from nearsight.charts.chart import Chart
from nearsight.records.training_parts import EpochPart, MemberPart
from nearsight.records.training_record import TrainingRecord
from nearsight.training.curve_charts import learning_chart
from nearsight.training.pair_charts import PairDistances, distances_chart, forces_chart


def learning_charts(member: MemberPart, of: str = "") -> list[Chart]:
    """Return the learning curves of energies and forces of a potential."""
    return [
        learning_chart(
            f"Learning curve of {name}{of}",
            f"RMSE / {unit}",
            [
                (
                    each.epoch,
                    _scaled(_of_set(each, "train", field), factor),
                    _scaled(_of_set(each, "test", field), factor),
                )
                for each in member.epochs
            ],
            member.best_epoch,
        )
        for name, field, unit, factor in (
            ("energies", "energy_RMSE_eV_per_atom", "meV/atom", 1000.0),
            ("forces", "force_RMSE_eV_per_A", "eV/Å", 1.0),
        )
    ]


def _of_set(epoch: EpochPart, of_set: str, field: str) -> float | None:
    [errors] = [each for each in epoch.errors if (each.set, each.group) == (of_set, "all")]
    value: float | None = getattr(errors, field)
    return value


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else factor * value


def pairs_of_record(record: TrainingRecord) -> list[PairDistances]:
    """Return the distances that a record has."""
    return [
        PairDistances.of(
            each.elements,
            each.shortest_A,
            np.array(each.distances_A),
            np.array(each.counts),
            np.array(each.largest_forces_eV_per_A),
        )
        for each in record.pair_distances
    ]


def training_figures(record: TrainingRecord) -> dict[str, list[Chart]]:
    """Return all charts of each potential by its folder, those of the data with the first.

    The errors of a committee are those of the mean, by the name ``mean of N members``.
    """
    of_errors = [] if record.results is None else list(record.results.error_charts().values())
    figures = {}
    if record.committee is not None and of_errors:
        figures[f"mean of {len(record.members)} members"] = of_errors
        of_errors = []
    for place, member in enumerate(record.members):
        charts = learning_charts(member)
        if place == 0:
            charts += of_errors
        if place == 0 and (pairs := pairs_of_record(record)):
            charts += [distances_chart(pairs), forces_chart(pairs)]
        figures[member.folder or f"member {place + 1}"] = charts
    return figures
