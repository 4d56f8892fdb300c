"""Which settings each workflow has."""

from collections.abc import Mapping

from nearsight.settings import Settings
from nearsight.workflows.adsorption_settings import IsothermSettings, WidomSettings
from nearsight.workflows.expansion_settings import ThermalExpansionSettings
from nearsight.workflows.learn_settings import LearnSettings
from nearsight.workflows.potential_settings import TrainSettings
from nearsight.workflows.settings import (
    ElasticSettings,
    EnergySettings,
    HeatCapacitySettings,
    HessianSettings,
    LocalitySettings,
    MolecularDynamicsSettings,
    PhononsSettings,
    RelaxSettings,
    ThermochemistrySettings,
    VibrationsSettings,
)
from nearsight.workflows.synthesize_settings import SynthesizeSettings
from nearsight.workflows.trajectory_settings import TrajectorySettings

OF_WORKFLOWS: Mapping[str, type[Settings]] = {
    "energy": EnergySettings,
    "relax": RelaxSettings,
    "md": MolecularDynamicsSettings,
    "trajectory": TrajectorySettings,
    "heat-capacity": HeatCapacitySettings,
    "phonons": PhononsSettings,
    "vibrations": VibrationsSettings,
    "thermochemistry": ThermochemistrySettings,
    "hessian": HessianSettings,
    "widom": WidomSettings,
    "isotherm": IsothermSettings,
    "elastic": ElasticSettings,
    "thermal-expansion": ThermalExpansionSettings,
    "locality": LocalitySettings,
    "train": TrainSettings,
    "learn": LearnSettings,
    "synthesize": SynthesizeSettings,
}
"""The settings of each workflow, by the name of its command."""
