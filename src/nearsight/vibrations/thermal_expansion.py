"""The quasi-harmonic approximation: heat and expansion at constant pressure, fitted by phonopy.

A. Togo, L. Chaput, I. Tanaka, G. Hug, Phys. Rev. B 2010, 81, 174301
(DOI 10.1103/PhysRevB.81.174301).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import ArrayLike

from nearsight import units
from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.structures.formula_unit import formula_unit
from nearsight.vibrations.settings import EQUATIONS_OF_STATE, FEWEST_VOLUMES, LEAST_SPAN, Acoustic
from nearsight.vibrations.thermal_expansion_functions import CrystalAtVolume, ThermalExpansion
from nearsight.vibrations.thermodynamics import require_thermodynamic_settings, thermodynamics

_STEP_K = 5.0
"""Half of what central differences over temperature span. Fits for soft crystals end where volumes
are uncertain by 1e-5, which shorter differences would show in the expansion."""
_STEP_SHARE = 0.05
"""Of the temperature that it is at most: where volumes go with the fourth power of the temperature,
the expansion is wrong by the square of it."""
_DEGREE = 4
"""That of phonopy's polynomials of entropies and heat capacities over the volume."""
_LEAST_HEAT = 0.01
_APART = 1e-6
"""Of the volume: less is the same one."""
"""Share of 3 k_B below which a heat capacity is that of few q-points, and a quotient by it none."""


