"""What records say of elasticity."""

from dataclasses import dataclass
from typing import Annotated, Literal

from nearsight.records.described import Matrix, Says, Vector, Voigt, VoigtMatrix

_AS_NAMED = "that of the field which holds it"


@dataclass(frozen=True, kw_only=True)
class ModulusPart:
    """One quantity in three averages over the orientations of crystals."""

    voigt: Annotated[float, Says("All under the same strain: the upper bound.", _AS_NAMED)]
    reuss: Annotated[float, Says("All under the same stress: the lower bound.", _AS_NAMED)]
    hill: Annotated[float, Says("From the means of both bounds.", _AS_NAMED)]


@dataclass(frozen=True, kw_only=True)
class ModuliPart:
    """Moduli of an isotropic polycrystal."""

    bulk_GPa: Annotated[ModulusPart, Says("Bulk modulus.", "GPa")]
    shear_GPa: Annotated[ModulusPart, Says("Shear modulus.", "GPa")]
    youngs_GPa: Annotated[ModulusPart, Says("Young's modulus.", "GPa")]
    poisson_ratio: Annotated[ModulusPart, Says("Poisson's ratio.", "1")]
    universal_anisotropy: Annotated[float, Says("Zero for an isotropic crystal.", "1")]


@dataclass(frozen=True, kw_only=True)
class YoungsModulusPart:
    """Extremes of Young's modulus over the directions."""

    smallest_GPa: Annotated[float, Says("The smallest.", "GPa")]
    smallest_direction: Annotated[Vector, Says("Where it is.", "1")]
    largest_GPa: Annotated[float, Says("The largest.", "GPa")]
    largest_direction: Annotated[Vector, Says("Where it is.", "1")]


@dataclass(frozen=True, kw_only=True)
class ElasticityPart:
    """Stress over strain in Voigt order xx, yy, zz, yz, xz, xy, shears doubled."""

    name: Annotated[str, Says("What the numbers are: under stress no elastic constants.")]
    cell_A: Annotated[Matrix, Says("Vectors of the cell in the axes of the tensor.", "Å")]
    relaxed_ion_GPa: Annotated[VoigtMatrix, Says("With atoms at rest in the strained cell.", "GPa")]
    clamped_ion_GPa: Annotated[VoigtMatrix, Says("With the atoms moving as the cell does.", "GPa")]
    stress_GPa: Annotated[Voigt, Says("Stress that is left, positive where stretched.", "GPa")]
    fmax_eV_per_A: Annotated[float, Says("Largest force that is left on an atom.", "eV/Å")]
    lowest_mode_per_cm: Annotated[
        float | None, Says("Softest mode in the fixed cell; null for one atom.", "1/cm")
    ]
    eigenvalues_GPa: Annotated[Voigt, Says("Eigenvalues of the relaxed-ion tensor.", "GPa")]
    stability: Annotated[
        Literal["stable", "unstable", "no stiffness"], Says("Born's criterion of stability.")
    ]
    stable: Annotated[bool | None, Says("Whether it is stable; null without stiffness.")]
    moduli: Annotated[ModuliPart | None, Says("Averages; null unless stable.")]
    youngs_modulus: Annotated[YoungsModulusPart | None, Says("Extremes; null unless stable.")]
    conventional_axes: Annotated[
        bool, Says("Whether the axes are those of the crystal system, not of the file.")
    ]
