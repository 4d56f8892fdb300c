"""Relaxation of positions and cell."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.relaxation.near_symmetry import NearSymmetry, near_symmetry
    from nearsight.relaxation.relax import relax
    from nearsight.relaxation.result import FollowedMode, RefinedSymmetry, Relaxation
    from nearsight.relaxation.settings import RelaxationSettings
    from nearsight.relaxation.trajectory import Trajectory

__all__ = [
    "FollowedMode",
    "NearSymmetry",
    "RefinedSymmetry",
    "Relaxation",
    "RelaxationSettings",
    "Trajectory",
    "near_symmetry",
    "relax",
]

import_at_first_use(__name__)
