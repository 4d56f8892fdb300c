"""Hessians that other programs have computed."""

from nearsight.hessian.other_programs.reading import (
    FORMATS,
    is_hessian_of_other_program,
    read_hessian,
    read_structure_of_hessian,
    remarks_on_frequencies,
)

__all__ = [
    "FORMATS",
    "is_hessian_of_other_program",
    "read_hessian",
    "read_structure_of_hessian",
    "remarks_on_frequencies",
]
