"""Second derivatives by positions: which rows, how they are computed, kept and checked."""

from nearsight.hessian.compute import hessian
from nearsight.hessian.plan import Plan, plan
from nearsight.hessian.result import Hessian

__all__ = ["Hessian", "Plan", "hessian", "plan"]
