"""One verb per question: a structure and a model in, an answer with everything behind it out.

>>> from nearsight.workflows import heat_capacity
>>> record = heat_capacity("quartz.cif", "sevennet-0")  # doctest: +SKIP
>>> record.heat_capacity[0].J_per_g_K  # doctest: +SKIP
0.7628080610462405

Settings are values, and so is all else that a verb is told; each can be imported from here.

>>> from nearsight.workflows import HeatCapacitySettings, ThermodynamicSettings
>>> HeatCapacitySettings(thermodynamics=ThermodynamicSettings(temperatures_K=(250, 300)))
... # doctest: +ELLIPSIS
HeatCapacitySettings(...)
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.adsorption.gcmc.settings import ExchangeSettings
    from nearsight.adsorption.settings import InsertionSettings
    from nearsight.dynamics.analysis.settings import (
        DiffusionSettings,
        FrameSettings,
        RadialSettings,
        VelocitySettings,
    )
    from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
    from nearsight.hessian.settings import RowSettings
    from nearsight.locality.settings import ConvergenceSettings, FragmentSettings
    from nearsight.models.spec import ModelSpec
    from nearsight.relaxation.settings import RelaxationSettings
    from nearsight.resources import Resources
    from nearsight.training.active.settings import (
        ExploringSettings,
        FirstFramesSettings,
        PickingSettings,
        RoundsSettings,
    )
    from nearsight.vibrations.ideal_gas_settings import IdealGasSettings
    from nearsight.vibrations.presentation_settings import PresentationSettings
    from nearsight.vibrations.settings import (
        PhononSettings,
        ProbingSettings,
        ThermodynamicSettings,
        VolumeSettings,
    )
    from nearsight.workflows.adsorption_settings import IsothermSettings, WidomSettings
    from nearsight.workflows.elastic import elastic
    from nearsight.workflows.energy import energy
    from nearsight.workflows.expansion_settings import ThermalExpansionSettings
    from nearsight.workflows.hdnnp_test import hdnnp_test
    from nearsight.workflows.heat_capacity import heat_capacity
    from nearsight.workflows.hessian import hessian, vibrations
    from nearsight.workflows.isotherm import isotherm
    from nearsight.workflows.learn import learn
    from nearsight.workflows.learn_settings import LearnSettings
    from nearsight.workflows.locality import locality
    from nearsight.workflows.molecular_dynamics import molecular_dynamics
    from nearsight.workflows.phonons import phonons
    from nearsight.workflows.potential_settings import HdnnpTestSettings, TrainSettings
    from nearsight.workflows.relax import relax
    from nearsight.workflows.sampling_settings import DistortionSettings, SamplingSettings
    from nearsight.workflows.settings import (
        ElasticSettings,
        EnergySettings,
        HeatCapacitySettings,
        HessianSettings,
        LocalitySettings,
        MolecularDynamicsSettings,
        PhononsSettings,
        ReadingSettings,
        RelaxSettings,
        ThermochemistrySettings,
        VibrationsSettings,
    )
    from nearsight.workflows.synthesize import SynthesizedData, synthesize
    from nearsight.workflows.synthesize_settings import SynthesizeSettings
    from nearsight.workflows.thermal_expansion import thermal_expansion
    from nearsight.workflows.thermochemistry import thermochemistry
    from nearsight.workflows.train import train
    from nearsight.workflows.trajectory import trajectory
    from nearsight.workflows.trajectory_settings import TrajectorySettings
    from nearsight.workflows.unfinished import Unfinished, keep_unfinished
    from nearsight.workflows.widom import widom

__all__ = [
    "ConvergenceSettings",
    "DiffusionSettings",
    "DistortionSettings",
    "DynamicsSettings",
    "ElasticSettings",
    "EnergySettings",
    "ExchangeSettings",
    "ExploringSettings",
    "FirstFramesSettings",
    "FragmentSettings",
    "FrameSettings",
    "HdnnpTestSettings",
    "HeatCapacitySettings",
    "HessianSettings",
    "IdealGasSettings",
    "InsertionSettings",
    "IsothermSettings",
    "LearnSettings",
    "LocalitySettings",
    "ModelSpec",
    "MolecularDynamicsSettings",
    "OutputSettings",
    "PhononSettings",
    "PhononsSettings",
    "PickingSettings",
    "PresentationSettings",
    "ProbingSettings",
    "RadialSettings",
    "ReadingSettings",
    "RelaxSettings",
    "RelaxationSettings",
    "Resources",
    "RoundsSettings",
    "RowSettings",
    "SamplingSettings",
    "SynthesizeSettings",
    "SynthesizedData",
    "ThermalExpansionSettings",
    "ThermochemistrySettings",
    "ThermodynamicSettings",
    "TrainSettings",
    "TrajectorySettings",
    "Unfinished",
    "VelocitySettings",
    "VibrationsSettings",
    "VolumeSettings",
    "WidomSettings",
    "elastic",
    "energy",
    "hdnnp_test",
    "heat_capacity",
    "hessian",
    "isotherm",
    "keep_unfinished",
    "learn",
    "locality",
    "molecular_dynamics",
    "phonons",
    "relax",
    "synthesize",
    "thermal_expansion",
    "thermochemistry",
    "train",
    "trajectory",
    "vibrations",
    "widom",
]

import_at_first_use(__name__)
