"""Molecular dynamics: how atoms move, and what goes on after an interruption."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.dynamics.hybrid_move import HybridMove, hybrid_move
    from nearsight.dynamics.result import Dynamics
    from nearsight.dynamics.run import run_dynamics
    from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
    from nearsight.dynamics.watch import BrokenRunError

__all__ = [
    "BrokenRunError",
    "Dynamics",
    "DynamicsSettings",
    "HybridMove",
    "OutputSettings",
    "hybrid_move",
    "run_dynamics",
]

import_at_first_use(__name__)
