"""The verb `elastic_tensor`: from second derivatives by positions and strain to stiffness."""

import numpy as np
from ase.stress import voigt_6_to_full_3x3_stress

from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.elasticity.ions import IonicRelaxation, relax_ions
from nearsight.elasticity.result import ELASTIC_CONSTANTS, STRESS_CORRECTED, ElasticTensor
from nearsight.elasticity.stability import (
    ERROR_OF_DIFFERENCES,
    NEGLIGIBLE_STRESS_GPA,
    WITHOUT_STIFFNESS,
    Stability,
    stability_of,
    symmetric,
)
from nearsight.hessian.strain import GeneralisedHessian
from nearsight.remarks import Remark
from nearsight.structures.strain import VOIGT
from nearsight.units import EV_PER_A3_IN_GPA

SMALL_FORCE_eV_PER_A = 1e-3
"""Above it soft modes are not at rest: 4·10⁻³ eV/Å make the bulk modulus of MOF-5 5 % larger."""
_AXES = ("xx", "yy", "zz", "yz", "xz", "xy")


@announces
def elastic_tensor(generalised: GeneralisedHessian) -> ElasticTensor:
    """Return the elastic tensor of a crystal, for clamped and for relaxed ions.

    With relaxed ions C = (1/V)(H_εε - H_εu H_uu⁺ H_uε), where the pseudo-inverse is that on the
    complement of the translations (X. Wu, D. Vanderbilt, D. R. Hamann, Phys. Rev. B 2005, 72,
    035105, DOI 10.1103/PhysRevB.72.035105).

    If a component of the stress is 0.01 GPa or more, second derivatives of the energy are no
    elastic constants. Then both tensors are the coefficients that take a strain to the change of
    the Cauchy stress (F. Birch, Phys. Rev. 1947, 71, 809, DOI 10.1103/PhysRev.71.809; T. H. K.
    Barron, M. L. Klein, Proc. Phys. Soc. 1965, 85, 523, DOI 10.1088/0370-1328/85/3/313), and
    `ElasticTensor.name` says so.

    Parameters
    ----------
    generalised
        Second derivatives of the energy, usually of a relaxed crystal.

    Raises
    ------
    StructureError
        A mode is imaginary: the atoms are not at a minimum.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.elasticity import elastic_tensor
    >>> from nearsight.hessian import generalised_hessian
    >>> from nearsight.models import load_model
    >>> from nearsight.relaxation import RelaxationSettings, relax
    >>> model = load_model("ase:emt")
    >>> copper = relax(bulk("Cu"), model, RelaxationSettings(fmax_eV_per_A=1e-4)).atoms
    >>> tensor = elastic_tensor(generalised_hessian(copper, model))
    >>> print(f"bulk modulus {tensor.moduli.bulk_GPa.hill:.0f} GPa")
    bulk modulus 134 GPa
    """
    ions = relax_ions(generalised)
    volume = float(generalised.atoms.cell.volume)
    stress = generalised.stress_eV_per_A3
    clamped = symmetric(generalised.strain_eV) / volume
    relaxed = clamped - ions.term_eV / volume
    name = ELASTIC_CONSTANTS
    stability = _before_stress(generalised, EV_PER_A3_IN_GPA * clamped, EV_PER_A3_IN_GPA * relaxed)
    if EV_PER_A3_IN_GPA * np.abs(stress).max() >= NEGLIGIBLE_STRESS_GPA:
        name = STRESS_CORRECTED
        clamped, relaxed = (tensor + _correction(stress) for tensor in (clamped, relaxed))
    relaxed_GPa = EV_PER_A3_IN_GPA * relaxed
    if stability != "no stiffness":
        stability = stability_of(relaxed_GPa)
    fmax = float(np.linalg.norm(generalised.forces_eV_per_A, axis=1).max())
    wavenumbers = ions.wavenumbers_per_cm
    return ElasticTensor(
        atoms=generalised.atoms,
        name=name,
        clamped_ion_GPa=EV_PER_A3_IN_GPA * clamped,
        relaxed_ion_GPa=relaxed_GPa,
        stability=stability,
        stress_GPa=EV_PER_A3_IN_GPA * stress,
        fmax_eV_per_A=fmax,
        lowest_mode_per_cm=float(wavenumbers[0]) if len(wavenumbers) else None,
        warnings=(
            *_stress_warnings(EV_PER_A3_IN_GPA * stress),
            *_force_warnings(fmax),
            *_mode_warnings(ions),
            *_stability_warnings(relaxed_GPa, stability),
        ),
        provenance=generalised.provenance,
    )


