"""Hessians that other programs have computed."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.hessian.files.reading import read_hessian, read_structure_of_hessian
    from nearsight.hessian.files.recognising import (
        FORMATS,
        is_hessian_of_other_program,
        remarks_on_frequencies,
    )

__all__ = [
    "FORMATS",
    "is_hessian_of_other_program",
    "read_hessian",
    "read_structure_of_hessian",
    "remarks_on_frequencies",
]

import_at_first_use(__name__)
