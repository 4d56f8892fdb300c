"""Does a gas keep its energy: carbon dioxide that is left to itself.

Molecules are heated by friction, get new velocities, and move at constant energy: by how much the
energy drifts, whether velocities are those of Maxwell and Boltzmann, how molecules are around each
other, and how fast they diffuse, over several temperatures.
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.evaluation.gas.examination import EXAMINATION

__all__ = ["EXAMINATION"]

import_at_first_use(__name__)
