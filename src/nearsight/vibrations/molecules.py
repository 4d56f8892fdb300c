"""Thermochemistry of an ideal gas of rigid, harmonically vibrating molecules."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from nearsight import units
from nearsight.announcing import announces
from nearsight.errors import MethodError
from nearsight.provenance import Provenance
from nearsight.remarks import Remark, Severity
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.wording import name_wavenumbers

_Geometry = Literal["monatomic", "linear", "nonlinear"]

_GEOMETRIES: Final[dict[int, _Geometry]] = {3: "monatomic", 5: "linear", 6: "nonlinear"}


@dataclass(frozen=True)
class MolecularThermochemistry:
    """Thermodynamic functions of one molecule of an ideal gas."""

    temperature_K: float
    """Temperature in K."""
    pressure_Pa: float
    """Pressure in Pa."""
    symmetry_number: int
    """Number of rotations that turn the molecule into itself."""
    spin: float
    """Total electronic spin; the ground state is 2 spin + 1 times degenerate."""
    potential_energy_eV: float
    """Potential energy of the structure, the zero of which decides that of all energies, in eV."""
    geometry: str
    """``monatomic``, ``linear`` or ``nonlinear``."""
    zero_point_energy_eV: float
    """Zero-point energy in eV."""
    internal_energy_eV: float
    """Internal energy in eV, potential and zero-point energy included."""
    enthalpy_eV: float
    """Enthalpy in eV, potential and zero-point energy included."""
    entropy_eV_per_K: float
    """Entropy in eV/K."""
    gibbs_energy_eV: float
    """Gibbs energy H - TS in eV."""
    warnings: tuple[Remark, ...]
    """What was left out, in plain words; empty if nothing was."""
    provenance: Provenance
    """Where the Hessian comes from."""


@announces
def molecular_thermochemistry(
    vibrations: Vibrations,
    temperature_K: float,
    pressure_Pa: float = 101325.0,
    *,
    symmetry_number: int,
    spin: float = 0.0,
    potential_energy_eV: float = 0.0,
    ignore_imaginary: bool = False,
) -> MolecularThermochemistry:
    """Return enthalpy, entropy and Gibbs energy of a molecule in an ideal gas.

    Translation and rotation are classical, vibrations harmonic, as in `ase.thermochemistry`'s
    `IdealGasThermo`, which computes them (and whose 2014 constants differ from ours by less than
    10⁻⁶). The formulas are those of C. J. Cramer, *Essentials of Computational Chemistry* (2004),
    chapter 10.

    Parameters
    ----------
    vibrations
        Normal modes of the molecule.
    temperature_K
        Temperature > 0 in K.
    pressure_Pa
        Pressure > 0 in Pa.
    symmetry_number
        Number of rotations that turn the molecule into itself: 2 for water, 12 for methane.
    spin
        Total electronic spin: 0, 0.5, 1, ...
    potential_energy_eV
        Potential energy of the structure in eV, added to every energy.
    ignore_imaginary
        Leave imaginary modes out, as transition-state theory does with the reaction coordinate.

    Raises
    ------
    MethodError
        The structure is periodic, a mode is imaginary and `ignore_imaginary` is False, or a number
        is out of its range.
    """
    from ase.thermochemistry import IdealGasThermo

    _require_free_molecule(vibrations)
    _require_conditions(temperature_K, pressure_Pa, symmetry_number, spin)
    warnings = _settle_imaginary(vibrations, ignore_imaginary)
    quanta = units.mode_energies(vibrations.eigenvalues_eV_per_A2_amu)
    geometry = _GEOMETRIES[vibrations.n_rigid_body]
    gas = IdealGasThermo(
        vib_energies=quanta[quanta > 0].tolist(),
        geometry=geometry,
        potentialenergy=potential_energy_eV,
        atoms=vibrations.atoms,
        symmetrynumber=symmetry_number,
        spin=spin,
        # The rigid-body modes are gone already; a choice by energy could only lose a vibration.
        vib_selection="all",
    )
    # Below 10 K the exponential of a C-H stretch overflows to infinity, which is the right limit.
    with np.errstate(over="ignore"):
        internal_energy = float(gas.get_internal_energy(temperature_K, verbose=False))
        enthalpy = float(gas.get_enthalpy(temperature_K, verbose=False))
        entropy = float(gas.get_entropy(temperature_K, pressure_Pa, verbose=False))
    return MolecularThermochemistry(
        temperature_K=temperature_K,
        pressure_Pa=pressure_Pa,
        symmetry_number=symmetry_number,
        spin=spin,
        potential_energy_eV=potential_energy_eV,
        geometry=geometry,
        zero_point_energy_eV=float(gas.get_ZPE_correction()),
        internal_energy_eV=internal_energy,
        enthalpy_eV=enthalpy,
        entropy_eV_per_K=entropy,
        gibbs_energy_eV=enthalpy - temperature_K * entropy,
        warnings=warnings,
        provenance=vibrations.provenance,
    )


def _require_free_molecule(vibrations: Vibrations) -> None:
    if vibrations.atoms.pbc.any():
        raise MethodError(
            f"the structure is periodic (pbc={vibrations.atoms.pbc.tolist()}), not a gas molecule; "
            f"use thermodynamics for a solid, or set atoms.pbc = False before the Hessian."
        )


def _require_conditions(
    temperature_K: float, pressure_Pa: float, symmetry_number: int, spin: float
) -> None:
    for name, value, unit in (
        ("temperature_K", temperature_K, "K"),
        ("pressure_Pa", pressure_Pa, "Pa"),
    ):
        if not (math.isfinite(value) and value > 0):
            raise MethodError(f"{name}={value}; give a positive number in {unit}.")
    if symmetry_number != int(symmetry_number) or symmetry_number < 1:
        raise MethodError(f"symmetry_number={symmetry_number}; give a whole number of at least 1.")
    if spin < 0 or 2 * spin != int(2 * spin):
        raise MethodError(f"spin={spin}; give a multiple of one half, 0 for a closed shell.")


def _settle_imaginary(vibrations: Vibrations, ignore_imaginary: bool) -> tuple[Remark, ...]:
    if vibrations.n_imaginary == 0:
        return ()
    imaginary: NDArray[np.float64] = vibrations.wavenumbers_per_cm[: vibrations.n_imaginary]
    found = f"{vibrations.n_imaginary} imaginary ({name_wavenumbers(imaginary)})"
    if not ignore_imaginary:
        remedy = "" if vibrations.provenance.only_read else "relax it further, or "
        raise MethodError(
            f"modes are imaginary: {found}, so the molecule is not at a minimum; {remedy}"
            f"set ignore_imaginary=True for a transition state."
        )
    return (Remark("imaginary-modes", f"modes left out: {found}.", Severity.CAUTION),)
