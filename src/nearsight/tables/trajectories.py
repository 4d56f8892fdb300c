"""What was found in a trajectory, as it is printed and as tables."""

import textwrap
from collections.abc import Callable, Iterator, Sequence

from nearsight.dynamics.analysis.diffusion import DiffusionCoefficient
from nearsight.dynamics.analysis.displacement import MeanSquaredDisplacement
from nearsight.dynamics.analysis.rdf import RadialDistribution
from nearsight.dynamics.analysis.temperatures import Temperatures
from nearsight.dynamics.analysis.velocity_correlation import VelocityCorrelation, VelocitySpectrum
from nearsight.printable import printable_name
from nearsight.records.motion_records import TrajectoryRecord
from nearsight.records.trajectory_parts import DiffusionPart, FluctuationsPart, RadialPart
from nearsight.records.trajectory_results import HarmonicDensity, TrajectoryResults
from nearsight.tables.lines import WIDTH, print_line
from nearsight.tables.table import Column, Table
from nearsight.workflows.trajectory_settings import ANALYSES

_MOST_PAIRS = 6


def print_trajectory(record: TrajectoryRecord, in_words: Callable[[str], str] = str) -> None:
    """Print what was found in a trajectory.

    Parameters
    ----------
    record
        Its record.
    in_words
        Puts options in the place of settings that a message names.
    """
    part = record.frames
    print(f"\n{printable_name(record.structure)}")
    selected = "" if part.n_selected == record.n_atoms else f", {part.n_selected} of them selected"
    print_line("structure", f"{record.formula}, {record.n_atoms} atoms{selected}")
    print_line("frames", _frames_text(record))
    _print_temperatures(record)
    if record.radial_distribution is not None:
        _print_radial(record.radial_distribution)
    for index, moved in enumerate(record.displacements):
        what = "centres of mass" if moved.of == "molecules" else "atoms"
        print_line(
            "displaced" if index == 0 else "",
            f"{moved.total_A2[-1]:.4g} Å² in {moved.times_fs[-1] / 1000:g} ps, mean square of "
            f"{moved.n_particles} {moved.kind} ({what})",
        )
    for index, diffusion in enumerate(record.diffusion):
        print_line("diffusion" if index == 0 else "", diffusion_text(diffusion))
    _print_velocities(record)
    if record.fluctuations is not None:
        for label, text in fluctuations_lines(record.fluctuations):
            print_line(label, text)
    _print_reasons(record, in_words)


def _frames_text(record: TrajectoryRecord) -> str:
    part = record.frames
    span = f"from {part.start_fs / 1000:g} to {part.end_fs / 1000:g} ps"
    plural = "" if part.n_frames == 1 else "s"
    skipped = f", {part.n_skipped} before left out" if part.n_skipped else ""
    have = "positions and velocities" if part.has_velocities else "positions"
    how = ", unwrapped" if part.unwrapped else ", followed across the cell"
    crosses = part.n_frames > 1 and any(record.relaxed_structure.pbc)
    return f"{part.n_frames} frame{plural} {span}{skipped}; {have}{how if crosses else ''}"


def _print_temperatures(record: TrajectoryRecord) -> None:
    for each in record.temperatures:
        label = "temperature" if each.atoms == "all" else ""
        name = "" if each.atoms == "all" else f" of {each.atoms}"
        if len(record.temperatures) > 2 or each.atoms == "all":
            print_line(label, f"{each.mean_K:.1f} ± {each.error_K:.2g} K{name}")


def _print_velocities(record: TrajectoryRecord) -> None:
    correlation, spectrum = record.velocity_correlation, record.velocity_spectrum
    if correlation is not None:
        lowest = min(correlation.total)
        at_fs = correlation.times_fs[correlation.total.index(lowest)]
        print_line(
            "velocities",
            f"correlated over {correlation.times_fs[-1]:g} fs, down to {lowest:.2f} at "
            f"{at_fs:g} fs",
        )
    if spectrum is not None:
        print_line(
            "spectrum",
            f"{spectrum.n_degrees:g} degrees of freedom up to "
            f"{spectrum.wavenumbers_per_cm[-1]:.0f} cm⁻¹, lines of {spectrum.width_per_cm:g} cm⁻¹",
        )
    if record.harmonic is not None:
        print_line("harmonic", f"modes of {printable_name(record.harmonic.source)}")


