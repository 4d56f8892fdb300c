"""Elastic constants as text, at most 80 columns wide."""

import numpy as np
from numpy.typing import NDArray

from nearsight.elasticity.moduli import ElasticModuli, Modulus
from nearsight.elasticity.result import ElasticTensor
from nearsight.elasticity.stability import WITHOUT_STIFFNESS
from nearsight.tables.lines import print_line

_VERDICTS = {"stable": "stable", "unstable": "UNSTABLE", "no stiffness": "NO STIFFNESS"}
_AXES = ("xx", "yy", "zz", "yz", "xz", "xy")


def print_elasticity(tensor: ElasticTensor, *, conventional: bool) -> None:
    """Print axes, tensors, stability and, of a stable crystal, moduli."""
    lowest = tensor.lowest_mode_per_cm
    print_line(
        "at rest",
        f"largest stress {np.abs(tensor.stress_GPa).max():.1e} GPa, largest force "
        f"{tensor.fmax_eV_per_A:.1e} eV/Å"
        + ("" if lowest is None else f", softest mode {lowest:.1f} cm⁻¹"),
    )
    print_line(
        "stability",
        f"{_VERDICTS[tensor.stability]}: eigenvalues "
        f"{tensor.eigenvalues_GPa[0]:.3f} to {tensor.eigenvalues_GPa[-1]:.3f} GPa",
    )
    print_line(
        "axes",
        "x along a, y in the plane of a and b of the conventional cell"
        if conventional
        else "Cartesian, as the structure is given; conventional axes on request",
    )
    _print_tensor(f"{tensor.name} in GPa, relaxed ions", tensor.relaxed_ion_GPa)
    _print_tensor("clamped ions", tensor.clamped_ion_GPa)
    if tensor.is_stable:
        _print_moduli(tensor.moduli)
        _print_range(tensor)
    elif tensor.stability == "no stiffness":
        print()
        print_line("moduli", f"none: {WITHOUT_STIFFNESS}")


def _print_tensor(title: str, matrix_GPa: NDArray[np.float64]) -> None:
    print(f"\n  {title}")
    print("       " + "".join(f"{axes:>11}" for axes in _AXES))
    for axes, row in zip(_AXES, matrix_GPa, strict=True):
        print(f"  {axes:>5}" + "".join(f"{_rounded(value):11.3f}" for value in row))


def _print_moduli(moduli: ElasticModuli) -> None:
    print("\n  polycrystal                    Voigt      Reuss       Hill")
    rows: dict[str, Modulus] = {
        "bulk modulus / GPa": moduli.bulk_GPa,
        "shear modulus / GPa": moduli.shear_GPa,
        "Young's modulus / GPa": moduli.youngs_GPa,
        "Poisson's ratio": moduli.poisson_ratio,
    }
    for name, of in rows.items():
        print(f"  {name:<25} {of.voigt:10.3f} {of.reuss:10.3f} {of.hill:10.3f}")
    print(f"  universal anisotropy index {_rounded(moduli.universal_anisotropy):9.3f}")


def _print_range(tensor: ElasticTensor) -> None:
    found = tensor.youngs_range
    print("\n  Young's modulus of the crystal")
    for name, value, direction in (
        ("smallest", found.smallest_GPa, found.smallest_direction),
        ("largest", found.largest_GPa, found.largest_direction),
    ):
        along = ", ".join(f"{_rounded(part):.3f}" for part in direction)
        print(f"  {name:<10} {value:10.3f} GPa along ({along})")


def _rounded(value: float) -> float:
    """Return `value` without the sign of a zero."""
    return round(float(value), 3) + 0.0
