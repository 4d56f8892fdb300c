"""The elastic tensor as a value: constants, moduli, stability, and where they came from."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.stress import full_3x3_to_voigt_6_stress, voigt_6_to_full_3x3_stress
from numpy.typing import ArrayLike

from nearsight.arrays import FloatArray
from nearsight.charts.chart import Axis, Chart, Line
from nearsight.charts.on_axes import draw
from nearsight.elasticity.directions import (
    YoungsModulusRange,
    youngs_modulus,
    youngs_modulus_range,
)
from nearsight.elasticity.moduli import ElasticModuli, elastic_moduli
from nearsight.elasticity.rotation import rotate_tensor
from nearsight.elasticity.stability import Stability, symmetric, without_moduli
from nearsight.notebooks import ShownInNotebooks
from nearsight.provenance import Provenance
from nearsight.remarks import Remark
from nearsight.structures.naming import count_warnings, name_structure, paragraph

if TYPE_CHECKING:
    from nearsight.charts.on_axes import PolarAxes


ELASTIC_CONSTANTS = "elastic constants"
STRESS_CORRECTED = "stress-corrected (Birch) coefficients"


@dataclass(frozen=True)
class ElasticTensor(ShownInNotebooks):
    """Stress over strain of a crystal, in Voigt order xx, yy, zz, yz, xz, xy, shears doubled.

    x, y and z are the Cartesian axes in which the positions of `atoms` are given.
    """

    atoms: Atoms
    """The crystal."""
    name: str
    """`ELASTIC_CONSTANTS`, or under a stress that is not negligible `STRESS_CORRECTED`."""
    clamped_ion_GPa: FloatArray
    """With the atoms moving as the cell does, shape ``(6, 6)``."""
    relaxed_ion_GPa: FloatArray
    """With the atoms at rest in the strained cell, shape ``(6, 6)``: what is measured."""
    stability: Stability
    """What a strain costs: Born's criterion, where there is a stiffness that it could judge.

    "no stiffness" where an eigenvalue, terms of the stress aside, is within 0.01 GPa of zero, or by
    differences within 10⁻³ of the clamped-ion constants, as of a layer, chain or molecule in a box.
    """
    stress_GPa: FloatArray
    """Stress that is left in the crystal, shape ``(6,)``, positive where it is stretched."""
    fmax_eV_per_A: float
    """Largest force that is left on an atom."""
    lowest_mode_per_cm: float | None
    """Softest mode of the atoms in the fixed cell, translations aside; None for one atom."""
    warnings: tuple[Remark, ...]
    """What must be known before the numbers are used."""
    provenance: Provenance

    def __repr__(self) -> str:
        of = f"{name_structure(self.atoms)} by {self.provenance.model.name}"
        moduli: str = self.stability
        if self.is_stable:
            bulk, shear = self.moduli.bulk_GPa.hill, self.moduli.shear_GPa.hill
            moduli = f"bulk modulus {bulk:.2f} GPa, shear modulus {shear:.2f} GPa (Hill)"
        return paragraph(self, of, self.name, moduli, count_warnings(self.warnings))

    @cached_property
    def eigenvalues_GPa(self) -> FloatArray:
        """Eigenvalues of the relaxed-ion tensor's symmetric part, ascending.

        Born's criterion for every crystal system: the crystal is stable if all are positive (F.
        Mouhat, F.-X. Coudert, Phys. Rev. B 2014, 90, 224104, DOI 10.1103/PhysRevB.90.224104).
        Under stress it is that of the stress-corrected coefficients (J. Wang et al., Phys. Rev.
        Lett. 1993, 71, 4182, DOI 10.1103/PhysRevLett.71.4182).
        """
        found = np.linalg.eigvalsh(symmetric(self.relaxed_ion_GPa))
        return np.asarray(found, dtype=np.float64)

    @property
    def is_stable(self) -> bool:
        """Whether every strain costs energy, beyond doubt."""
        return self.stability == "stable"

    @cached_property
    def moduli(self) -> ElasticModuli:
        """Averages of the relaxed-ion tensor.

        Raises
        ------
        StructureError
            The crystal is unstable or without stiffness.
        """
        self._require_stiffness()
        return elastic_moduli(self.relaxed_ion_GPa)

    @cached_property
    def youngs_range(self) -> YoungsModulusRange:
        """Extremes of Young's modulus over the directions, relaxed ions.

        Raises
        ------
        StructureError
            The crystal is unstable or without stiffness.
        """
        self._require_stiffness()
        return youngs_modulus_range(self.relaxed_ion_GPa)

    def turned(self, rotation: ArrayLike) -> "ElasticTensor":
        """Return the tensor of the crystal turned by r → R r, such as `conventional_axes` gives.

        Parameters
        ----------
        rotation
            Orthogonal, shape ``(3, 3)``.
        """
        r = np.asarray(rotation, dtype=np.float64)
        atoms = self.atoms.copy()
        atoms.set_cell(atoms.cell.array @ r.T)
        atoms.positions = self.atoms.positions @ r.T
        stress = r @ voigt_6_to_full_3x3_stress(self.stress_GPa) @ r.T
        return replace(
            self,
            atoms=atoms,
            clamped_ion_GPa=rotate_tensor(self.clamped_ion_GPa, r),
            relaxed_ion_GPa=rotate_tensor(self.relaxed_ion_GPa, r),
            stress_GPa=full_3x3_to_voigt_6_stress(stress),
        )

    def plot(self, axes: "PolarAxes") -> None:
        """Draw Young's modulus in GPa over the directions of the planes xy, xz and yz.

        Raises
        ------
        StructureError
            The crystal is unstable or without stiffness.
        """
        draw(self.chart(), axes)

    def chart(self) -> Chart:
        """Return Young's modulus around the planes xy, xz and yz.

        Raises
        ------
        StructureError
            The crystal is unstable or without stiffness.
        """
        self._require_stiffness()
        angles = np.linspace(0, 2 * np.pi, 361)
        lines = []
        # Of a cubic crystal the curves lie on each other: the later ones let the first be seen.
        for dash, (first, second, width) in enumerate(((0, 1, 5.3), (0, 2, 3.3), (1, 2, 2.0))):
            n = np.zeros((len(angles), 3))
            n[:, first], n[:, second] = np.cos(angles), np.sin(angles)
            values = youngs_modulus(self.relaxed_ion_GPa, n)
            label = f"{'xyz'[first]}{'xyz'[second]} plane, from {'xyz'[first]}"
            lines.append(Line(angles, values, label, dash=dash, width=width))
        return Chart(
            "Young's modulus over directions",
            Axis("direction", 0.0, 2 * np.pi, "angle"),
            Axis(
                "Young's modulus / GPa, relaxed ions",
                0.0,
                1.05 * max(float(line.y.max()) for line in lines),
            ),
            tuple(lines),
        )

    def summary(self) -> dict[str, Any]:
        """Return the ``elasticity`` object of the JSON output."""
        stable = self.is_stable
        return {
            "name": self.name,
            "cell_A": self.atoms.cell.array.tolist(),
            "relaxed_ion_GPa": self.relaxed_ion_GPa.tolist(),
            "clamped_ion_GPa": self.clamped_ion_GPa.tolist(),
            "stress_GPa": self.stress_GPa.tolist(),
            "fmax_eV_per_A": self.fmax_eV_per_A,
            "lowest_mode_per_cm": self.lowest_mode_per_cm,
            "eigenvalues_GPa": self.eigenvalues_GPa.tolist(),
            "stability": self.stability,
            "stable": None if self.stability == "no stiffness" else stable,
            "moduli": self.moduli.summary() if stable else None,
            "youngs_modulus": self.youngs_range.summary() if stable else None,
        }

    def _require_stiffness(self) -> None:
        if self.stability == "no stiffness":
            raise without_moduli(float(np.abs(self.eigenvalues_GPa).min()))
