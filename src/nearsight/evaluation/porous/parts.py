"""What single items of the examination find."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.elasticity.stability import Stability
from nearsight.records.described import Says

BAROSTAT_TIME_PS = 0.5
"""Of runs at constant pressure."""


@dataclass(frozen=True, kw_only=True)
class SolidHeat:
    """The heat capacity of one solid at 300 K, at Γ of its cell, without the acoustic modes."""

    n_atoms: Annotated[int, Says("Atoms in the cell.", "1")]
    reference_J_per_g_K: Annotated[float, Says("By the reference.", "J/(g K)")]
    heat_capacity_J_per_g_K: Annotated[float, Says("By the model.", "J/(g K)")]
    n_imaginary: Annotated[int, Says("Imaginary modes of the relaxed solid.", "1")]
    volume_change: Annotated[float, Says("By relaxing it, as a share.", "1")]
    n_steps: Annotated[int, Says("Steps of the relaxation.", "1")]
    has_converged: Annotated[bool, Says("Whether it came to its end.")]


@dataclass(frozen=True, kw_only=True)
class Stiffness:
    """How a relaxed framework answers to pressure."""

    bulk_modulus_GPa: Annotated[
        float | None,
        Says("With relaxed atoms, Voigt's mean; null of a crystal that is not stable.", "GPa"),
    ]
    stability: Annotated[Stability, Says("What a strain costs, by Born's criterion.")]
    volume_change: Annotated[float, Says("By relaxing the framework, as a share.", "1")]
    stress_GPa: Annotated[float, Says("Largest stress that was left.", "GPa")]
    has_converged: Annotated[bool, Says("Whether the relaxation came to its end.")]


@dataclass(frozen=True, kw_only=True)
class Motion:
    """A short run of a framework at constant temperature and pressure."""

    times_ps: Annotated[tuple[float, ...], Says("Of the samples.", "ps")]
    volumes_A3: Annotated[tuple[float, ...], Says("Of the cell.", "Å³")]
    temperatures_K: Annotated[tuple[float, ...], Says("Of the atoms.", "K")]
    start_volume_A3: Annotated[float, Says("Of the cell as it was given.", "Å³")]
    kept_coordination: Annotated[
        float, Says("Share of the atoms with as many bonds at the end as at the start.", "1")
    ]

    @property
    def lasts_ps(self) -> float:
        """How long the run is."""
        return self.times_ps[-1]


@dataclass(frozen=True, kw_only=True)
class GasInteractions:
    """Interaction energies of one gas with frameworks, beside the reference."""

    kinds: Annotated[tuple[str, ...], Says("repulsive, equilibrium or weak, of each place.")]
    references_eV: Annotated[tuple[float, ...], Says("By the reference.", "eV")]
    errors_eV: Annotated[tuple[float, ...], Says("Model less reference.", "eV")]


@dataclass(frozen=True, kw_only=True)
class Uptake:
    """CO2 in Mg-MOF-74 at 298 K at no loading."""

    henry_mol_per_kg_Pa: Annotated[float, Says("Henry coefficient.", "mol/(kg Pa)")]
    henry_relative_error: Annotated[float, Says("Its standard error over it.", "1")]
    heat_kJ_per_mol: Annotated[float, Says("Isosteric heat.", "kJ/mol")]
    heat_error_kJ_per_mol: Annotated[float, Says("Its standard error.", "kJ/mol")]
    n_calls: Annotated[int, Says("Structures that the model was asked for.", "1")]
    n_effective: Annotated[float, Says("Insertions that carry the weight.", "1")]
    zero_meV: Annotated[
        float | None,
        Says("Interaction energy less that of a force field at weak attraction.", "meV"),
    ]
    zero_error_meV: Annotated[float | None, Says("Standard error of its median.", "meV")]
