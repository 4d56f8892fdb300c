"""What a Hessian says about motion and heat: normal modes, thermodynamics, molecules."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.vibrations.band_path import BandPath, find_band_path
    from nearsight.vibrations.band_structure import BandStructure, band_structure
    from nearsight.vibrations.density_of_states import DensityOfStates, density_of_states
    from nearsight.vibrations.ideal_gas_settings import IdealGasSettings
    from nearsight.vibrations.kernel_polynomial import KernelPolynomial, kernel_polynomial
    from nearsight.vibrations.lowest import LowestModes, lowest_modes
    from nearsight.vibrations.mesh_density_of_states import (
        MeshDensityOfStates,
        mesh_density_of_states,
    )
    from nearsight.vibrations.minimum import relax_to_minimum
    from nearsight.vibrations.modes import Vibrations, vibrations
    from nearsight.vibrations.molecules import MolecularThermochemistry, molecular_thermochemistry
    from nearsight.vibrations.phonon_mesh import PhononMesh, phonon_mesh
    from nearsight.vibrations.presentation_settings import PresentationSettings
    from nearsight.vibrations.probed_heat_capacity import ProbedHeatCapacity
    from nearsight.vibrations.probing import probe_heat_capacity
    from nearsight.vibrations.projected_density_of_states import (
        ProjectedDensityOfStates,
        projected_density_of_states,
    )
    from nearsight.vibrations.scale_factor import (
        ScaleFactor,
        fit_frequency_scale_factor,
        fit_scale_factor_to_heat_capacity,
    )
    from nearsight.vibrations.settings import (
        PhononSettings,
        ProbingSettings,
        ThermodynamicSettings,
        VolumeSettings,
    )
    from nearsight.vibrations.supercell_convergence import (
        Attempt,
        SupercellConvergence,
        converge_supercell,
    )
    from nearsight.vibrations.thermal_expansion import thermal_expansion
    from nearsight.vibrations.thermal_expansion_functions import CrystalAtVolume, ThermalExpansion
    from nearsight.vibrations.thermodynamic_functions import Thermodynamics
    from nearsight.vibrations.thermodynamics import thermodynamics
    from nearsight.vibrations.trajectories import mode_trajectory, write_mode_trajectory

__all__ = [
    "Attempt",
    "BandPath",
    "BandStructure",
    "CrystalAtVolume",
    "DensityOfStates",
    "IdealGasSettings",
    "KernelPolynomial",
    "LowestModes",
    "MeshDensityOfStates",
    "MolecularThermochemistry",
    "PhononMesh",
    "PhononSettings",
    "PresentationSettings",
    "ProbedHeatCapacity",
    "ProbingSettings",
    "ProjectedDensityOfStates",
    "ScaleFactor",
    "SupercellConvergence",
    "ThermalExpansion",
    "ThermodynamicSettings",
    "Thermodynamics",
    "Vibrations",
    "VolumeSettings",
    "band_structure",
    "converge_supercell",
    "density_of_states",
    "find_band_path",
    "fit_frequency_scale_factor",
    "fit_scale_factor_to_heat_capacity",
    "kernel_polynomial",
    "lowest_modes",
    "mesh_density_of_states",
    "mode_trajectory",
    "molecular_thermochemistry",
    "phonon_mesh",
    "probe_heat_capacity",
    "projected_density_of_states",
    "relax_to_minimum",
    "thermal_expansion",
    "thermodynamics",
    "vibrations",
    "write_mode_trajectory",
]

import_at_first_use(__name__)
