"""Second derivatives by positions: which rows, how they are computed, kept and checked."""

from nearsight.hessian.compute import hessian
from nearsight.hessian.force_constants import ForceConstants, force_constants, from_hessian
from nearsight.hessian.operator import HessianOperator
from nearsight.hessian.plan import Plan, plan
from nearsight.hessian.result import Hessian

__all__ = [
    "ForceConstants",
    "Hessian",
    "HessianOperator",
    "Plan",
    "force_constants",
    "from_hessian",
    "hessian",
    "plan",
]
