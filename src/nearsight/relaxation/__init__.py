"""Relaxation of positions and cell."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.relaxation.relax import relax
    from nearsight.relaxation.result import Relaxation
    from nearsight.relaxation.settings import RelaxationSettings

__all__ = ["Relaxation", "RelaxationSettings", "relax"]

import_at_first_use(__name__)
