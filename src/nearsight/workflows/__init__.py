"""One verb per question: a structure and a model in, an answer with everything behind it out.

>>> from nearsight.workflows import heat_capacity
>>> heat_capacity("quartz.cif", "sevennet-0")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.workflows.elastic import elastic
    from nearsight.workflows.energy import energy
    from nearsight.workflows.heat_capacity import heat_capacity
    from nearsight.workflows.hessian import hessian, vibrations
    from nearsight.workflows.locality import locality
    from nearsight.workflows.phonons import phonons
    from nearsight.workflows.relax import relax
    from nearsight.workflows.settings import (
        ElasticSettings,
        EnergySettings,
        HeatCapacitySettings,
        HessianSettings,
        LocalitySettings,
        PhononsSettings,
        ReadingSettings,
        RelaxSettings,
        ThermochemistrySettings,
        VibrationsSettings,
    )
    from nearsight.workflows.thermochemistry import thermochemistry
    from nearsight.workflows.unfinished import Unfinished, keep_unfinished

__all__ = [
    "ElasticSettings",
    "EnergySettings",
    "HeatCapacitySettings",
    "HessianSettings",
    "LocalitySettings",
    "PhononsSettings",
    "ReadingSettings",
    "RelaxSettings",
    "ThermochemistrySettings",
    "Unfinished",
    "VibrationsSettings",
    "elastic",
    "energy",
    "heat_capacity",
    "hessian",
    "keep_unfinished",
    "locality",
    "phonons",
    "relax",
    "thermochemistry",
    "vibrations",
]

import_at_first_use(__name__)
