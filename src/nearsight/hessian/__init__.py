"""Second derivatives by positions, and by strain: which rows, how computed, kept and checked."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.hessian.files import read_hessian
    from nearsight.hessian.files.phonopy_results import read_phonopy, write_phonopy
    from nearsight.hessian.force_constants import ForceConstants, force_constants
    from nearsight.hessian.matrix import Hessian, hessian
    from nearsight.hessian.products.operator import HessianOperator
    from nearsight.hessian.rows.plan import Plan, plan
    from nearsight.hessian.settings import RowSettings
    from nearsight.hessian.strain import GeneralisedHessian, generalised_hessian
    from nearsight.hessian.supercell_hessian import from_hessian

__all__ = [
    "ForceConstants",
    "GeneralisedHessian",
    "Hessian",
    "HessianOperator",
    "Plan",
    "RowSettings",
    "force_constants",
    "from_hessian",
    "generalised_hessian",
    "hessian",
    "plan",
    "read_hessian",
    "read_phonopy",
    "write_phonopy",
]

import_at_first_use(__name__)
