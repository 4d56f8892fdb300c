"""Kernels, compiled by numba, that evaluate potentials of Behler and Parrinello."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential, compile_potential
    from nearsight.hdnnp.kernels.descriptors import Descriptors, descriptors
    from nearsight.hdnnp.kernels.evaluation import Extrapolations, KernelEvaluation, evaluate
    from nearsight.hdnnp.kernels.jacobians import Jacobian, jacobian, loss_gradient, predict
    from nearsight.hdnnp.kernels.local_energies import Change, LocalEnergies

__all__ = [
    "Change",
    "CompiledPotential",
    "Descriptors",
    "Extrapolations",
    "Jacobian",
    "KernelEvaluation",
    "LocalEnergies",
    "compile_potential",
    "descriptors",
    "evaluate",
    "jacobian",
    "loss_gradient",
    "predict",
]

import_at_first_use(__name__)
