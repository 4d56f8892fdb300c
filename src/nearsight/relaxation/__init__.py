"""Relaxation of positions and cell."""

from nearsight.relaxation.relax import relax
from nearsight.relaxation.result import Relaxation
from nearsight.relaxation.settings import RelaxationSettings

__all__ = ["Relaxation", "RelaxationSettings", "relax"]
