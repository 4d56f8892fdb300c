"""Moduli of a polycrystal from the elastic constants of its crystals: Voigt, Reuss and Hill."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nearsight.arrays import FloatArray
from nearsight.elasticity.stability import stability_of, symmetric, without_moduli
from nearsight.errors import StructureError


@dataclass(frozen=True)
class Modulus:
    """One quantity in three averages over the orientations of the crystals."""

    voigt: float
    """All crystals under the same strain: the upper bound."""
    reuss: float
    """All crystals under the same stress: the lower bound."""
    hill: float
    """From the means of both bounds of bulk and shear modulus."""


@dataclass(frozen=True)
class ElasticModuli:
    """Moduli of an isotropic polycrystal, and how anisotropic the crystal is."""

    bulk_GPa: Modulus
    shear_GPa: Modulus
    youngs_GPa: Modulus
    poisson_ratio: Modulus
    universal_anisotropy: float
    """5 G_V/G_R + K_V/K_R - 6: zero for an isotropic crystal."""

    def summary(self) -> dict[str, Any]:
        """Return the moduli as JSON values."""
        return asdict(self)


def elastic_moduli(stiffness_GPa: ArrayLike) -> ElasticModuli:
    """Return the averages of an elastic tensor.

    Bounds of W. Voigt (1928) and A. Reuss (Z. Angew. Math. Mech. 1929, 9, 49, DOI
    10.1002/zamm.19290090104), means of R. Hill (Proc. Phys. Soc. A 1952, 65, 349, DOI
    10.1088/0370-1298/65/5/307), anisotropy of S. I. Ranganathan and M. Ostoja-Starzewski (Phys.
    Rev. Lett. 2008, 101, 055504, DOI 10.1103/PhysRevLett.101.055504).

    Parameters
    ----------
    stiffness_GPa
        Voigt order xx, yy, zz, yz, xz, xy, shape ``(6, 6)``; its symmetric part is used.

    Raises
    ------
    StructureError
        The tensor is not positive definite, so that the crystal is unstable, or an eigenvalue is
        within 0.01 GPa of zero: there are no moduli.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.elasticity import elastic_moduli
    >>> copper = np.diag([168.0, 168.0, 168.0, 75.0, 75.0, 75.0])  # GPa
    >>> copper[:3, :3] += 121.0 * (1 - np.eye(3))
    >>> moduli = elastic_moduli(copper)
    >>> print(f"bulk {moduli.bulk_GPa.hill:.1f} GPa, shear {moduli.shear_GPa.hill:.1f} GPa")
    bulk 136.7 GPa, shear 47.2 GPa
    """
    c = symmetric(stiffness_GPa)
    s = compliance(c)
    bulk_voigt = float(c[:3, :3].sum()) / 9
    bulk_reuss = 1 / float(s[:3, :3].sum())
    shear_voigt = float(3 * c[:3, :3].trace() - c[:3, :3].sum() + 6 * c[3:, 3:].trace()) / 30
    shear_reuss = 15 / float(6 * s[:3, :3].trace() - 2 * s[:3, :3].sum() + 3 * s[3:, 3:].trace())
    bulk = Modulus(bulk_voigt, bulk_reuss, (bulk_voigt + bulk_reuss) / 2)
    shear = Modulus(shear_voigt, shear_reuss, (shear_voigt + shear_reuss) / 2)
    pairs = list(zip(asdict(bulk).values(), asdict(shear).values(), strict=True))
    return ElasticModuli(
        bulk_GPa=bulk,
        shear_GPa=shear,
        youngs_GPa=Modulus(*(9 * k * g / (3 * k + g) for k, g in pairs)),
        poisson_ratio=Modulus(*((3 * k - 2 * g) / (6 * k + 2 * g) for k, g in pairs)),
        universal_anisotropy=5 * shear_voigt / shear_reuss + bulk_voigt / bulk_reuss - 6,
    )


def compliance(stiffness_GPa: ArrayLike) -> FloatArray:
    """Return the inverse of the symmetric part in 1/GPa, shears doubled as those of the strain.

    Raises
    ------
    StructureError
        The tensor is not positive definite, or an eigenvalue is within 0.01 GPa of zero.
    """
    c = symmetric(stiffness_GPa)
    eigenvalues = np.linalg.eigvalsh(c)
    stability = stability_of(c)
    if stability == "no stiffness":
        raise without_moduli(float(eigenvalues[np.abs(eigenvalues).argmin()]))
    lowest = float(eigenvalues[0])
    if stability == "unstable":
        raise StructureError(
            f"A crystal whose elastic tensor has the eigenvalue {lowest:.3g} GPa is mechanically "
            f"unstable and has no moduli; strain the cell along that eigenvector, and relax again."
        )
    return np.asarray(np.linalg.inv(c), dtype=np.float64)
