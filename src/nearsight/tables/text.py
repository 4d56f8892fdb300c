"""What a command prints, at most 80 columns wide."""

import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from nearsight import units
from nearsight.models.contract import forces_of
from nearsight.printable import percent, printable_name
from nearsight.provenance import ModelIdentity
from nearsight.records.results import (
    ElasticResults,
    EnergyResults,
    HarmonicResults,
    HessianResults,
    ProbedResults,
    RelaxationResults,
)
from nearsight.structures.supercell import name_supercell
from nearsight.tables.lines import WIDTH, print_line, print_structure_line
from nearsight.tables.of_results import (
    functions_table,
    heat_capacity_table,
    ideal_gas_table,
    plan_table,
)
from nearsight.units import EV_PER_A3_IN_GPA
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS, FrequencyUnit
from nearsight.vibrations.shown_functions import shown_functions

if TYPE_CHECKING:
    from nearsight.hessian.rows.plan import Plan
    from nearsight.records.expansion_results import ThermalExpansionResults
    from nearsight.relaxation.result import Relaxation
    from nearsight.vibrations.band_structure import BandStructure
    from nearsight.vibrations.heat_capacity import HeatCapacity
    from nearsight.vibrations.modes import Vibrations
    from nearsight.vibrations.molecules import MolecularThermochemistry
    from nearsight.vibrations.phonon_mesh import PhononMesh
    from nearsight.vibrations.supercell_convergence import SupercellConvergence
    from nearsight.vibrations.thermodynamic_functions import Thermodynamics

_SITES_SHOWN = 20


def print_calculation(
    calculated: "HessianResults | HarmonicResults | ElasticResults | ThermalExpansionResults",
) -> None:
    """Print how the Hessian came about."""
    hessian = calculated.hessian
    constants = None
    if not isinstance(calculated, HessianResults | ElasticResults):
        constants = calculated.force_constants
    print(f"\n{printable_name(calculated.name)}")
    of_what = "force constants in a " if constants else ""
    _print_structure(calculated.atoms, calculated.settings, of_what)
    _print_model(hessian.provenance.model)
    if calculated.relaxation is not None:
        _print_relaxation(calculated.relaxation)
    rows_total = 3 * len(constants.supercell) if constants else hessian.rows_total
    following = f", {hessian.rows_by_sum_rule} by the sum rule," if hessian.rows_by_sum_rule else ""
    print_line(
        "constants" if constants else "Hessian",
        f"{hessian.rows_needed} of {rows_total} rows needed ({hessian.symmetry}), "
        f"{hessian.rows_computed} computed{following} in {hessian.seconds:.1f} s "
        f"with {hessian.peak_memory_bytes / 2**20:.0f} MiB; asymmetry "
        f"{hessian.asymmetry_eV_per_A2:.1e}, sum rule {hessian.sum_rule_eV_per_A2:.1e} eV/Å²",
    )
    if constants is not None and constants.born is not None:
        print_line("charges", f"Born charges of {constants.born.source}")
    step = "" if hessian.step_A is None else f", step {hessian.step_A:g} Å"
    print_line("method", f"{hessian.method}{step} ({hessian.reason})")


def print_probed(entry: ProbedResults) -> None:
    """Print how a heat capacity was probed, and what it is."""
    heat = entry.heat
    print(f"\n{printable_name(entry.name)}")
    _print_structure(entry.atoms, entry.settings)
    _print_model(heat.provenance.model)
    if entry.relaxation is not None:
        _print_relaxation(entry.relaxation)
    step = ""
    if heat.difference_error is not None:
        step = (
            f" with a step of {heat.method.step_A:g} Å, off by up to about "
            f"{percent(heat.difference_error)}"
        )
    print_line(
        "products",
        f"{heat.n_products} {heat.method.name}{step} ({heat.method.reason}) in {heat.seconds:.1f} "
        f"s; {heat.n_colours} colours for {heat.radius_A:g} Å, {heat.n_steps} Lanczos steps",
    )
    print_line(
        "memory",
        f"{heat.peak_memory_bytes / 2**20:.0f} MiB at the peak, "
        f"{heat.method.predicted_memory_bytes / 2**20:.0f} MiB predicted",
    )
    print_line("spectrum", f"probing ({entry.spectrum_reason})")
    _print_acoustic(heat)
    print()
    heat_capacity_table(heat).print()
    print("  ±: two standard errors of the random vectors and the bias of Lanczos steps")


