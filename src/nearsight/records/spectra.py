"""What records say of vibrations: the spectrum that heat is from, modes, bands, supercells."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from nearsight.records.described import Matrix, Plain, Says, Vector

Mesh = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class DenseSpectrum:
    """The modes of one cell at Γ."""

    method: Annotated[Literal["dense"], Says("That heat is from the modes of one cell.")]
    reason: Annotated[str | None, Says("Why from these, where that was a choice.")]
    n_modes: Annotated[int, Says("Vibrations.", "1")]
    n_imaginary: Annotated[int, Says("Imaginary ones among them.", "1")]


@dataclass(frozen=True, kw_only=True)
class MeshSpectrum:
    """Phonons over the Brillouin zone."""

    method: Annotated[Literal["mesh"], Says("That heat is from phonons over the Brillouin zone.")]
    reason: Annotated[str | None, Says("Why from these, where that was a choice.")]
    mesh: Annotated[Mesh, Says("Points along each reciprocal vector.", "1")]
    n_qpoints: Annotated[int, Says("Irreducible points among them.", "1")]
    lowest_wavenumber_per_cm: Annotated[
        float, Says("Lowest wavenumber, negative if imaginary.", "1/cm")
    ]
    highest_wavenumber_per_cm: Annotated[float, Says("Highest wavenumber.", "1/cm")]
    share_imaginary: Annotated[float, Says("Share of modes below -0.5 cm⁻¹.", "1")]
    share_imaginary_uninterpolated: Annotated[
        float, Says("That share at the q-points of the supercell itself.", "1")
    ]
    interpolation_effect: Annotated[
        float, Says("By which share interpolation changes the heat capacity at 300 K.", "1")
    ]
    boundary_eV_per_A2: Annotated[
        float | None,
        Says("Largest norm of force constants at the boundary of the supercell.", "eV/Å²"),
    ]


@dataclass(frozen=True, kw_only=True)
class ProbedSpectrum:
    """Products with the Hessian, which was never made."""

    method: Annotated[Literal["probing"], Says("That heat is from products with the Hessian.")]
    reason: Annotated[str | None, Says("Why it was probed.")]
    products: Annotated[int, Says("Products with the Hessian.", "1")]
    colours: Annotated[int, Says("Sets of atoms that were probed together.", "1")]
    probing_radius_A: Annotated[float, Says("Probing radius.", "Å")]
    lanczos_steps: Annotated[int, Says("Lanczos steps from each vector.", "1")]
    standard_error_J_per_g_K: Annotated[
        float, Says("Largest standard error at any temperature.", "J/(g K)")
    ]
    bias_estimate_J_per_g_K: Annotated[
        float, Says("Largest that more Lanczos steps are expected to change.", "J/(g K)")
    ]
    seed: Annotated[int, Says("Seed of the random vectors.", "1")]
    n_imaginary: Annotated[
        int | None, Says("Imaginary modes that were found; null if nobody looked.", "1")
    ]
    lowest_wavenumber_per_cm: Annotated[
        float, Says("Lowest wavenumber that was seen, negative if imaginary.", "1/cm")
    ]
    highest_wavenumber_per_cm: Annotated[float, Says("Highest that was seen.", "1/cm")]
    products_method: Annotated[str, Says("How products were computed.")]
    products_reason: Annotated[str, Says("Why so.")]
    step_A: Annotated[float | None, Says("Displacement of differences; null without.", "Å")]
    difference_error: Annotated[
        float | None, Says("How far differences are off, of the largest element.", "1")
    ]
    predicted_memory_bytes: Annotated[int, Says("Memory that a product was to take.", "B")]
    peak_memory_bytes: Annotated[int, Says("Memory that a product took.", "B")]
    seconds: Annotated[float, Says("Wall time of this run.", "s")]


@dataclass(frozen=True, kw_only=True)
class ModesPart:
    """Modes at Γ: of a cell, or of the primitive cell of force constants."""

    wavenumbers_per_cm: Annotated[
        tuple[float, ...],
        Says("Of all modes, rigid-body ones included, imaginary ones negative.", "1/cm"),
    ]
    frequencies_THz: Annotated[tuple[float, ...], Says("The same as frequencies.", "THz")]
    n_rigid_body: Annotated[int, Says("Rigid-body modes.", "1")]
    n_imaginary: Annotated[int, Says("Imaginary modes.", "1")]


@dataclass(frozen=True, kw_only=True)
class BandSegmentPart:
    """A straight piece of a path."""

    start: Annotated[str, Says("Label of its start.")]
    end: Annotated[str, Says("Label of its end.")]
    qpoints: Annotated[
        tuple[Vector, ...], Says("In units of the reciprocal vectors of the primitive cell.", "1")
    ]
    distances_per_A: Annotated[tuple[float, ...], Says("Way along the path, without 2π.", "1/Å")]
    frequencies_THz: Annotated[
        tuple[tuple[float, ...], ...], Says("Of each point, imaginary ones negative.", "THz")
    ]
    wavenumbers_per_cm: Annotated[
        tuple[tuple[float, ...], ...], Says("The same as wavenumbers.", "1/cm")
    ]


@dataclass(frozen=True, kw_only=True)
class BandsPart:
    """Phonon bands along a path."""

    path: Annotated[str, Says("The path in labels.")]
    primitive_cell_A: Annotated[
        Matrix | None, Says("Vectors of the primitive cell, one a row; null if unknown.", "Å")
    ]
    segments: Annotated[tuple[BandSegmentPart, ...], Says("Its pieces.")]


@dataclass(frozen=True, kw_only=True)
class DensityOfStatesPart:
    """The density of states of a mesh, divided among atoms and elements."""

    frequencies_THz: Annotated[tuple[float, ...], Says("Frequencies, negative below zero.", "THz")]
    wavenumbers_per_cm: Annotated[tuple[float, ...], Says("The same as wavenumbers.", "1/cm")]
    width_THz: Annotated[float, Says("Standard deviation of the broadening.", "THz")]
    total_states_per_THz: Annotated[tuple[float, ...], Says("Of the primitive cell.", "1/THz")]
    by_element_states_per_THz: Annotated[
        Mapping[str, tuple[float, ...]], Says("The share of each element.", "1/THz")
    ]
    elements_of_atoms: Annotated[tuple[str, ...], Says("Elements of the primitive cell.")]
    positions_of_atoms_A: Annotated[tuple[Vector, ...], Says("Where its atoms are.", "Å")]
    by_atom_states_per_THz: Annotated[
        tuple[tuple[float, ...], ...], Says("The share of each atom.", "1/THz")
    ]


@dataclass(frozen=True, kw_only=True)
class IdealGasRow:
    """Functions of an ideal gas at one temperature; energies with the potential energy if known."""

    temperature_K: Annotated[float, Says("Temperature.", "K")]
    enthalpy_kJ_per_mol: Annotated[float, Says("Enthalpy.", "kJ/mol")]
    entropy_J_per_mol_K: Annotated[float, Says("Entropy.", "J/(mol K)")]
    gibbs_energy_kJ_per_mol: Annotated[float, Says("Gibbs energy.", "kJ/mol")]
    internal_energy_eV: Annotated[float, Says("Internal energy of a molecule.", "eV")]
    enthalpy_eV: Annotated[float, Says("Enthalpy of a molecule.", "eV")]
    entropy_eV_per_K: Annotated[float, Says("Entropy of a molecule.", "eV/K")]
    gibbs_energy_eV: Annotated[float, Says("Gibbs energy of a molecule.", "eV")]


@dataclass(frozen=True, kw_only=True)
class IdealGasPart:
    """An ideal gas of rigid, harmonically vibrating molecules."""

    pressure_bar: Annotated[float, Says("Pressure.", "bar")]
    geometry: Annotated[
        Literal["monatomic", "linear", "nonlinear"], Says("Which rotations there are.")
    ]
    point_group: Annotated[str | None, Says("Point group; null if none was found.")]
    symmetry_number: Annotated[int, Says("Rotations that turn a molecule into itself.", "1")]
    symmetry_number_given: Annotated[bool, Says("Whether it was given, not found.")]
    spin: Annotated[float, Says("Total electronic spin S.", "1")]
    potential_energy_eV: Annotated[
        float | None, Says("Part of the energies; null if none is among them.", "eV")
    ]
    zero_point_energy_eV: Annotated[float, Says("Part of the energies.", "eV")]
    zero_point_energy_kJ_per_mol: Annotated[float, Says("The same per mole.", "kJ/mol")]
    functions: Annotated[tuple[IdealGasRow, ...], Says("One object a temperature.")]


@dataclass(frozen=True, kw_only=True)
class ConvergenceStepPart:
    """One supercell of several."""

    supercell: Annotated[Plain, Says("Three repeats, or the vectors (rows) of a matrix.", "1")]
    n_atoms: Annotated[int, Says("Its atoms.", "1")]
    J_per_g_K: Annotated[tuple[float, ...], Says("Heat capacity at each temperature.", "J/(g K)")]
    boundary_eV_per_A2: Annotated[
        float | None, Says("Largest norm of force constants at its boundary.", "eV/Å²")
    ]


@dataclass(frozen=True, kw_only=True)
class ConvergencePart:
    """Supercells of growing size."""

    tolerance: Annotated[float, Says("Largest relative change that counts as none.", "1")]
    converged: Annotated[bool, Says("Whether the last two agree within it.")]
    stopped: Annotated[str, Says("Why no larger one was tried.")]
    steps: Annotated[tuple[ConvergenceStepPart, ...], Says("The supercells.")]


@dataclass(frozen=True, kw_only=True)
class HeatCapacityRow:
    """Heat capacity at constant volume at one temperature."""

    temperature_K: Annotated[float, Says("Temperature.", "K")]
    J_per_g_K: Annotated[float, Says("Per gram.", "J/(g K)")]
    J_per_molatom_K: Annotated[float, Says("Per mole of atoms.", "J/(mol K)")]
    J_per_K_per_cell: Annotated[float, Says("Of one cell, or molecule.", "J/K")]


@dataclass(frozen=True, kw_only=True)
class ProbedHeatCapacityRow(HeatCapacityRow):
    """Heat capacity at one temperature from products with the Hessian, and its errors."""

    standard_error_J_per_g_K: Annotated[
        float, Says("Standard deviation over the random vectors.", "J/(g K)")
    ]
    bias_estimate_J_per_g_K: Annotated[
        float, Says("What more Lanczos steps are expected to change.", "J/(g K)")
    ]


@dataclass(frozen=True, kw_only=True)
class ThermodynamicsRow:
    """Thermodynamic functions at one temperature; energies above that of the structure at rest."""

    temperature_K: Annotated[float, Says("Temperature.", "K")]
    heat_capacity_J_per_molformula_K: Annotated[
        float, Says("Heat capacity per mole of formula units.", "J/(mol K)")
    ]
    entropy_J_per_molformula_K: Annotated[
        float, Says("Entropy per mole of formula units.", "J/(mol K)")
    ]
    internal_energy_kJ_per_molformula: Annotated[
        float, Says("Internal energy per mole of formula units.", "kJ/mol")
    ]
    free_energy_kJ_per_molformula: Annotated[
        float, Says("Helmholtz free energy per mole of formula units.", "kJ/mol")
    ]
