"""Thermochemistry of an ideal gas of rigid, harmonically vibrating molecules."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsight import units
from nearsight.announcing import announces
from nearsight.errors import MethodError
from nearsight.notebooks import ShownInNotebooks
from nearsight.provenance import Provenance
from nearsight.remarks import Remark, Severity
from nearsight.structures.naming import count_warnings, paragraph
from nearsight.structures.pieces import CONTACT_A
from nearsight.structures.point_group import find_point_group
from nearsight.vibrations.electronic_spin import possible_spin
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.wording import name_wavenumbers

if TYPE_CHECKING:
    from ase.thermochemistry import IdealGasThermo

FloatArray = NDArray[np.float64]
Geometry = Literal["monatomic", "linear", "nonlinear"]

STANDARD_PRESSURE_PA: Final = 1e5
"""IUPAC's standard pressure, 1 bar."""

_GEOMETRIES: Final[dict[int, Geometry]] = {3: "monatomic", 5: "linear", 6: "nonlinear"}
_LINEAR_GROUPS = ("C∞v", "D∞h")


@dataclass(frozen=True)
class MolecularThermochemistry(ShownInNotebooks):
    """Thermodynamic functions of a molecule in an ideal gas; arrays are ``(n_temperatures,)``."""

    temperatures_K: FloatArray
    """Temperatures in K."""
    pressure_Pa: float
    """Pressure in Pa."""
    point_group: str | None
    """Schoenflies symbol of the molecule, such as C2v or D∞h; None if it is not definite."""
    symmetry_number: int
    """Number of rotations that turn the molecule into itself."""
    symmetry_number_given: bool
    """Whether that number was given, in place of that of the point group."""
    spin: float
    """Total electronic spin S; the ground state is 2 S + 1 times degenerate."""
    potential_energy_eV: float | None
    """Potential energy of the structure in eV, the zero of which decides that of all energies.

    None if it is not known: energies are relative to it then."""
    geometry: Geometry
    """``monatomic``, ``linear`` or ``nonlinear``."""
    zero_point_energy_eV: float
    """Zero-point energy in eV."""
    internal_energy_eV: FloatArray
    """Internal energy in eV, potential and zero-point energy included."""
    enthalpy_eV: FloatArray
    """Enthalpy in eV, potential and zero-point energy included."""
    entropy_eV_per_K: FloatArray
    """Entropy in eV/K."""
    gibbs_energy_eV: FloatArray
    """Gibbs energy H - TS in eV."""
    warnings: tuple[Remark, ...]
    """What was left out or is doubtful, in plain words; empty if nothing is."""
    provenance: Provenance
    """Where the Hessian comes from."""

    def __repr__(self) -> str:
        of = f"an ideal gas at {self.pressure_bar:g} bar by {self.provenance.model.name}"
        group = (
            f"point group {self.point_group or 'unknown'}, symmetry number {self.symmetry_number}"
        )
        entropy = self.entropy_J_per_mol_K[0]
        first = f"S {entropy:.2f} J/(mol K) at {self.temperatures_K[0]:g} K"
        zero_point = f"zero-point energy {self.zero_point_energy_eV:.4f} eV"
        return paragraph(self, of, group, first, zero_point, count_warnings(self.warnings))

    @property
    def pressure_bar(self) -> float:
        """Pressure in bar."""
        return self.pressure_Pa / units.BAR_IN_PA

    @property
    def enthalpy_kJ_per_mol(self) -> FloatArray:
        """Enthalpy above the potential energy of the structure, in kJ/mol."""
        return self._above_in_kJ_per_mol(self.enthalpy_eV)

    @property
    def gibbs_energy_kJ_per_mol(self) -> FloatArray:
        """Gibbs energy above the potential energy of the structure, in kJ/mol."""
        return self._above_in_kJ_per_mol(self.gibbs_energy_eV)

    @property
    def entropy_J_per_mol_K(self) -> FloatArray:
        """Entropy in J/(mol K)."""
        return self.entropy_eV_per_K * units.EV_PER_CELL_IN_J_PER_MOL

    @property
    def zero_point_energy_kJ_per_mol(self) -> float:
        """Zero-point energy in kJ/mol."""
        return self.zero_point_energy_eV * units.EV_PER_CELL_IN_J_PER_MOL * 1e-3

    def _above_in_kJ_per_mol(self, energies_eV: FloatArray) -> FloatArray:
        above = energies_eV - (self.potential_energy_eV or 0.0)
        return above * units.EV_PER_CELL_IN_J_PER_MOL * 1e-3

    def functions_summary(self) -> list[dict[str, float]]:
        """Return the functions as JSON values, one object per temperature."""
        columns = {
            "temperature_K": self.temperatures_K,
            "enthalpy_kJ_per_mol": self.enthalpy_kJ_per_mol,
            "entropy_J_per_mol_K": self.entropy_J_per_mol_K,
            "gibbs_energy_kJ_per_mol": self.gibbs_energy_kJ_per_mol,
            "internal_energy_eV": self.internal_energy_eV,
            "enthalpy_eV": self.enthalpy_eV,
            "entropy_eV_per_K": self.entropy_eV_per_K,
            "gibbs_energy_eV": self.gibbs_energy_eV,
        }
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def summary(self) -> dict[str, Any]:
        """Return the ``ideal_gas`` object of the JSON output."""
        return {
            "pressure_bar": self.pressure_bar,
            "geometry": self.geometry,
            "point_group": self.point_group,
            "symmetry_number": self.symmetry_number,
            "symmetry_number_given": self.symmetry_number_given,
            "spin": self.spin,
            "potential_energy_eV": self.potential_energy_eV,
            "zero_point_energy_eV": self.zero_point_energy_eV,
            "zero_point_energy_kJ_per_mol": self.zero_point_energy_kJ_per_mol,
            "functions": self.functions_summary(),
        }