def print_energy(results: EnergyResults) -> None:
    """Print the energy that a model gives a structure, and how large forces and stress are."""
    evaluation, n_atoms = results.evaluation, len(results.atoms)
    print(f"\n{printable_name(results.name)}")
    _print_structure(results.atoms, results.settings)
    _print_model(results.provenance.model)
    print_line(
        "energy",
        f"{evaluation.energy_eV:.6f} eV, {evaluation.energy_eV / n_atoms:.6f} eV/atom",
    )
    largest = np.linalg.norm(forces_of(evaluation), axis=1).max()
    print_line("forces", f"up to {largest:.6f} eV/Å")
    if evaluation.stress_eV_per_A3 is not None:
        parts = " ".join(f"{part:.4f}" for part in evaluation.stress_eV_per_A3 * EV_PER_A3_IN_GPA)
        print_line("stress", f"{parts} GPa (xx yy zz yz xz xy, positive if stretched)")


def print_relaxed(results: RelaxationResults) -> None:
    """Print where a relaxation ended."""
    relaxation = results.relaxation
    print(f"\n{printable_name(results.name)}")
    _print_structure(relaxation.atoms, {})
    _print_model(relaxation.provenance.model)
    _print_relaxation(relaxation)
    n_atoms = len(relaxation.atoms)
    print_line(
        "energy",
        f"{relaxation.energy_after_eV:.6f} eV, {relaxation.energy_after_eV / n_atoms:.6f} eV/atom",
    )
    if relaxation.volume_after_A3 is not None:
        lengths = " ".join(f"{value:.4f}" for value in relaxation.atoms.cell.lengths())
        angles = " ".join(f"{value:.3f}" for value in relaxation.atoms.cell.angles())
        print_line("cell", f"{lengths} Å, {angles}°, {relaxation.volume_after_A3:.4f} Å³")


def _print_structure(atoms: Atoms, settings: Mapping[str, Any], of_what: str = "") -> None:
    repeats = settings.get("supercell", [1, 1, 1])
    times = "" if repeats == [1, 1, 1] else name_supercell(repeats)
    supercell = f", {of_what}{times} supercell" if times else ""
    print_line("structure", f"{atoms.get_chemical_formula()}, {len(atoms)} atoms{supercell}")


def _print_model(identity: ModelIdentity) -> None:
    print_line("model", f"{identity.name}, {identity.dtype}, {identity.device}")


def _print_relaxation(relaxation: "Relaxation") -> None:
    verdict = "converged" if relaxation.converged else "NOT CONVERGED"
    volume = relaxation.volume_change
    force = relaxation.fmax_eV_per_A
    fmax = f"{force:.4f}" if force >= 1e-3 else f"{force:.1e}"
    print_line(
        "relaxation",
        f"{verdict} after {relaxation.n_steps} steps, fmax {fmax} eV/Å, "
        f"energy changed by {1000 * relaxation.energy_change_eV_per_atom:+.2f} meV/atom"
        + ("" if volume is None else f", volume by {100 * volume:+z.2f} %"),
    )
    if relaxation.target_pressure_GPa and relaxation.pressure_GPa is not None:
        print_line(
            "pressure",
            f"under {relaxation.target_pressure_GPa:g} GPa (reached: "
            f"{relaxation.pressure_GPa:.4f} GPa)",
        )
    symmetry = relaxation.symmetry
    if symmetry is not None:
        print_line(
            "symmetry",
            f"{symmetry.symbol_before} -> {symmetry.symbol_after} within "
            f"{symmetry.tolerance_A:g} Å: largest displacement "
            f"{symmetry.max_displacement_A:.1e} Å, energy changed by "
            f"{1000 * symmetry.energy_change_eV_per_atom:+.4f} meV/atom",
        )
    if relaxation.near_symmetry is not None:
        near = relaxation.near_symmetry
        print_line(
            "nearly",
            f"{near.symbol} within {near.tolerance_A:g} Å, by which {near.rows_needed} of now "
            f"{near.rows_now} rows would be needed once it is symmetrized",
        )
    for mode in relaxation.followed:
        print_line(
            "followed",
            f"mode at {mode.wavenumber_per_cm:.1f} cm⁻¹: energy of the cell fell by "
            f"{1000 * mode.energy_gain_eV:.2f} meV",
        )