def _print_radial(radial: RadialPart) -> None:
    for index, pair in enumerate(radial.pairs[:_MOST_PAIRS]):
        print_line("g(r)" if index == 0 else "", f"{pair.first}-{pair.second} {radial.text(pair)}")
    more = len(radial.pairs) - _MOST_PAIRS
    if more > 0:
        print_line("", f"and {more} more pairs of elements (CSV and JSON have all)")
    for each in radial.coordination:
        print_line(
            "", f"{each.number:.2f} {each.neighbour} around {each.centre} in {each.within_A:g} Å"
        )


def diffusion_text(diffusion: DiffusionPart) -> str:
    """Return a diffusion coefficient in words, or that there is none."""
    who = f"{diffusion.n_particles} {diffusion.kind}"
    if not diffusion.diffusive:
        return f"none that can be told of {who}: see below"
    along = "" if diffusion.axes == "xyz" else f" along {diffusion.axes}"
    infinite = ""
    if diffusion.infinite_m2_per_s is not None:
        infinite = f"; {diffusion.infinite_m2_per_s:.3g} m²/s in an infinite cell (Yeh-Hummer)"
    return (
        f"D = {diffusion.value_m2_per_s:.3g} ± {diffusion.error_m2_per_s:.1g} m²/s of {who}{along}"
        f"{infinite}, by {diffusion.estimator} from {diffusion.start_fs / 1000:g} to "
        f"{diffusion.end_fs / 1000:g} ps"
    )


def fluctuations_lines(part: FluctuationsPart) -> Iterator[tuple[str, str]]:
    """Yield what fluctuations say, as labelled lines."""
    heat, change = part.heat_capacity, part.compressibility
    if heat is not None:
        yield (
            "heat cap.",
            f"{heat.value_J_per_g_K:.4g} ± {heat.error_J_per_g_K:.2g} J/(g K) at "
            f"{part.temperature_K:.1f} K, {heat.value_boltzmann:.4g} ± {heat.error_boltzmann:.2g} "
            f"k_B in all, classical, from {part.n_samples} samples",
        )
    if change is not None:
        yield (
            "bulk mod.",
            f"{change.bulk_modulus_GPa:.4g} ± {change.bulk_modulus_error_GPa:.2g} GPa at "
            f"{part.temperature_K:.1f} K and {change.volume_A3:.2f} Å³, from {part.n_samples} "
            f"samples",
        )


def _print_reasons(record: TrajectoryRecord, in_words: Callable[[str], str]) -> None:
    by_reason: dict[str, list[str]] = {}
    for name, reason in record.not_computed.items():
        by_reason.setdefault(reason, []).append(ANALYSES.get(name, name))
    for reason, names in by_reason.items():
        said = f"No {', '.join(names)}: {in_words(reason)}"
        print()
        print(textwrap.fill(said, WIDTH, initial_indent="  ", subsequent_indent="  "))


def trajectory_tables(results: TrajectoryResults) -> Sequence[Table]:
    """Return all curves and numbers of a trajectory, that of its frames first."""
    frames = results.frames
    tables = [
        Table(
            (
                Column("frames", [frames.n_frames]),
                Column("start_fs", [frames.start_fs]),
                Column("end_fs", [frames.end_fs]),
                *_fluctuation_columns(results),
            )
        )
    ]
    if results.radial is not None:
        tables.append(radial_distribution_table(results.radial))
    if results.displacements:
        tables.append(displacements_table(*results.displacements))
    if results.diffusion:
        tables.append(diffusion_table(results.diffusion))
    if results.correlation is not None:
        tables.append(velocity_correlation_table(results.correlation))
    if results.spectrum is not None:
        tables.append(velocity_spectrum_table(results.spectrum))
    if results.harmonic is not None:
        tables.append(harmonic_table(results.harmonic))
    if results.temperatures is not None:
        tables.append(temperatures_table(results.temperatures))
    return tables


def _fluctuation_columns(results: TrajectoryResults) -> Iterator[Column]:
    if results.fluctuations is None:
        return
    heat, change = results.fluctuations.heat_capacity, results.fluctuations.compressibility
    yield Column("temperature_K", [results.fluctuations.temperature_K])
    if heat is not None:
        value, error = heat.per_gram(results.fluctuations.mass_amu)
        yield Column("heat_capacity_J_per_g_K", [value])
        yield Column("heat_capacity_error_J_per_g_K", [error])
    if change is not None:
        yield Column("bulk_modulus_GPa", [change.bulk_modulus_GPa])
        yield Column("bulk_modulus_error_GPa", [change.bulk_modulus_error_GPa])


