"""What comes of a run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms

from nearsight.charts.chart import Chart
from nearsight.dynamics.extrapolated import ExtrapolatedSteps
from nearsight.dynamics.run_charts import (
    conserved_chart,
    pressure_chart,
    temperature_chart,
    volume_chart,
)
from nearsight.dynamics.samples import Sample
from nearsight.notebooks import ShownInNotebooks
from nearsight.provenance import Provenance
from nearsight.remarks import Remark
from nearsight.structures.naming import count_warnings, name_structure, paragraph

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes


@dataclass(frozen=True, repr=False, eq=False)
class Dynamics(ShownInNotebooks):
    """What came of a run."""

    atoms: Atoms
    """The structure at the end, with its velocities; not carried back into the cell."""
    samples: tuple[Sample, ...]
    """Those of the whole run where they were written into a file, else those of this process; and
    the end, if it lies between two of them."""
    n_steps: int
    """Steps of the whole run."""
    timestep_fs: float
    thermostat: str | None
    """None in nve."""
    resumed_step: int | None
    """The step from which this process went on; None if it began."""
    n_searches: int | None
    """Searches for pairs; None where the model searches at each step."""
    seconds: float
    """What the steps of this process took."""
    provenance: Provenance
    extrapolated: ExtrapolatedSteps | None
    """Steps of the whole run at which the model extrapolated; None where it does not know."""
    warnings: tuple[Remark, ...]
    """What must be known before numbers of it are used."""

    def __repr__(self) -> str:
        of = f"{name_structure(self.atoms)} by {self.provenance.model.name}"
        time_ps = self.n_steps * self.timestep_fs / 1000
        how = f"{self.provenance.settings['ensemble']}, {time_ps:g} ps in {self.n_steps} steps"
        return paragraph(self, of, how, count_warnings(self.warnings))

    def charts(self) -> tuple[Chart, ...]:
        """Return the temperature over the time, and what else there is.

        Those are what is conserved, and the pressure and volume of a crystal.
        """
        others = (
            conserved_chart(self.samples, len(self.atoms)),
            volume_chart(self.samples),
            pressure_chart(self.samples),
        )
        return (
            temperature_chart(self.samples),
            *(chart for chart in others if chart is not None),
        )

    def plot(self, ax: "Axes") -> None:
        """Draw the temperature into `ax`."""
        from nearsight.charts.on_axes import draw  # Matplotlib, which takes time

        draw(temperature_chart(self.samples), ax)

    @property
    def drift_eV_per_atom_ps(self) -> float:
        """Slope of what is conserved, by least squares, per atom; NaN where nothing is."""
        times_ps = np.array([sample.time_fs for sample in self.samples]) / 1000
        conserved_eV = np.array([sample.conserved_eV for sample in self.samples])
        if len(times_ps) < 2 or np.isnan(conserved_eV).any():
            return float("nan")
        return float(np.polyfit(times_ps, conserved_eV, 1)[0]) / len(self.atoms)

    @property
    def ns_per_day(self) -> float:
        """Simulated time for each day of computing, in ns, in this process."""
        n_steps = self.n_steps - (self.resumed_step or 0)
        time_ns = 1e-6 * n_steps * self.timestep_fs
        return 86400.0 * time_ns / self.seconds if self.seconds > 0 else float("nan")