@announces
def thermal_expansion(
    crystals: Sequence[CrystalAtVolume],
    temperatures_K: ArrayLike,
    *,
    pressure_GPa: float = 0.0,
    equation_of_state: str = "vinet",
    acoustic: Acoustic | None = None,
    scale_factor: float = 1.0,
) -> ThermalExpansion:
    """Return volume, heat capacity and expansion of a crystal at constant pressure.

    At each temperature phonopy fits E + F + pV over the volumes by an equation of state, whose
    minimum is the Gibbs energy; heat capacities and entropies there are polynomials of fourth
    degree. Derivatives by temperature are central differences over ±1 K. What cells and positions
    are at each volume is that of lowest potential energy: only the volume follows the temperature.

    Parameters
    ----------
    crystals
        One crystal at five volumes or more, in any order. Those with imaginary modes have no free
        energy and are left out, if five others remain; a few imaginary modes that come from the
        interpolation next to Γ (`PhononMesh.few_imaginary`) do not count.
    temperatures_K
        One or more temperatures ≥ 0 in K. Those at which the Gibbs energy has no minimum
        between the volumes are left out of the result, which says so.
    pressure_GPa
        The pressure p.
    equation_of_state
        ``vinet``, ``birch_murnaghan`` or ``murnaghan``.
    acoustic, scale_factor
        As for `nearsight.vibrations.thermodynamics`.

    Raises
    ------
    MethodError
        There are too few volumes, too few without imaginary modes, no temperature at which the
        Gibbs energy is lowest between the volumes, or a setting is not possible.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import force_constants
    >>> from nearsight.models import load_model
    >>> from nearsight.vibrations import CrystalAtVolume, phonon_mesh, thermal_expansion
    >>> model, crystals = load_model("ase:emt"), []
    >>> for a in (3.54, 3.57, 3.60, 3.63, 3.66):
    ...     atoms = bulk("Cu", a=a)
    ...     phonons = phonon_mesh(force_constants(atoms, model, (2, 2, 2)), (4, 4, 4))
    ...     crystals.append(CrystalAtVolume(model.evaluate([atoms])[0].energy_eV, phonons))
    ...
    >>> expansion = thermal_expansion(crystals, 300.0)
    >>> print(f"{1e6 * expansion.linear_expansion_per_K[0]:.0f} · 10⁻⁶ 1/K")
    21 · 10⁻⁶ 1/K
    """
    require_thermodynamic_settings(temperatures_K, acoustic, scale_factor)
    if equation_of_state not in EQUATIONS_OF_STATE:
        known = ", ".join(EQUATIONS_OF_STATE)
        raise MethodError(f"`equation_of_state` {equation_of_state!r} is none of {known}.")
    ordered = sorted(crystals, key=lambda each: each.volume_A3)
    used = tuple(each for each in ordered if each.is_usable)
    left_out = tuple(each for each in ordered if not each.is_usable)
    _require_volumes(used, left_out)
    _require_one_crystal(used, pressure_GPa)
    asked_K = np.atleast_1d(np.asarray(temperatures_K, dtype=np.float64))
    functions = _functions(used, asked_K, pressure_GPa, acoustic, scale_factor)
    states = [_state(functions, number, equation_of_state) for number in range(len(asked_K))]
    between = np.array([functions.holds(state) for state in states])
    if not between.any():
        raise _nothing_between(used, asked_K, states)
    columns = {
        each.name: np.array(
            [getattr(state, each.name) for state in states if functions.holds(state)]
        )
        for each in fields(_State)
    }
    static = _static(functions, equation_of_state)
    n_atoms = len(used[0].atoms)
    formula, n_formulas = formula_unit(used[0].atoms, used[0].phonons.gamma.pieces)
    return ThermalExpansion(
        temperatures_K=asked_K[between],
        volume_A3=n_atoms * columns["volume_A3"],
        volumetric_expansion_per_K=columns["expansion_per_K"],
        expansion_difference_per_K=columns["expansion_difference_per_K"],
        bulk_modulus_GPa=columns["bulk_modulus_eV_per_A3"] * units.EV_PER_A3_IN_GPA,
        heat_capacity_p_eV_per_K=n_atoms * columns["heat_capacity_p_eV_per_K"],
        heat_capacity_v_eV_per_K=n_atoms * columns["heat_capacity_v_eV_per_K"],
        entropy_eV_per_K=n_atoms * columns["entropy_eV_per_K"],
        gibbs_energy_eV=n_atoms * (columns["gibbs_energy_eV"] + functions.reference_eV),
        gruneisen_parameter=columns["gruneisen_parameter"],
        pressure_GPa=float(pressure_GPa),
        equation_of_state=equation_of_state,
        fit_error_eV_per_atom=float(columns["fit_error_eV"].max()),
        static_volume_A3=n_atoms * static.volume_A3,
        static_bulk_modulus_GPa=static.bulk_modulus_eV_per_A3 * units.EV_PER_A3_IN_GPA,
        used=used,
        left_out=left_out,
        temperatures_left_out_K=asked_K[~between],
        formula_unit=formula,
        formula_units_per_cell=n_formulas,
        acoustic=functions.acoustic,
        provenance=used[len(used) // 2].phonons.provenance,
    )


@dataclass(frozen=True)
class _Functions:
    """Functions over volumes, of one atom on average, at three temperatures about each."""

    volumes_A3: FloatArray
    """Shape ``(n_volumes,)``."""
    energies_eV: FloatArray
    """E + pV above `reference_eV`, of the same shape."""
    reference_eV: float
    asked_K: FloatArray
    """Shape ``(n_temperatures,)``."""
    windows_K: FloatArray
    """Shape ``(n_temperatures, 3)``: that asked for in the middle, or 0 K and two above it."""
    free_energies_eV: FloatArray
    """F, shape ``(n_temperatures, 3, n_volumes)``, as those below."""
    entropies_eV_per_K: FloatArray
    heat_capacities_eV_per_K: FloatArray
    acoustic: str
    classical_share: float
    """Heat capacity of the acoustic modes at Γ where they are classical at all temperatures."""

    def holds(self, state: "_State | None") -> bool:
        """Tell whether a state is a minimum at a volume between those that were computed."""
        low, high = self.volumes_A3[0], self.volumes_A3[-1]
        if state is None or state.bulk_modulus_eV_per_A3 <= 0:
            return False
        return bool(low <= state.volume_A3 <= high)


@dataclass(frozen=True)
class _State:
    """What holds at the volume of lowest Gibbs energy at one temperature, for one atom."""

    volume_A3: float
    expansion_per_K: float
    expansion_difference_per_K: float
    bulk_modulus_eV_per_A3: float
    heat_capacity_p_eV_per_K: float
    heat_capacity_v_eV_per_K: float
    entropy_eV_per_K: float
    gibbs_energy_eV: float
    gruneisen_parameter: float
    fit_error_eV: float


def _functions(
    used: Sequence[CrystalAtVolume],
    asked_K: FloatArray,
    pressure_GPa: float,
    acoustic: Acoustic | None,
    scale_factor: float,
) -> _Functions:
    """Compute thermodynamic functions at all volumes."""
    n_atoms = len(used[0].atoms)
    steps_K = np.where(asked_K > 0, np.minimum(_STEP_K, _STEP_SHARE * asked_K), _STEP_K)
    middles_K = np.where(asked_K > 0, asked_K, steps_K)
    windows_K = middles_K[:, np.newaxis] + steps_K[:, np.newaxis] * [-1.0, 0.0, 1.0]
    thermal = [
        thermodynamics(each.phonons, windows_K.ravel(), acoustic, scale_factor) for each in used
    ]

    def over_volumes(name: str) -> FloatArray:
        values = np.array([getattr(each, name) for each in thermal]) / n_atoms
        return np.moveaxis(values.reshape(len(used), *windows_K.shape), 0, -1)

    volumes_A3 = np.array([each.volume_A3 for each in used]) / n_atoms
    work_eV = pressure_GPa / units.EV_PER_A3_IN_GPA * volumes_A3
    energies_eV = np.array([each.energy_eV for each in used]) / n_atoms + work_eV
    reference_eV = float(energies_eV.min())
    return _Functions(
        volumes_A3,
        energies_eV - reference_eV,
        reference_eV,
        asked_K,
        windows_K,
        over_volumes("free_energy_eV"),
        over_volumes("entropy_eV_per_K"),
        over_volumes("heat_capacity_eV_per_K"),
        thermal[0].acoustic,
        3 * units.BOLTZMANN_EV_PER_K / (n_atoms * math.prod(used[0].phonons.mesh))
        if thermal[0].acoustic == "classical"
        else 0.0,
    )


def _state(functions: _Functions, number: int, equation_of_state: str) -> _State | None:
    """Return the state at one temperature; None where no equation of state can be fitted."""
    from phonopy.physical_units import get_physical_units
    from phonopy.qha.core import QHA

    unit = get_physical_units()  # phonopy's own constants, so that nothing is lost on the way
    window_K = functions.windows_K[number]
    place = int(functions.asked_K[number] > 0)
    free_eV = functions.free_energies_eV[number]
    heat = functions.heat_capacities_eV_per_K[number]
    qha = QHA(
        functions.volumes_A3,
        functions.energies_eV,
        window_K,
        heat * unit.EvTokJmol * 1e3,
        functions.entropies_eV_per_K[number] * unit.EvTokJmol * 1e3,
        free_eV * unit.EvTokJmol,
        eos=equation_of_state,
    )
    try:
        qha.run()
        fitted = _fitted(
            functions.volumes_A3, functions.energies_eV + free_eV[place], equation_of_state
        )
    except RuntimeError:
        return None
    at = {
        name: float(getattr(qha, name)[place])
        for name in (
            "volume_temperature",
            "thermal_expansion",
            "bulk_modulus_temperature",
            "heat_capacity_P_polyfit",
            "entropy_temperature",
            "gibbs_temperature",
        )
    }
    volume_A3, expansion_per_K = at["volume_temperature"], at["thermal_expansion"]
    bulk = at["bulk_modulus_temperature"] / unit.EVAngstromToGPa
    entropy = _over(functions.volumes_A3, functions.entropies_eV_per_K[number, place])
    heat_v = float(_over(functions.volumes_A3, heat[place])(volume_A3))
    warm = heat_v - functions.classical_share > _LEAST_HEAT * 3 * units.BOLTZMANN_EV_PER_K
    misfit_eV = fitted.curve(functions.volumes_A3) - functions.energies_eV - free_eV[place]
    return _State(
        volume_A3=volume_A3,
        expansion_per_K=expansion_per_K,
        expansion_difference_per_K=(
            float(entropy.deriv()(volume_A3)) / bulk - expansion_per_K if place else math.nan
        ),
        bulk_modulus_eV_per_A3=bulk,
        heat_capacity_p_eV_per_K=at["heat_capacity_P_polyfit"] / (unit.EvTokJmol * 1e3),
        heat_capacity_v_eV_per_K=heat_v,
        entropy_eV_per_K=at["entropy_temperature"] / (unit.EvTokJmol * 1e3),
        gibbs_energy_eV=at["gibbs_temperature"],
        gruneisen_parameter=volume_A3 * expansion_per_K * bulk / heat_v if warm else math.nan,
        fit_error_eV=float(np.abs(misfit_eV).max()),
    )


def _over(volumes_A3: FloatArray, values: FloatArray) -> Polynomial:
    """Return what phonopy fits, with the volumes scaled: the polynomial is the same one."""
    return Polynomial.fit(volumes_A3, values, _DEGREE)


@dataclass(frozen=True)
class _Fitted:
    """An equation of state of one atom on average."""

    volume_A3: float
    bulk_modulus_eV_per_A3: float
    curve: Callable[[FloatArray], FloatArray]


def _fitted(volumes_A3: FloatArray, energies_eV: FloatArray, equation_of_state: str) -> _Fitted:
    """Fit energies over volumes as phonopy does.

    Raises
    ------
    RuntimeError
        They cannot be fitted.
    """
    from phonopy.qha.eos import fit_to_eos, get_eos

    curve = get_eos(equation_of_state)
    parameters = fit_to_eos(volumes_A3, energies_eV, curve)
    return _Fitted(
        float(parameters[3]), float(parameters[1]), lambda volumes: curve(volumes, parameters)
    )


def _static(functions: _Functions, equation_of_state: str) -> _Fitted:
    try:
        return _fitted(functions.volumes_A3, functions.energies_eV, equation_of_state)
    except RuntimeError:
        raise MethodError(
            f"potential energies over the volumes are not those of an equation of state "
            f"({equation_of_state}): look at them, or take another `equation_of_state`."
        ) from None


def _require_volumes(used: Sequence[CrystalAtVolume], left_out: Sequence[CrystalAtVolume]) -> None:
    """Check that there are enough volumes for all fits."""
    if len(used) >= FEWEST_VOLUMES:
        return
    if not left_out:
        raise MethodError(
            f"there are {len(used)} volumes, and fits over them need {FEWEST_VOLUMES}; give more."
        )
    named = ", ".join(each.imaginary_in_words() for each in left_out)
    raise MethodError(
        f"{len(left_out)} of {len(used) + len(left_out)} volumes have imaginary modes and no free "
        f"energy: {named}. {len(used)} others are too few, {FEWEST_VOLUMES} are needed: take "
        f"`volumes` from a range in which the crystal is stable (`volume_from`, `volume_to`), or "
        f"relax it with `follow_imaginary` first."
    )


def _require_one_crystal(used: Sequence[CrystalAtVolume], pressure_GPa: float) -> None:
    """Check that all is finite, and of one crystal at different volumes."""
    if not np.isfinite([pressure_GPa, *(each.energy_eV for each in used)]).all():
        raise MethodError("`pressure_GPa` or an energy is not finite; give numbers.")
    first = used[0]
    for each in used[1:]:
        what = {
            "atoms": np.array_equal(each.atoms.numbers, first.atoms.numbers),
            "a mesh": each.phonons.mesh == first.phonons.mesh,
            "a model": each.phonons.provenance.model == first.phonons.provenance.model,
        }
        if others := [name for name, same in what.items() if not same]:
            raise MethodError(
                f"the crystals at {first.volume_A3:.3f} and {each.volume_A3:.3f} Å³ do not have "
                f"{' and '.join(others)} in common; compute all in the same way."
            )
    volumes_A3 = np.array([each.volume_A3 for each in used])
    apart = np.diff(volumes_A3) / volumes_A3[0]
    if apart.min() < _APART or volumes_A3[-1] / volumes_A3[0] - 1 < LEAST_SPAN * (1 - _APART):
        raise MethodError(
            f"{len(used)} volumes from {volumes_A3[0]:.3f} to {volumes_A3[-1]:.3f} Å³ are too "
            f"close for derivatives by the volume; give different ones."
        )


def _nothing_between(
    used: Sequence[CrystalAtVolume], asked_K: FloatArray, states: Sequence[_State | None]
) -> MethodError:
    """Return the error of temperatures at none of which there is a minimum."""
    n_atoms = len(used[0].atoms)
    found = ", ".join(
        f"{temperature:g} K: "
        + (
            "nowhere"
            if state is None or state.bulk_modulus_eV_per_A3 <= 0
            else f"{n_atoms * state.volume_A3:.3f} Å³"
        )
        for temperature, state in zip(asked_K.tolist(), states, strict=True)
    )
    return MethodError(
        f"at no temperature the Gibbs energy has a minimum between the volumes from "
        f"{used[0].volume_A3:.3f} to {used[-1].volume_A3:.3f} Å³ (lowest at {found}): move "
        f"`volume_to`, or `volume_from` where the crystal shrinks, or ask for lower temperatures."
    )
