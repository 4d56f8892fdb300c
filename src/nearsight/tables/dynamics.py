"""A run of molecular dynamics, as it is printed and as a table."""

import math
from dataclasses import fields

from nearsight.dynamics.result import Dynamics
from nearsight.dynamics.samples import Sample
from nearsight.printable import printable_name
from nearsight.records.motion_records import DynamicsRecord
from nearsight.tables.lines import print_line, print_structure_line
from nearsight.tables.table import Column, Table


def print_dynamics(record: DynamicsRecord) -> None:
    """Print how a run went: means over its second half."""
    part = record.dynamics
    print(f"\n{printable_name(record.structure)}")
    print_structure_line(record.formula, record.n_atoms)
    print_line("model", f"{record.model.name}, {record.model.dtype}, {record.model.device}")
    kept = "" if part.thermostat is None else f" by {part.thermostat}"
    by_lammps = " in LAMMPS" if part.engine == "lammps" else ""
    time_ps = part.n_steps * part.timestep_fs / 1000
    print_line(
        "dynamics",
        f"{part.ensemble}{kept}{by_lammps}, {time_ps:g} ps in {part.n_steps} steps of "
        f"{part.timestep_fs:g} fs",
    )
    if part.resumed_step is not None:
        print_line("went on", f"from step {part.resumed_step}")
    print_line("temperature", f"{part.temperature_K:.1f} K")
    print_line("potential", f"{part.potential_energy_eV:.4f} eV")
    if part.volume_A3 is not None and part.ensemble == "npt":
        print_line("volume", f"{part.volume_A3:.3f} Å³")
    if part.pressure_bar is not None:
        print_line("pressure", f"{part.pressure_bar:.4g} bar")
    if part.drift_eV_per_atom_ps is not None:
        print_line("drift", f"{part.drift_eV_per_atom_ps:.2g} eV/(atom ps) of what is conserved")
    if part.ns_per_day is not None:
        n_own = part.n_steps - (part.resumed_step or 0)
        milliseconds = 1000 * part.dynamics_seconds / max(n_own, 1)
        print_line("speed", f"{part.ns_per_day:.3g} ns/day, {milliseconds:.3g} ms for a step")
    samples = "sample" if part.n_averaged == 1 else "samples"
    print(f"\n  means are over the second half of the run: {part.n_averaged} {samples}")


def samples_table(dynamics: Dynamics) -> Table:
    """Return all samples of a run."""
    columns = {
        each.name: [_or_nothing(getattr(sample, each.name)) for sample in dynamics.samples]
        for each in fields(Sample)
    }
    return Table(tuple(Column(name, values) for name, values in columns.items()))


def _or_nothing(value: float) -> float | None:
    """Return None for what is not computed: an empty cell, as in the samples of a run."""
    return None if math.isnan(value) else value
