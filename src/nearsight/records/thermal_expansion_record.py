"""The record of heat and expansion at constant pressure."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from nearsight.records.base import DerivativesRecord
from nearsight.records.derivatives import ForceConstantsPart, HessianPart
from nearsight.records.described import Matrix, Says
from nearsight.records.spectra import Mesh

if TYPE_CHECKING:
    from nearsight.records.expansion_results import ThermalExpansionResults


@dataclass(frozen=True, kw_only=True)
class VolumePart:
    """The crystal at rest at one volume."""

    volume_A3: Annotated[float, Says("Volume of the cell.", "Å³")]
    cell_A: Annotated[Matrix, Says("Vectors of the cell, one a row.", "Å")]
    energy_eV: Annotated[float, Says("Potential energy of the cell.", "eV")]
    lowest_wavenumber_per_cm: Annotated[
        float, Says("Lowest wavenumber of the Brillouin zone, negative if imaginary.", "1/cm")
    ]
    share_imaginary: Annotated[float, Says("Share of modes below -0.5 cm⁻¹.", "1")]
    n_imaginary_at_gamma: Annotated[int, Says("Imaginary modes of the primitive cell at Γ.", "1")]
    used: Annotated[bool, Says("Whether it is among the fits: not with imaginary modes.")]


@dataclass(frozen=True, kw_only=True)
class QuasiHarmonicPart:
    """The volumes and the fits over them."""

    equation_of_state: Annotated[str, Says("What energies over volumes were fitted by.")]
    pressure_GPa: Annotated[float, Says("The constant pressure.", "GPa")]
    static_volume_A3: Annotated[float, Says("Volume without any motion.", "Å³")]
    static_bulk_modulus_GPa: Annotated[float, Says("Bulk modulus there.", "GPa")]
    fit_error_eV_per_atom: Annotated[
        float, Says("Largest difference of a Gibbs energy from its fit.", "eV/atom")
    ]
    acoustic: Annotated[str, Says("What the acoustic modes at Γ contribute to heat capacities.")]
    temperatures_left_out_K: Annotated[
        tuple[float, ...], Says("Where the Gibbs energy has no minimum between them.", "K")
    ]
    volumes: Annotated[tuple[VolumePart, ...], Says("The volumes, ascending.")]


@dataclass(frozen=True, kw_only=True)
class ThermalExpansionRow:
    """The crystal at constant pressure at one temperature."""

    temperature_K: Annotated[float, Says("Temperature.", "K")]
    volume_A3: Annotated[float, Says("Volume of the cell.", "Å³")]
    volumetric_expansion_per_K: Annotated[
        float, Says("Volumetric thermal expansion coefficient.", "1/K")
    ]
    linear_expansion_per_K: Annotated[
        float, Says("A third of it: the linear one, or the mean of three.", "1/K")
    ]
    expansion_difference_per_K: Annotated[
        float | None,
        Says("By the entropy over volume, minus the volumetric one; null at 0 K.", "1/K"),
    ]
    bulk_modulus_GPa: Annotated[float, Says("Isothermal bulk modulus.", "GPa")]
    heat_capacity_p_J_per_g_K: Annotated[
        float, Says("Heat capacity at constant pressure.", "J/(g K)")
    ]
    heat_capacity_v_J_per_g_K: Annotated[
        float, Says("Heat capacity at constant volume, at this volume.", "J/(g K)")
    ]
    heat_capacity_p_J_per_molformula_K: Annotated[
        float, Says("At constant pressure, per mole of formula units.", "J/(mol K)")
    ]
    heat_capacity_v_J_per_molformula_K: Annotated[
        float, Says("At constant volume, per mole of formula units.", "J/(mol K)")
    ]
    entropy_J_per_molformula_K: Annotated[
        float, Says("Entropy per mole of formula units.", "J/(mol K)")
    ]
    gibbs_energy_eV: Annotated[
        float, Says("Gibbs energy of the cell, with the potential energy.", "eV")
    ]
    gibbs_energy_kJ_per_molformula: Annotated[
        float, Says("The same per mole of formula units.", "kJ/mol")
    ]
    gruneisen_parameter: Annotated[
        float | None, Says("Thermodynamic Grüneisen parameter; null where it is too cold.", "1")
    ]


@dataclass(frozen=True, kw_only=True, repr=False)
class ThermalExpansionRecord(DerivativesRecord):
    """Heat and expansion of a crystal at constant pressure, quasi-harmonically."""

    question: ClassVar[str] = "thermal-expansion"

    mesh: Annotated[Mesh, Says("Points of the mesh, at all volumes.", "1")]
    hessian: Annotated[
        HessianPart, Says("Of the primitive cell at Γ, at the volume nearest to the relaxed one.")
    ]
    force_constants: Annotated[ForceConstantsPart, Says("Force constants at that volume.")]
    quasi_harmonic: Annotated[QuasiHarmonicPart, Says("The volumes and the fits over them.")]
    thermal_expansion: Annotated[
        tuple[ThermalExpansionRow, ...], Says("What follows, one object a temperature.")
    ]
    results: "ThermalExpansionResults | None" = field(default=None, repr=False, compare=False)

    def _answer(self) -> list[str]:
        row = self.thermal_expansion[0]
        more = len(self.thermal_expansion) - 1
        told = (
            f"expansion {row.volumetric_expansion_per_K:.3g} 1/K and c_p "
            f"{row.heat_capacity_p_J_per_g_K:.4f} J/(g K) at {row.temperature_K:g} K"
        )
        return [f"{told} and {more} more" if more else told]