def print_modes(vibrations: "Vibrations", unit: FrequencyUnit) -> None:
    """Print how many modes of which kind there are."""
    wavenumbers = vibrations.wavenumbers_per_cm
    real = wavenumbers[wavenumbers > 0]
    span = f" from {unit.span(real[0], real[-1])}" if len(real) else ""
    print_line(
        "modes",
        f"{len(real)} real{span}, {vibrations.n_imaginary} imaginary, "
        f"{vibrations.n_rigid_body} rigid-body",
    )


def print_spectrum(entry: HarmonicResults) -> None:
    """Print which vibrations the heat capacity is from."""
    phonons, unit = entry.phonons, FREQUENCY_UNITS[entry.presentation.frequency_unit]
    if phonons is None:
        print_modes(entry.vibrations, unit)
        print_line("spectrum", f"modes at Γ ({entry.spectrum_reason})")
        return
    print_phonons(phonons, unit)
    print_line("spectrum", f"mesh ({entry.spectrum_reason})")


def print_phonons(phonons: "PhononMesh", unit: FrequencyUnit) -> None:
    """Print what the mesh of q-points gave."""
    lowest, highest = phonons.wavenumbers_per_cm.min(), phonons.wavenumbers_per_cm.max()
    boundary = phonons.boundary_eV_per_A2
    left = "not known" if boundary is None else f"{boundary:.1e} eV/Å²"
    print_line(
        "phonons",
        f"{'×'.join(map(str, phonons.mesh))} mesh, {len(phonons.weights)} q-points, "
        f"{unit.span(lowest, highest)}, "
        f"{percent(phonons.share_imaginary)} imaginary; "
        f"interpolation changes c_v(300 K) by {_rounded(100 * phonons.interpolation_effect, 2)} %; "
        f"at the boundary of the supercell: {left}",
    )


def print_bands(bands: "BandStructure", unit: FrequencyUnit) -> None:
    """Print the path of the bands and what they span."""
    lowest, highest = (each / units.PER_CM_IN_THZ for each in (bands.lowest_THz, bands.highest_THz))
    n_points = sum(len(segment.qpoints) for segment in bands.segments)
    print_line("bands", f"{bands.path}, {n_points} points: {unit.span(lowest, highest)}")


def print_plan(path: str, atoms: Atoms, plan: "Plan", model: str | None) -> None:
    """Print which rows a Hessian needs."""
    print(f"\n{printable_name(path)}")
    print_structure_line(atoms.get_chemical_formula(), len(atoms))
    print_line("plan", str(plan))
    every = "any that keeps the whole space group; not all do, so name one"
    print_line("model", every if model is None else model)
    print()
    more = plan_table(plan).print(_SITES_SHOWN)
    if more:
        print(f"  and {more} more sites (JSON and CSV list all)")


