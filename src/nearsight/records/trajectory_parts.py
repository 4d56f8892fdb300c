"""What records say of a trajectory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from nearsight.records.described import Says


@dataclass(frozen=True, kw_only=True)
class FramesPart:
    """Which frames and atoms the numbers are from."""

    n_frames: Annotated[int, Says("Frames that count.", "1")]
    n_skipped: Annotated[int, Says("Frames of the beginning that were left out.", "1")]
    start_fs: Annotated[float, Says("Time of the first one that counts.", "fs")]
    end_fs: Annotated[float, Says("Time of the last one.", "fs")]
    n_selected: Annotated[int, Says("Atoms that count.", "1")]
    unwrapped: Annotated[
        bool, Says("Whether the file had unwrapped positions; else atoms were followed.")
    ]
    has_velocities: Annotated[bool, Says("Whether the file had velocities.")]


@dataclass(frozen=True, kw_only=True)
class PairPart:
    """The radial distribution function of two elements."""

    first: Annotated[str, Says("An element.")]
    second: Annotated[str, Says("The other, or the same again.")]
    g: Annotated[tuple[float, ...], Says("g(r) in each shell.", "1")]
    highest_A: Annotated[float, Says("Where it is highest.", "Å")]
    highest_g: Annotated[float, Says("How high it is there.", "1")]


@dataclass(frozen=True, kw_only=True)
class CoordinationPart:
    """How many atoms of one element are around one of another."""

    centre: Annotated[str, Says("Element in the middle.")]
    neighbour: Annotated[str, Says("Element around it.")]
    within_A: Annotated[float, Says("Up to this distance.", "Å")]
    number: Annotated[float, Says("Mean number.", "1")]


@dataclass(frozen=True, kw_only=True)
class RadialPart:
    """Radial distribution functions."""

    distances_A: Annotated[tuple[float, ...], Says("Middle of each shell.", "Å")]
    width_A: Annotated[float, Says("Thickness of a shell.", "Å")]
    total: Annotated[tuple[float, ...], Says("g(r) of all atoms.", "1")]
    total_error: Annotated[
        tuple[float, ...] | None,
        Says("Standard error of the total from blocks; null of few frames.", "1"),
    ]
    pairs: Annotated[tuple[PairPart, ...], Says("g(r) of each two elements.")]
    coordination: Annotated[
        tuple[CoordinationPart, ...], Says("Numbers of neighbours, where a distance was given.")
    ]

    def text(self, pair: PairPart) -> str:
        """Say where g(r) of a pair is highest, if that is no matter of where counting ends."""
        end_A = self.distances_A[-1] + self.width_A / 2
        if pair.highest_g == 0:
            return f"no pair up to {end_A:.2f} Å"
        if pair.highest_g == pair.g[-1]:
            return f"still rising at {end_A:.2f} Å, up to where pairs were counted"
        return f"up to {pair.highest_g:.2f} at {pair.highest_A:.2f} Å"


@dataclass(frozen=True, kw_only=True)
class DisplacementPart:
    """The mean squared displacement of one kind of particles."""

    kind: Annotated[str, Says("An element, or the formula of a molecule.")]
    of: Annotated[str, Says("atoms, or molecules by their centres of mass.")]
    n_particles: Annotated[int, Says("How many there are.", "1")]
    times_fs: Annotated[tuple[float, ...], Says("Some of the times, evenly spread.", "fs")]
    total_A2: Annotated[tuple[float, ...], Says("Mean squared displacement then.", "Å²")]


@dataclass(frozen=True, kw_only=True)
class DiffusionPart:
    """A coefficient of self-diffusion."""

    kind: Annotated[str, Says("What diffuses.")]
    diffusive: Annotated[
        bool, Says("Whether displacements grow as those of diffusion; else the rest means little.")
    ]
    value_m2_per_s: Annotated[float, Says("The coefficient in this cell.", "m²/s")]
    error_m2_per_s: Annotated[float, Says("Standard deviation: the larger of two.", "m²/s")]
    fit_error_m2_per_s: Annotated[float, Says("That of the fit.", "m²/s")]
    block_error_m2_per_s: Annotated[
        float | None, Says("From parts of the trajectory; null of a short one.", "m²/s")
    ]
    infinite_m2_per_s: Annotated[
        float | None,
        Says("In an infinite cell, by Yeh and Hummer; null unless asked for.", "m²/s"),
    ]
    slope_change: Annotated[
        float | None,
        Says("Change of the slope over the fit, as a share; null where it is undefined.", "1"),
    ]
    estimator: Annotated[str, Says("How slope and error were estimated.")]
    start_fs: Annotated[float, Says("Displacements were fitted from this time on.", "fs")]
    end_fs: Annotated[float, Says("Up to this time.", "fs")]
    n_particles: Annotated[int, Says("How many particles there are.", "1")]
    axes: Annotated[str, Says("Along which axes, such as xyz.")]


@dataclass(frozen=True, kw_only=True)
class CorrelationPart:
    """The autocorrelation of velocities, weighted by mass."""

    times_fs: Annotated[tuple[float, ...], Says("Some of the times, evenly spread.", "fs")]
    total: Annotated[tuple[float, ...], Says("Correlation, 1 at time 0.", "1")]
    by_element: Annotated[Mapping[str, tuple[float, ...]], Says("The part of each element.", "1")]


@dataclass(frozen=True, kw_only=True)
class SpectrumPart:
    """The density of states of velocities."""

    wavenumbers_per_cm: Annotated[tuple[float, ...], Says("From 0 to where it has ended.", "1/cm")]
    total_cm: Annotated[tuple[float, ...], Says("Degrees of freedom for each 1/cm.", "cm")]
    by_element_cm: Annotated[
        Mapping[str, tuple[float, ...]], Says("The part of each element.", "cm")
    ]
    width_per_cm: Annotated[float, Says("Standard deviation of a line.", "1/cm")]
    n_degrees: Annotated[float, Says("The integral: degrees of freedom.", "1")]


@dataclass(frozen=True, kw_only=True)
class HarmonicDensityPart:
    """A harmonic density of states beside the spectrum of velocities."""

    source: Annotated[str, Says("The file of the modes.")]
    n_times: Annotated[float, Says("How often its atoms are in the trajectory.", "1")]
    wavenumbers_per_cm: Annotated[tuple[float, ...], Says("Where it is given.", "1/cm")]
    total_cm: Annotated[tuple[float, ...], Says("Modes for each 1/cm.", "cm")]
    width_per_cm: Annotated[float, Says("Standard deviation of a line.", "1/cm")]


@dataclass(frozen=True, kw_only=True)
class TemperaturePart:
    """The kinetic temperature of some atoms."""

    atoms: Annotated[str, Says("An element, or all.")]
    mean_K: Annotated[float, Says("Mean.", "K")]
    error_K: Annotated[float, Says("Its standard error, from blocks.", "K")]
    n_independent: Annotated[float, Says("Independent values that have this error.", "1")]


@dataclass(frozen=True, kw_only=True)
class HeatCapacityPart:
    """Classical heat capacity at constant volume from fluctuations of the energy."""

    value_J_per_g_K: Annotated[float, Says("Heat capacity.", "J/(g K)")]
    error_J_per_g_K: Annotated[float, Says("Its standard error.", "J/(g K)")]
    value_boltzmann: Annotated[float, Says("That of the whole in units of k_B.", "1")]
    error_boltzmann: Annotated[float, Says("Its standard error.", "1")]
    n_independent: Annotated[float, Says("Independent values of the fluctuations.", "1")]


@dataclass(frozen=True, kw_only=True)
class CompressibilityPart:
    """Isothermal compressibility from fluctuations of the volume, and the bulk modulus."""

    value_per_GPa: Annotated[float, Says("Compressibility.", "1/GPa")]
    error_per_GPa: Annotated[float, Says("Its standard error.", "1/GPa")]
    bulk_modulus_GPa: Annotated[float, Says("Bulk modulus.", "GPa")]
    bulk_modulus_error_GPa: Annotated[float, Says("Its standard error.", "GPa")]
    volume_A3: Annotated[float, Says("Mean volume.", "Å³")]
    n_independent: Annotated[float, Says("Independent values of the fluctuations.", "1")]


@dataclass(frozen=True, kw_only=True)
class FluctuationsPart:
    """What follows from how much the samples of a run fluctuate."""

    source: Annotated[str, Says("The file of the samples.")]
    n_samples: Annotated[int, Says("Samples that count.", "1")]
    temperature_K: Annotated[float, Says("Temperature that fluctuations are those of.", "K")]
    heat_capacity: Annotated[HeatCapacityPart | None, Says("Null where the volume changes.")]
    compressibility: Annotated[
        CompressibilityPart | None, Says("Null where the volume stays the same.")
    ]
