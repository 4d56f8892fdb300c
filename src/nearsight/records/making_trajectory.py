"""The record of a trajectory."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.dynamics.analysis.block_averages import BlockAverage
from nearsight.dynamics.analysis.diffusion import DiffusionCoefficient
from nearsight.dynamics.analysis.displacement import MeanSquaredDisplacement
from nearsight.dynamics.analysis.rdf import RadialDistribution
from nearsight.dynamics.analysis.velocity_correlation import VelocityCorrelation, VelocitySpectrum
from nearsight.records.motion_records import TrajectoryRecord
from nearsight.records.shared_fields import UNKNOWN_RUN, Run, calculated_fields, part_of
from nearsight.records.trajectory_parts import (
    CompressibilityPart,
    CoordinationPart,
    CorrelationPart,
    DiffusionPart,
    DisplacementPart,
    FluctuationsPart,
    FramesPart,
    HarmonicDensityPart,
    HeatCapacityPart,
    PairPart,
    RadialPart,
    SpectrumPart,
    TemperaturePart,
)
from nearsight.records.trajectory_results import (
    Fluctuations,
    HarmonicDensity,
    TrajectoryResults,
    is_diffusive,
)

_MOST_TIMES = 200
"""Of a curve over time in a record; tables have all."""


def trajectory_record(results: TrajectoryResults, run: Run = UNKNOWN_RUN) -> TrajectoryRecord:
    """Return the record of a trajectory."""
    radial, correlation = results.radial, results.correlation
    spectrum, harmonic, hot = results.spectrum, results.harmonic, results.temperatures
    means = {} if hot is None else {"all": hot.total, **hot.by_element}
    return TrajectoryRecord(
        **calculated_fields(results.name, results.atoms, results.provenance, results.settings, run),
        frames=part_of(FramesPart, vars(results.frames)),
        radial_distribution=None if radial is None else _radial(radial, results.within_A),
        displacements=tuple(
            part for each in results.displacements for part in _displacements(each)
        ),
        diffusion=tuple(map(_diffusion, results.diffusion)),
        velocity_correlation=None if correlation is None else _correlation(correlation),
        velocity_spectrum=None if spectrum is None else _spectrum(spectrum),
        harmonic=None if harmonic is None else _harmonic(harmonic),
        temperatures=tuple(_temperature(name, mean) for name, mean in means.items()),
        fluctuations=None if results.fluctuations is None else _fluctuations(results.fluctuations),
        not_computed=dict(results.not_computed),
        warnings=results.warnings,
        results=results,
    )


def _radial(radial: RadialDistribution, within_A: float | None) -> RadialPart:
    pairs = [
        PairPart(
            first=first,
            second=second,
            g=_numbers(g),
            highest_A=float(radial.distances_A[int(g.argmax())]),
            highest_g=float(g.max()),
        )
        for (first, second), g in radial.partial.items()
    ]
    coordination = [
        CoordinationPart(
            centre=centre,
            neighbour=neighbour,
            within_A=within_A,
            number=radial.coordination_number(centre, neighbour, within_A),
        )
        for centre, neighbour in (radial.around if within_A is not None else ())
        if within_A is not None
    ]
    error = radial.total_error
    return RadialPart(
        distances_A=_numbers(radial.distances_A),
        width_A=radial.width_A,
        total=_numbers(radial.total),
        total_error=None if error is None else _numbers(error),
        pairs=tuple(pairs),
        coordination=tuple(coordination),
    )


def _displacements(moved: MeanSquaredDisplacement) -> Iterator[DisplacementPart]:
    some = _some(len(moved.times_fs))
    for kind in moved.axes_A2:
        yield DisplacementPart(
            kind=kind,
            of=moved.of,
            n_particles=moved.n_particles[kind],
            times_fs=_numbers(moved.times_fs[some]),
            total_A2=_numbers(moved.total_A2(kind)[some]),
        )


def _diffusion(diffusion: DiffusionCoefficient) -> DiffusionPart:
    names = DiffusionPart.__dataclass_fields__.keys() - {"diffusive", "slope_change"}
    change = diffusion.slope_change
    values: dict[str, Any] = {name: getattr(diffusion, name) for name in names}
    return part_of(
        DiffusionPart,
        {
            **values,
            "diffusive": is_diffusive(diffusion),
            "slope_change": change if np.isfinite(change) else None,
        },
    )


def _correlation(correlation: VelocityCorrelation) -> CorrelationPart:
    some = _some(len(correlation.times_fs))
    return CorrelationPart(
        times_fs=_numbers(correlation.times_fs[some]),
        total=_numbers(correlation.total[some]),
        by_element={
            symbol: _numbers(values[some]) for symbol, values in correlation.by_element.items()
        },
    )


def _spectrum(spectrum: VelocitySpectrum) -> SpectrumPart:
    shown = spectrum.wavenumbers_per_cm <= spectrum.highest_per_cm
    return SpectrumPart(
        wavenumbers_per_cm=_numbers(spectrum.wavenumbers_per_cm[shown]),
        total_cm=_numbers(spectrum.total_cm[shown]),
        by_element_cm={
            symbol: _numbers(values[shown]) for symbol, values in spectrum.by_element_cm.items()
        },
        width_per_cm=spectrum.width_per_cm,
        n_degrees=spectrum.n_degrees,
    )


def _harmonic(harmonic: HarmonicDensity) -> HarmonicDensityPart:
    return HarmonicDensityPart(
        source=harmonic.source,
        n_times=harmonic.n_times,
        wavenumbers_per_cm=_numbers(harmonic.wavenumbers_per_cm),
        total_cm=_numbers(harmonic.total_cm),
        width_per_cm=harmonic.width_per_cm,
    )


def _temperature(name: str, mean: BlockAverage) -> TemperaturePart:
    return TemperaturePart(
        atoms=name,
        mean_K=mean.mean,
        error_K=mean.error,
        n_independent=mean.n_independent,
    )


def _fluctuations(fluctuations: Fluctuations) -> FluctuationsPart:
    heat, change = fluctuations.heat_capacity, fluctuations.compressibility
    heat_part = change_part = None
    if heat is not None:
        value, error = heat.per_gram(fluctuations.mass_amu)
        in_boltzmann = heat.in_boltzmann
        heat_part = HeatCapacityPart(
            value_J_per_g_K=value,
            error_J_per_g_K=error,
            value_boltzmann=in_boltzmann[0],
            error_boltzmann=in_boltzmann[1],
            n_independent=heat.n_independent,
        )
    if change is not None:
        names = CompressibilityPart.__dataclass_fields__
        change_part = part_of(CompressibilityPart, {name: getattr(change, name) for name in names})
    return FluctuationsPart(
        source=fluctuations.source,
        n_samples=fluctuations.n_samples,
        temperature_K=fluctuations.temperature_K,
        heat_capacity=heat_part,
        compressibility=change_part,
    )


def _numbers(values: FloatArray) -> tuple[float, ...]:
    return tuple(values.tolist())


def _some(n: int) -> Any:
    """Return the indices of some times, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, _MOST_TIMES)).round().astype(np.int64))
