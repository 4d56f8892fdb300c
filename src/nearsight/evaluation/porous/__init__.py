"""Porous solids: their heat, how they give way, and how strongly they bind CO2 and water.

Heat capacities beside DFT and interaction energies need data that a user gives
(`heat_capacity_data`, `interaction_data`); without them these parts are not examined, and that is
said. MOF-5 and Mg-MOF-74 are here: their bulk modulus, volume and coordination in a short run, and
the Henry coefficient of CO2.
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.evaluation.porous.examination import EXAMINATION

__all__ = ["EXAMINATION"]

import_at_first_use(__name__)
