"""Second derivatives by positions: how they are computed, kept and checked."""

from nearsight.hessian.compute import hessian
from nearsight.hessian.result import Hessian

__all__ = ["Hessian", "hessian"]
