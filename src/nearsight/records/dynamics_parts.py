"""What records say of a run of molecular dynamics."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.records.described import Says


@dataclass(frozen=True, kw_only=True)
class DynamicsPart:
    """How atoms moved, and means over the second half of the run."""

    ensemble: Annotated[str, Says("nve, nvt or npt.")]
    engine: Annotated[str, Says("What moved the atoms: ase or lammps.")]
    thermostat: Annotated[str | None, Says("What kept the temperature; null in nve.")]
    n_steps: Annotated[int, Says("Steps of the whole run.", "1")]
    timestep_fs: Annotated[float, Says("Length of a step.", "fs")]
    n_samples: Annotated[int, Says("Samples of which the second half makes the means.", "1")]
    temperature_K: Annotated[float, Says("Mean temperature.", "K")]
    potential_energy_eV: Annotated[float, Says("Mean potential energy.", "eV")]
    volume_A3: Annotated[float | None, Says("Mean volume; null of what is no crystal.", "Å³")]
    pressure_bar: Annotated[
        float | None, Says("Mean pressure; null where no stress was computed.", "bar")
    ]
    drift_eV_per_atom_ps: Annotated[
        float | None, Says("Slope of what is conserved; null where nothing is.", "eV/(atom ps)")
    ]
    resumed_step: Annotated[int | None, Says("Step from which the last process went on.", "1")]
    n_searches: Annotated[
        int | None, Says("Searches for pairs; null where the model searches at each step.", "1")
    ]
    n_extrapolated_steps: Annotated[
        int | None,
        Says(
            "Steps at which atoms were outside of what the model was trained on; null where it "
            "does not know.",
            "1",
        ),
    ]
    dynamics_seconds: Annotated[float, Says("What the steps of the last process took.", "s")]
    ns_per_day: Annotated[float | None, Says("Simulated time for a day of computing.", "ns/day")]

    @property
    def n_averaged(self) -> int:
        """Samples that make the means."""
        return self.n_samples - self.n_samples // 2
