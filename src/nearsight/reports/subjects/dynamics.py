"""A run of molecular dynamics."""

from collections.abc import Sequence

from nearsight.records.motion_records import DynamicsRecord
from nearsight.reports.provenance import Lines
from nearsight.reports.subjects.subject import Figure, Subject


def _numbers(record: DynamicsRecord) -> Lines:
    part = record.dynamics
    time_ps = part.n_steps * part.timestep_fs / 1000
    lines = [
        ("run", f"{part.ensemble}, {time_ps:g} ps in {part.n_steps} steps"),
        ("mean temperature", f"{part.temperature_K:.1f} K"),
        ("mean potential energy", f"{part.potential_energy_eV:.4f} eV"),
    ]
    if part.volume_A3 is not None:
        lines.append(("mean volume", f"{part.volume_A3:.3f} Å³"))
    if part.pressure_bar is not None:
        lines.append(("mean pressure", f"{part.pressure_bar:.4g} bar"))
    if part.drift_eV_per_atom_ps is not None:
        lines.append(
            ("drift of what is conserved", f"{part.drift_eV_per_atom_ps:.2g} eV/(atom ps)")
        )
    if part.ns_per_day is not None:
        lines.append(("speed", f"{part.ns_per_day:.3g} ns/day"))
    return [*lines, ("means are over", f"the second half of the run, {part.n_averaged} samples")]


def _charts(record: DynamicsRecord) -> Sequence[Figure]:
    if record.results is None:
        return ()
    return [(chart, "") for chart in record.results.dynamics.charts()]


SUBJECT = Subject(
    what="Molecular dynamics",
    plural="Runs of molecular dynamics",
    numbers=_numbers,
    charts=_charts,
)
