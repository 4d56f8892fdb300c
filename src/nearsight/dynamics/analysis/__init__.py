"""What trajectories say: structure, diffusion, spectra, fluctuations, with errors."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.dynamics.analysis.block_averages import (
        BlockAverage,
        block_average,
        statistical_inefficiency,
    )
    from nearsight.dynamics.analysis.diffusion import DiffusionCoefficient, diffusion_coefficient
    from nearsight.dynamics.analysis.displacement import (
        MeanSquaredDisplacement,
        mean_squared_displacement,
    )
    from nearsight.dynamics.analysis.fluctuations import (
        Compressibility,
        HeatCapacity,
        compressibility_of_fluctuations,
        heat_capacity_of_fluctuations,
    )
    from nearsight.dynamics.analysis.log_reading import read_log
    from nearsight.dynamics.analysis.molecules import Group, groups_of, molecules
    from nearsight.dynamics.analysis.rdf import RadialDistribution, radial_distribution
    from nearsight.dynamics.analysis.reading import read_trajectory
    from nearsight.dynamics.analysis.temperatures import Temperatures, temperatures
    from nearsight.dynamics.analysis.trajectory import Trajectory
    from nearsight.dynamics.analysis.velocity_correlation import (
        VelocityCorrelation,
        VelocitySpectrum,
        velocity_correlation,
        velocity_spectrum,
    )

__all__ = [
    "BlockAverage",
    "Compressibility",
    "DiffusionCoefficient",
    "Group",
    "HeatCapacity",
    "MeanSquaredDisplacement",
    "RadialDistribution",
    "Temperatures",
    "Trajectory",
    "VelocityCorrelation",
    "VelocitySpectrum",
    "block_average",
    "compressibility_of_fluctuations",
    "diffusion_coefficient",
    "groups_of",
    "heat_capacity_of_fluctuations",
    "mean_squared_displacement",
    "molecules",
    "radial_distribution",
    "read_log",
    "read_trajectory",
    "statistical_inefficiency",
    "temperatures",
    "velocity_correlation",
    "velocity_spectrum",
]

import_at_first_use(__name__)