def print_convergence(convergence: "SupercellConvergence") -> None:
    """Print the heat capacity over the supercells tried."""
    n_temperatures = len(convergence.temperatures_K)
    names = [name_supercell(step.matrix) for step in convergence.steps]
    width = max(map(len, ("supercell", *names))) + 2
    shown = convergence.temperatures_K[: (WIDTH - width - 19) // 10]
    more = "" if len(shown) == n_temperatures else f" (JSON has all {n_temperatures} of them)"
    print(f"\n  c_v in J/(g K) over supercells and temperatures{more}")
    heads = "".join(f"{value:8g} K" for value in shown)
    print(f"  {'supercell':<{width}} atoms   boundary{heads}")
    for name, step in zip(names, convergence.steps, strict=True):
        boundary = step.boundary_eV_per_A2
        left = "-" if boundary is None else f"{boundary:.1e}"
        values = "".join(f"{value:10.5f}" for value in step.heat_capacity_J_per_g_K[: len(shown)])
        print(f"  {name:<{width}} {step.n_atoms:5}   {left:>8}{values}")


def print_wavenumbers(vibrations: "Vibrations", unit: FrequencyUnit) -> None:
    """Print every vibration's frequency, eight to a line."""
    print(f"\n  {unit.quantities} in {unit.symbol} (negative: imaginary)")
    frequencies = unit.of_wavenumbers(vibrations.wavenumbers_per_cm)
    values = [f"{value:9.{unit.digits}f}" for value in frequencies]
    for start in range(0, len(values), 8):
        print(" " + "".join(values[start : start + 8]))


def print_thermodynamics(thermodynamics: "Thermodynamics") -> None:
    """Print the heat capacity at each temperature."""
    _print_acoustic(thermodynamics)
    _print_zero_point(thermodynamics)
    print()
    heat_capacity_table(thermodynamics).print()


def _print_acoustic(heat: "HeatCapacity") -> None:
    scaled = heat.scale_factor != 1.0
    scale = f", wavenumbers scaled by {heat.scale_factor:g}" if scaled else ""
    print_line("acoustic", f"{heat.acoustic}{scale}")


def _print_zero_point(thermodynamics: "Thermodynamics") -> None:
    print_line(
        "zero point",
        f"{thermodynamics.zero_point_energy_eV:.5f} eV per cell, "
        f"{thermodynamics.zero_point_energy_kJ_per_molformula:.3f} kJ "
        f"{thermodynamics.per_mole}",
    )


def print_further_functions(thermodynamics: "Thermodynamics", per: str) -> None:
    """Print the thermodynamic functions at each temperature, all per the same amount."""
    shown = shown_functions(thermodynamics, per)
    print()
    functions_table(thermodynamics, per).print()
    energy = f"{shown.zero_point_energy:.{shown.digits[1]}f} {shown.energy_unit}"
    print(f"  all {shown.amount}; U and F with the zero-point energy")
    print(f"  ({energy}), relative to the potential energy of the structure")


def print_ideal_gas(gas: "MolecularThermochemistry") -> None:
    """Print what an ideal gas of a molecule is like."""
    group = "not definite" if gas.point_group is None else gas.point_group
    given = " (as given)" if gas.symmetry_number_given else ""
    print_line(
        "molecule",
        f"{gas.geometry}, point group {group}, symmetry number {gas.symmetry_number}{given}, "
        f"spin S = {gas.spin:g}",
    )
    print_line("pressure", f"{gas.pressure_bar:g} bar")
    print_line(
        "zero point",
        f"{gas.zero_point_energy_eV:.5f} eV, {gas.zero_point_energy_kJ_per_mol:.3f} kJ/mol",
    )
    energy = gas.potential_energy_eV
    print_line(
        "potential",
        "energy not known: G in eV is above it, too"
        if energy is None
        else f"energy {energy:.6f} eV, which G in eV has in it",
    )
    print()
    ideal_gas_table(gas).print()
    print("  H, S and G in kJ/mol: above the potential energy of the structure")


def print_warnings(warnings: Iterable[str]) -> None:
    """Print what must be known before the numbers are used."""
    for warning in warnings:
        print()
        for line in textwrap.wrap(f"Warning: {warning}", WIDTH - 2):
            print(f"  {line}")


def _rounded(value: float, digits: int) -> str:
    """Return `value` without the sign of a zero that is the noise of acoustic modes."""
    return f"{round(value, digits) + 0.0:.{digits}f}"