def harmonic_table(result: HarmonicDensity) -> Table:
    """Return a harmonic density of states, one row a wavenumber."""
    return Table(
        (
            Column("wavenumber_per_cm", result.wavenumbers_per_cm),
            Column("states_cm", result.total_cm),
        ),
        "harmonic",
    )


def radial_distribution_table(result: RadialDistribution) -> Table:
    """Return g(r) and the coordination numbers up to the end of each shell, one row a shell."""
    partial = [Column(f"g_{a}_{b}", values) for (a, b), values in result.partial.items()]
    around = [
        Column(f"number_of_{neighbour}_around_{centre}", values)
        for (centre, neighbour), values in result.around.items()
    ]
    error = [] if result.total_error is None else [Column("g_error", result.total_error)]
    return Table(
        (
            Column("distance_A", result.distances_A),
            Column("g", result.total),
            *error,
            *partial,
            *around,
        ),
        "radial-distribution",
    )


def displacements_table(*results: MeanSquaredDisplacement) -> Table:
    """Return mean squared displacements over the same times, one row a time."""
    columns = {"time_fs": results[0].times_fs}
    for result in results:
        for kind, by_axis in result.axes_A2.items():
            # An atom that is no part of a molecule is among both, with the same numbers.
            columns[f"{kind}_A2"] = result.total_A2(kind)
            columns |= {f"{kind}_{axis}_A2": by_axis[:, at] for at, axis in enumerate("xyz")}
    return Table(tuple(Column(name, values) for name, values in columns.items()), "displacements")


def velocity_correlation_table(result: VelocityCorrelation) -> Table:
    """Return the autocorrelation of velocities, one row a time."""
    parts = [Column(f"correlation_{symbol}", part) for symbol, part in result.by_element.items()]
    first = (Column("time_fs", result.times_fs), Column("correlation", result.total))
    return Table((*first, *parts), "velocity-correlation")


def velocity_spectrum_table(result: VelocitySpectrum) -> Table:
    """Return the density of states of velocities, one row a wavenumber."""
    parts = [Column(f"states_{symbol}_cm", part) for symbol, part in result.by_element_cm.items()]
    grid = Column("wavenumber_per_cm", result.wavenumbers_per_cm)
    return Table((grid, Column("states_cm", result.total_cm), *parts), "velocity-spectrum")


def temperatures_table(result: Temperatures) -> Table:
    """Return mean temperatures with their errors, of all atoms and of each element."""
    means = {"all": result.total, **result.by_element}
    return Table(
        (
            Column("atoms", list(means), "atoms", "<5"),
            Column("temperature_K", [each.mean for each in means.values()], "T/K", ">8.2f"),
            Column("error_K", [each.error for each in means.values()], "error", ">7.2f"),
            Column("independent_values", [each.n_independent for each in means.values()]),
        ),
        "temperatures",
    )


def diffusion_table(results: Sequence[DiffusionCoefficient]) -> Table:
    """Return diffusion coefficients, one row a kind of particles."""
    return Table(
        (
            Column("kind", [each.kind for each in results], "kind", "<8"),
            Column("axes", [each.axes for each in results]),
            Column(
                "diffusion_m2_per_s", [each.value_m2_per_s for each in results], "D/m²s⁻¹", ">10.3e"
            ),
            Column("error_m2_per_s", [each.error_m2_per_s for each in results], "error", ">8.1e"),
            Column("infinite_m2_per_s", [each.infinite_m2_per_s for each in results]),
            Column("fit_error_m2_per_s", [each.fit_error_m2_per_s for each in results]),
            Column("block_error_m2_per_s", [each.block_error_m2_per_s for each in results]),
            Column("slope_change", [each.slope_change for each in results]),
            Column("start_fs", [each.start_fs for each in results]),
            Column("end_fs", [each.end_fs for each in results]),
            Column("particles", [each.n_particles for each in results]),
            Column("estimator", [each.estimator for each in results], "estimator", "<25"),
        ),
        "diffusion",
    )
