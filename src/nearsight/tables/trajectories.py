"""The tables of what was found in a trajectory."""

from collections.abc import Sequence

from nearsight.dynamics.analysis.diffusion import DiffusionCoefficient
from nearsight.dynamics.analysis.displacement import MeanSquaredDisplacement
from nearsight.dynamics.analysis.rdf import RadialDistribution
from nearsight.dynamics.analysis.temperatures import Temperatures
from nearsight.dynamics.analysis.velocity_correlation import VelocityCorrelation, VelocitySpectrum
from nearsight.tables.table import Column, Table


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


def displacements_table(result: MeanSquaredDisplacement) -> Table:
    """Return mean squared displacements, one row a time."""
    columns = [Column("time_fs", result.times_fs)]
    for kind, by_axis in result.axes_A2.items():
        columns.append(Column(f"{kind}_A2", result.total_A2(kind)))
        columns += [
            Column(f"{kind}_{axis}_A2", by_axis[:, index]) for index, axis in enumerate("xyz")
        ]
    return Table(tuple(columns), "displacements")


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
