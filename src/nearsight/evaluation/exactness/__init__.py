"""What exact derivatives tell of a model: is it conservative, extensive, local and smooth.

The conformance kit, the asymmetry of the Jacobian of the forces, the work around a closed loop,
whether doubled crystals and separate clusters add up, atoms and molecules on one scale of energy,
how far forces reach by ‖h_AB‖, and the largest jump of curvature along a path.
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.evaluation.exactness.examination import EXAMINATION

__all__ = ["EXAMINATION"]

import_at_first_use(__name__)
