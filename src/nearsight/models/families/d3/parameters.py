"""What D3(BJ) is given: damping parameters of functionals, and Grimme's reference data.

Every number comes from the package `torch-dftd` at run time; nothing is copied. Here they are in eV
and Å, converted with the constants of that package, so that its energies are met to rounding.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch_dftd
from ase.units import Bohr
from numpy.typing import NDArray
from torch_dftd.dftd3_xc_params import get_dftd3_default_params
from torch_dftd.functions.dftd3 import d3_autoang, d3_autoev, d3_k1, d3_k3

from nearsight.models.families.d3.functionals import functional_named

REFERENCE_FILE = Path(torch_dftd.__file__).parent / "nn" / "params" / "dftd3_params.npz"

ENERGY_CUTOFF_A = 95 * Bohr
COUNTING_CUTOFF_A = 40 * d3_autoang
COUNTING_STEEPNESS: float = d3_k1
INTERPOLATION_WIDTH: float = -d3_k3


@dataclass(frozen=True)
class Damping:
    """Scaling and Becke-Johnson damping of one functional."""

    functional: str
    s6: float
    s8: float
    a1: float
    a2_A: float


@dataclass(frozen=True)
class Reference:
    """C6 coefficients of reference pairs, and what belongs to single elements.

    The index of an element is its atomic number; index 0 is empty.
    """

    c6_eV_A6: NDArray[np.float64]
    """Shape ``(95, 95, 25)``; zero where there is no reference pair."""
    first_numbers: NDArray[np.float64]
    """Coordination number of the first atom in each reference pair, same shape."""
    second_numbers: NDArray[np.float64]
    """Coordination number of the second atom, same shape."""
    covalent_radii_A: NDArray[np.float64]
    """Scaled covalent radii of the coordination number, shape ``(95,)``."""
    moment_ratios_A: NDArray[np.float64]
    """√Q of Grimme et al., equation 8, with C8 = 3 C6 √Q_A √Q_B; shape ``(95,)``."""

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers that have a C6 coefficient with themselves."""
        numbers = np.arange(len(self.covalent_radii_A))
        known = (self.c6_eV_A6[numbers, numbers] > 0).any(axis=-1)
        return frozenset(numbers[known].tolist())


def read_damping(functional: str) -> Damping:
    """Return the parameters of `functional`, in any case and hyphenation.

    Raises
    ------
    ModelError
        There are none.
    """
    name = functional_named(functional)
    values = get_dftd3_default_params("bj", name)
    return Damping(
        functional=name,
        s6=values["s6"],
        s8=values["s18"],
        a1=values["rs6"],
        a2_A=values["rs18"] * d3_autoang,
    )


@cache
def read_reference() -> Reference:
    """Return the reference data from torch-dftd's file."""
    with np.load(REFERENCE_FILE) as file:
        pairs, radii, ratios = file["c6ab"], file["rcov"], file["r2r4"]
    pairs = pairs.reshape(len(radii), len(radii), -1, 3)
    return Reference(
        c6_eV_A6=pairs[..., 0] * (d3_autoev * d3_autoang**6),
        first_numbers=pairs[..., 1].copy(),
        second_numbers=pairs[..., 2].copy(),
        covalent_radii_A=radii * d3_autoang,
        moment_ratios_A=ratios * d3_autoang,
    )
