"""What a command prints, at most 80 columns wide."""

import textwrap

from nearsight.cli.calculation import Calculated
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.thermodynamic_functions import Thermodynamics

_WIDTH = 80
_LABEL = 12


def print_calculation(calculated: Calculated) -> None:
    """Print how the Hessian came about."""
    hessian = calculated.hessian
    identity = hessian.provenance.model
    print(f"\n{calculated.path}")
    repeats = calculated.settings.get("supercell", [1, 1, 1])
    supercell = "" if repeats == [1, 1, 1] else f", {'×'.join(map(str, repeats))} supercell"
    _line("structure", f"{calculated.formula}, {hessian.n_atoms} atoms{supercell}")
    _line("model", f"{identity.name}, {identity.dtype}, {identity.device}")
    if calculated.relaxation is not None:
        _print_relaxation(calculated)
    _line(
        "Hessian",
        f"{hessian.rows_computed} of {hessian.rows_total} rows computed in {hessian.seconds:.1f} s "
        f"with {hessian.peak_memory_bytes / 2**20:.0f} MiB; asymmetry "
        f"{hessian.asymmetry_eV_per_A2:.1e}, sum rule {hessian.sum_rule_eV_per_A2:.1e} eV/Å²",
    )
    step = "" if hessian.step_A is None else f", step {hessian.step_A:g} Å"
    _line("method", f"{hessian.method}{step} ({hessian.reason})")


def _print_relaxation(calculated: Calculated) -> None:
    relaxation = calculated.relaxation
    assert relaxation is not None
    verdict = "converged" if relaxation.converged else "NOT CONVERGED"
    volume = relaxation.volume_change
    _line(
        "relaxation",
        f"{verdict} after {relaxation.n_steps} steps, fmax {relaxation.fmax_eV_per_A:.4f} eV/Å, "
        f"energy {1000 * relaxation.energy_change_eV_per_atom:+.2f} meV/atom"
        + ("" if volume is None else f", volume {100 * volume:+.2f} %"),
    )
    symmetry = relaxation.symmetry
    if symmetry is not None:
        _line(
            "symmetry",
            f"{symmetry.symbol_before} -> {symmetry.symbol_after} within "
            f"{symmetry.tolerance_A:g} Å: largest displacement "
            f"{symmetry.max_displacement_A:.1e} Å, energy "
            f"{1000 * symmetry.energy_change_eV_per_atom:+.4f} meV/atom",
        )


def print_modes(vibrations: Vibrations) -> None:
    """Print how many modes of which kind there are."""
    wavenumbers = vibrations.wavenumbers_per_cm
    real = wavenumbers[wavenumbers > 0]
    span = f" from {real[0]:.1f} to {real[-1]:.1f} cm⁻¹" if len(real) else ""
    _line(
        "modes",
        f"{len(real)} real{span}, {vibrations.n_imaginary} imaginary, "
        f"{vibrations.n_rigid_body} rigid-body",
    )


def print_wavenumbers(vibrations: Vibrations) -> None:
    """Print every vibration's wavenumber, eight to a line."""
    print("\n  wavenumbers in cm⁻¹ (negative: imaginary)")
    values = [f"{value:9.2f}" for value in vibrations.wavenumbers_per_cm]
    for start in range(0, len(values), 8):
        print(" " + "".join(values[start : start + 8]))


def print_thermodynamics(thermodynamics: Thermodynamics) -> None:
    """Print the heat capacity at each temperature."""
    scaled = thermodynamics.scale_factor != 1.0
    scale = f", wavenumbers scaled by {thermodynamics.scale_factor:g}" if scaled else ""
    _line("acoustic", f"{thermodynamics.acoustic}{scale}")
    print("\n      T / K   c_v / J/(g K)   J/(mol-atoms K)    J/K per cell")
    for row in thermodynamics.heat_capacity_summary():
        print(
            f"  {row['temperature_K']:9.2f}   {row['J_per_g_K']:13.5f}   "
            f"{row['J_per_molatom_K']:15.4f}   {row['J_per_K_per_cell']:13.5e}"
        )


def print_warnings(warnings: tuple[str, ...]) -> None:
    """Print what must be known before the numbers are used."""
    for warning in warnings:
        print()
        for line in textwrap.wrap(f"Warning: {warning}", _WIDTH - 2):
            print(f"  {line}")


def _line(label: str, text: str) -> None:
    lines = textwrap.wrap(text, _WIDTH - _LABEL - 2, break_long_words=False)
    for index, line in enumerate(lines):
        print(f"  {label if index == 0 else '':<{_LABEL}}{line}")
