"""A run of molecular dynamics."""

from nearsight.records.questions import DynamicsRecord
from nearsight.reports.provenance import Lines
from nearsight.reports.subjects.subject import Subject


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
        lines.append(("drift", f"{part.drift_eV_per_atom_ps:.2g} eV/(atom ps)"))
    return lines


SUBJECT = Subject(what="Molecular dynamics", plural="Runs of molecular dynamics", numbers=_numbers)
