"""Relaxation of positions and cell."""

from nearsight.relaxation.relax import relax
from nearsight.relaxation.result import Relaxation

__all__ = ["Relaxation", "relax"]
