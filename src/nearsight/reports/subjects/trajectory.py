"""What was found in a trajectory."""

from collections.abc import Sequence

from markupsafe import Markup

from nearsight.charts.chart import thinned
from nearsight.records.motion_records import TrajectoryRecord
from nearsight.records.trajectory_parts import DiffusionPart, FluctuationsPart
from nearsight.reports import wording
from nearsight.reports.provenance import Lines
from nearsight.reports.subjects.subject import Figure, Subject
from nearsight.workflows.trajectory_settings import ANALYSES

_NOTES = {
    "rdf": "How often two atoms are at a distance, relative to atoms that are spread evenly.",
    "msd": "Averaged over all particles of a kind and over all time origins.",
    "diffusion": "The part of the displacements that the coefficients are from.",
    "vacf": "Weighted by mass, averaged over all time origins.",
    "spectrum": "Vibrations as they are in motion, one for each degree of freedom.",
    "temperatures": "Equipartition makes those of all elements the same.",
}
_MOST_POINTS = 600
"""Of a curve: a page has no more pixels."""


def _numbers(record: TrajectoryRecord) -> Lines:
    part = record.frames
    span = f"{part.start_fs / 1000:g} to {part.end_fs / 1000:g} ps"
    lines: Lines = [("frames", f"{part.n_frames}, {span}")]
    if part.n_skipped:
        lines.append(("left out before", f"{part.n_skipped} frames"))
    if part.n_selected != record.n_atoms:
        lines.append(("selected", f"{part.n_selected} atoms"))
    lines += [
        (
            "temperature" if each.atoms == "all" else f"temperature of {each.atoms}",
            f"{each.mean_K:.1f} ± {each.error_K:.2g} K",
        )
        for each in record.temperatures
        if each.atoms == "all" or len(record.temperatures) > 2
    ]
    radial = record.radial_distribution
    if radial is not None:
        lines += [
            (f"g(r) of {pair.first}–{pair.second}", radial.text(pair)) for pair in radial.pairs
        ]
        lines += [
            (
                f"{each.neighbour} around {each.centre} within {each.within_A:g} Å",
                f"{each.number:.2f}",
            )
            for each in radial.coordination
        ]
    lines += [
        (
            f"mean squared displacement of {each.kind}",
            f"{each.total_A2[-1]:.4g} Å² in {each.times_fs[-1] / 1000:g} ps",
        )
        for each in record.displacements
    ]
    for diffusion in record.diffusion:
        lines += _diffusion(diffusion)
    if record.fluctuations is not None:
        lines += _fluctuations(record.fluctuations)
    return [
        *lines,
        *(
            (f"no {ANALYSES.get(name, name)}", reason)
            for name, reason in record.not_computed.items()
        ),
    ]


def _diffusion(part: DiffusionPart) -> Lines:
    label = f"diffusion of {part.kind}"
    if not part.diffusive:
        return [(label, "none that can be told, see the warnings")]
    along = "" if part.axes == "xyz" else f" along {part.axes}"
    value = wording.scientific(part.value_m2_per_s, 2)
    error = wording.scientific(part.error_m2_per_s, 0)
    said = Markup("{} ± {} m²/s{}, by {}").format(value, error, along, part.estimator)
    lines: Lines = [(label, said)]
    if part.infinite_m2_per_s is not None:
        infinite = wording.scientific(part.infinite_m2_per_s, 2)
        lines.append(
            (f"{label} in an infinite cell", Markup("{} m²/s (Yeh and Hummer)").format(infinite))
        )
    return lines


def _fluctuations(part: FluctuationsPart) -> Lines:
    lines: Lines = []
    if part.heat_capacity is not None:
        heat = part.heat_capacity
        value = f"{heat.value_J_per_g_K:.4g} ± {heat.error_J_per_g_K:.2g} J/(g K)"
        lines.append(("classical heat capacity", f"{value} at {part.temperature_K:.1f} K"))
    if part.compressibility is not None:
        change = part.compressibility
        value = f"{change.bulk_modulus_GPa:.4g} ± {change.bulk_modulus_error_GPa:.2g} GPa"
        lines.append(("bulk modulus", f"{value} at {part.temperature_K:.1f} K"))
        lines.append(("mean volume", f"{change.volume_A3:.2f} Å³"))
    return lines


def _charts(record: TrajectoryRecord) -> Sequence[Figure]:
    if record.results is None:
        return ()
    charts = record.results.charts()
    return [(thinned(chart, _MOST_POINTS), _NOTES[name]) for name, chart in charts.items()]


SUBJECT = Subject(
    what="Trajectory",
    plural="Trajectories",
    numbers=_numbers,
    charts=_charts,
)