def _before_stress(
    generalised: GeneralisedHessian, clamped_GPa: FloatArray, relaxed_GPa: FloatArray
) -> Stability:
    """Judge without the terms of the stress, which give a stretched vacuum a stiffness."""
    resolution = NEGLIGIBLE_STRESS_GPA
    if generalised.strain_step is not None:
        # Clamped and ionic parts cancel in a layer, but not their errors.
        resolution = max(resolution, ERROR_OF_DIFFERENCES * float(np.abs(clamped_GPa).max()))
    return stability_of(relaxed_GPa, resolution)


def _correction(stress: FloatArray) -> FloatArray:
    """Return what makes stress-strain coefficients of second derivatives by ε, shape ``(6, 6)``.

    From σ = (1/V) sym[(1 + ε) ∂E/∂ε]: sym(ε σ) - tr(ε) σ, not symmetric for a stress that is not
    hydrostatic. Second derivatives by ε differ from those by the Lagrangian strain ε + ε²/2.
    """
    tensor, unit = voigt_6_to_full_3x3_stress(stress), np.eye(3)
    turned = np.einsum("ik,jl->ijkl", tensor, unit)
    turned = turned + turned.transpose(0, 1, 3, 2)
    turned = (turned + turned.transpose(1, 0, 2, 3)) / 4
    full = turned - np.einsum("ij,kl->ijkl", tensor, unit)
    return np.array([[full[a, b, c, d] for c, d in VOIGT] for a, b in VOIGT])


def _stress_warnings(stress_GPa: FloatArray) -> list[Remark]:
    worst = int(np.argmax(np.abs(stress_GPa)))
    if abs(stress_GPa[worst]) < NEGLIGIBLE_STRESS_GPA:
        return []
    said = (
        f"These are {STRESS_CORRECTED}, not elastic constants: the crystal is under a stress of "
        f"{stress_GPa[worst]:.3g} GPa ({_AXES[worst]}), {NEGLIGIBLE_STRESS_GPA:g} GPa or more. "
        f"Relax the cell, with a smaller `fmax_eV_per_A`, for elastic constants."
    )
    return [Remark("under-stress", said)]


def _force_warnings(fmax_eV_per_A: float) -> list[Remark]:
    if fmax_eV_per_A < SMALL_FORCE_eV_PER_A:
        return []
    said = (
        f"The atoms are not at rest: the largest force is {fmax_eV_per_A:.3g} eV/Å, so that the "
        f"relaxation of the ions begins elsewhere than at the minimum. Relax with a "
        f"smaller `fmax_eV_per_A`."
    )
    return [Remark("forces-left", said)]


def _mode_warnings(ions: IonicRelaxation) -> list[Remark]:
    n_zero = int(ions.is_zero.sum())
    if not n_zero:
        return []
    modes = "One mode" if n_zero == 1 else f"{n_zero} modes"
    forces = np.abs(ions.mode_forces_eV_per_A_rootamu)
    share = forces[ions.is_zero].max() / forces.max() if forces.max() > 0 else 0.0
    said = (
        f"{modes} beside the translations have no restoring force (below 1 cm⁻¹) and are left "
        f"out; a strain pulls at them with {share:.1e} of the largest force on any mode. If that "
        f"is more than rounding, relaxed-ion constants are not defined here: look for molecules "
        f"that touch nothing, and relax with a smaller `fmax_eV_per_A`."
    )
    return [Remark("free-modes", said)]


def _stability_warnings(stiffness_GPa: FloatArray, stability: Stability) -> list[Remark]:
    if stability == "stable":
        return []
    if stability == "no stiffness":
        return [Remark("no-stiffness", f"There are no moduli: {WITHOUT_STIFFNESS}")]
    eigenvalues, strains = np.linalg.eigh(symmetric(stiffness_GPa))
    shown = ", ".join(f"{_AXES[i]} {strains[i, 0]:+.2f}" for i in range(6))
    said = (
        f"The crystal is mechanically unstable: its elastic tensor has the eigenvalue "
        f"{eigenvalues[0]:.3g} GPa for the strain ({shown}), so that there are no moduli. Strain "
        f"the cell a little along it and relax again, without an imposed space group."
    )
    return [Remark("unstable", said)]