@announces
def molecular_thermochemistry(
    vibrations: Vibrations,
    temperatures_K: ArrayLike,
    pressure_Pa: float = STANDARD_PRESSURE_PA,
    *,
    symmetry_number: int | None = None,
    spin: float | None = None,
    charge: int | None = None,
    potential_energy_eV: float | None = None,
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
    temperatures_K
        One or more temperatures > 0 in K, shape ``(n_temperatures,)`` or a number.
    pressure_Pa
        Pressure > 0 in Pa.
    symmetry_number
        Number of rotations that turn the molecule into itself: 2 for water, 12 for methane; by
        default that of its point group (`nearsight.structures.point_group.find_point_group`).
    spin
        Total electronic spin S: 0, 0.5, 1, ...; by default that of the model, where its name has
        one (as a multiplicity 2 S + 1), else 0.
    charge
        With which the electrons are counted that have this spin, in elementary charges; by default
        that of the model, where its name has one, else 0.
    potential_energy_eV
        Potential energy of the structure in eV, added to every energy; None if it is not known.
    ignore_imaginary
        Leave imaginary modes out, as transition-state theory does with the reaction coordinate.

    Raises
    ------
    MethodError
        The structure is periodic or more than one molecule, a mode is imaginary and
        `ignore_imaginary` is False, its electrons cannot have this spin, its symmetry is not
        definite, or a number is out of its range.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.hessian import hessian
    >>> from nearsight.models import load_model
    >>> from nearsight.relaxation import relax
    >>> from nearsight.vibrations import molecular_thermochemistry, vibrations
    >>> model = load_model("ase:emt")
    >>> modes = vibrations(hessian(relax(molecule("N2"), model).atoms, model))
    >>> gas = molecular_thermochemistry(modes, 298.15)
    >>> print(f"{gas.point_group}, S {gas.entropy_J_per_mol_K[0]:.1f} J/(mol K)")
    D∞h, S 190.1 J/(mol K)
    """
    from ase.thermochemistry import IdealGasThermo

    _require_free_molecule(vibrations)
    temperatures = np.atleast_1d(np.asarray(temperatures_K, dtype=np.float64))
    _require_conditions(temperatures, pressure_Pa, symmetry_number)
    spin = possible_spin(vibrations.atoms, vibrations.provenance.model, spin, charge)
    of_modes = _settle_imaginary(vibrations, ignore_imaginary)
    geometry = _GEOMETRIES[vibrations.n_rigid_body]
    point_group, number, of_symmetry = _symmetry(vibrations, geometry, symmetry_number)
    quanta = units.mode_energies(vibrations.eigenvalues_eV_per_A2_amu)
    gas = IdealGasThermo(
        vib_energies=quanta[quanta > 0].tolist(),
        geometry=geometry,
        potentialenergy=potential_energy_eV or 0.0,
        atoms=vibrations.atoms,
        symmetrynumber=number,
        spin=spin,
        # The rigid-body modes are gone already; a choice by energy could only lose a vibration.
        vib_selection="all",
    )
    energy, enthalpy, entropy = _functions(gas, temperatures, pressure_Pa)
    return MolecularThermochemistry(
        temperatures_K=temperatures,
        pressure_Pa=pressure_Pa,
        point_group=point_group,
        symmetry_number=number,
        symmetry_number_given=symmetry_number is not None,
        spin=spin,
        potential_energy_eV=potential_energy_eV,
        geometry=geometry,
        zero_point_energy_eV=float(gas.get_ZPE_correction()),
        internal_energy_eV=energy,
        enthalpy_eV=enthalpy,
        entropy_eV_per_K=entropy,
        gibbs_energy_eV=enthalpy - temperatures * entropy,
        warnings=(*of_modes, *of_symmetry),
        provenance=vibrations.provenance,
    )


def _functions(
    gas: "IdealGasThermo", temperatures_K: FloatArray, pressure_Pa: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return internal energy and enthalpy in eV, and entropy in eV/K, at each temperature."""
    # Below 10 K the exponential of a C-H stretch overflows to infinity, which is the right limit;
    # what is not a number in the end is found below.
    with np.errstate(all="ignore"):
        rows = [
            (
                gas.get_internal_energy(temperature, verbose=False),
                gas.get_enthalpy(temperature, verbose=False),
                gas.get_entropy(temperature, pressure_Pa, verbose=False),
            )
            for temperature in temperatures_K.tolist()
        ]
    functions = np.array(rows, dtype=np.float64).reshape(-1, 3)
    lost = ~np.isfinite(functions).all(axis=1)
    if lost.any():
        raise MethodError(
            f"at {temperatures_K[lost][0]:g} K and {pressure_Pa:g} Pa the functions of an ideal "
            f"gas are no numbers; give `temperatures_K` and `pressure_bar` of this world."
        )
    energy, enthalpy, entropy = functions.T
    return energy, enthalpy, entropy


def _symmetry(
    vibrations: Vibrations, geometry: Geometry, given: int | None
) -> tuple[str | None, int, tuple[Remark, ...]]:
    """Return point group, symmetry number, and what is doubtful about them."""
    atoms = vibrations.atoms
    try:
        group = find_point_group(atoms)
    except MethodError:
        if given is None:
            raise
        return None, given, ()
    if (group.symbol in _LINEAR_GROUPS) != (geometry == "linear"):
        raise MethodError(
            f"{atoms.get_chemical_formula()} is nearly linear: within {group.tolerance_A:g} Å it "
            f"is ({group.symbol}), but its moments of inertia are those of a bent molecule, so "
            f"that its rotation would be counted for a vibration or the other way round; relax it "
            f"further."
        )
    if given is None:
        return group.symbol, group.symmetry_number, group.remarks
    if given == group.symmetry_number:
        return group.symbol, given, ()
    change = units.GAS_CONSTANT_J_PER_MOL_K * math.log(given / group.symmetry_number)
    remark = (
        f"the symmetry number is {given}, as was asked for; that of the molecule's point group "
        f"{group.symbol} is {group.symmetry_number}, which would change the entropy by "
        f"{change:+.2f} J/(mol K)."
    )
    return group.symbol, given, (Remark("symmetry-number-given", remark),)


def _require_free_molecule(vibrations: Vibrations) -> None:
    from scipy.sparse.csgraph import connected_components

    if vibrations.atoms.pbc.any():
        raise MethodError(
            f"the structure is periodic (pbc={vibrations.atoms.pbc.tolist()}), not a gas molecule; "
            f"use thermodynamics for a solid, or set atoms.pbc = False before the Hessian."
        )
    apart = connected_components(vibrations.atoms.get_all_distances() <= CONTACT_A)[0]
    if apart > 1:
        raise MethodError(
            f"{vibrations.atoms.get_chemical_formula()} is {apart} molecules more than "
            f"{CONTACT_A:g} Å apart, not one molecule of a gas; give them one by one."
        )


def _require_conditions(
    temperatures_K: FloatArray, pressure_Pa: float, symmetry_number: int | None
) -> None:
    if temperatures_K.ndim != 1:
        raise MethodError(
            f"temperatures_K has the shape {temperatures_K.shape}; give a number or a list."
        )
    wrong = temperatures_K[~(np.isfinite(temperatures_K) & (temperatures_K > 0))]
    if len(wrong):
        raise MethodError(
            f"temperatures_K holds {wrong[0]:g} K; give positive ones: the entropy of an ideal gas "
            f"has no limit at 0 K."
        )
    if not (math.isfinite(pressure_Pa) and pressure_Pa > 0):
        raise MethodError(f"pressure_Pa={pressure_Pa}; give a positive number in Pa.")
    if symmetry_number is not None and (
        symmetry_number != int(symmetry_number) or symmetry_number < 1
    ):
        raise MethodError(f"symmetry_number={symmetry_number}; give a whole number of at least 1.")


def _settle_imaginary(vibrations: Vibrations, ignore_imaginary: bool) -> tuple[Remark, ...]:
    if vibrations.n_imaginary == 0:
        return ()
    imaginary: NDArray[np.float64] = vibrations.wavenumbers_per_cm[: vibrations.n_imaginary]
    found = f"{vibrations.n_imaginary} imaginary ({name_wavenumbers(imaginary)})"
    if not ignore_imaginary:
        remedy = "" if vibrations.provenance.only_read else "relax it further, or "
        raise MethodError(
            f"modes are imaginary: {found}, so the molecule is not at a minimum; {remedy}"
            f"set `ignore_imaginary` for a transition state."
        )
    return (Remark("imaginary-modes", f"modes left out: {found}.", Severity.CAUTION),)
