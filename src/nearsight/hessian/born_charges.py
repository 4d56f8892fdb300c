"""Born effective charges and dielectric constant: what the non-analytical term is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from nearsight.archives import require_numbers
from nearsight.arrays import FloatArray
from nearsight.remarks import Remark

if TYPE_CHECKING:
    from phonopy.harmonic.dynamical_matrix import NacParams


_WORTH_A_REMARK_e = 0.02
"""Change of a charge: about what computed ones are converged to, and 4 % of a splitting of 1 e."""


@dataclass(frozen=True)
class BornCharges:
    """Charges of the atoms of a primitive cell, and what screens them."""

    charges_e: FloatArray
    """Z*[A, α, β] in e, shape ``(n_primitive, 3, 3)``."""
    dielectric: FloatArray
    """The high-frequency dielectric tensor, shape ``(3, 3)``."""
    coulomb_eV_A: float
    """e²/(4πε₀) in eV Å with the digits of the file."""
    method: Literal["gonze", "wang"]
    """How the term is made: by an Ewald sum, or by Wang et al."""
    file: str
    """Where they stand."""
    sha256: str
    """Its digest."""
    sum_in_file_e: float = 0.0
    """The largest element of their sum as they stand in the file; that of the charges is zero."""
    change_e: float = 0.0
    """By how much that, and averaging over the space group, changed a charge at most."""
    in_place_of: str | None = None
    """Where others stand that do not count; None if there are none."""

    @property
    def source(self) -> str:
        """Where they come from, in words."""
        instead = f", in place of those in {self.in_place_of}" if self.in_place_of else ""
        return f"{self.file}{instead}"

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What must be known about them."""
        if self.change_e <= _WORTH_A_REMARK_e:
            return ()
        said = (
            f"the Born charges in {self.file} sum to {self.sum_in_file_e:.2g} e in place of zero, "
            f"or do not follow the space group: they were made to, which changed one by "
            f"{self.change_e:.2g} e."
        )
        return (Remark("born-charges-adjusted", said),)

    def summary(self) -> dict[str, Any]:
        """Return the ``born_charges`` object of the JSON output."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "sum_in_file_e": self.sum_in_file_e,
            "change_e": self.change_e,
            "in_place_of": self.in_place_of,
            "coulomb_eV_A": self.coulomb_eV_A,
            "method": self.method,
        }

    def archived(self) -> tuple[dict[str, Any], dict[str, FloatArray]]:
        """Return the header and the arrays that an archive keeps."""
        arrays = {"born_charges_e": self.charges_e, "born_dielectric": self.dielectric}
        return self.summary(), arrays

    @classmethod
    def from_archived(
        cls, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> "BornCharges":
        """Rebuild what `archived` returned.

        Raises
        ------
        ValueError, TypeError, KeyError
            They are something else.
        """
        for name in ("coulomb_eV_A", "sum_in_file_e", "change_e"):
            value = header[name]
            if not isinstance(value, float) or not isfinite(value):
                raise ValueError(f"“{name}” is {value!r}")
        if header["method"] not in {"gonze", "wang"}:
            raise ValueError(f"“method” of its charges is {header['method']!r}")
        if not isinstance(header["file"], str):
            raise TypeError(f"“file” of its charges is {header['file']!r}")
        n_primitive = len(arrays["born_charges_e"])
        return cls(
            require_numbers(arrays, "born_charges_e", (n_primitive, 3, 3)),
            require_numbers(arrays, "born_dielectric", (3, 3)),
            **header,
        )

    def in_order(self, own: NDArray[np.int64]) -> "NacParams":
        """Return phonopy's parameters for atoms in another order, `own` being theirs in ours."""
        return {
            "born": self.charges_e[own],
            "dielectric": self.dielectric,
            "factor": self.coulomb_eV_A,
            "method": self.method,
        }
