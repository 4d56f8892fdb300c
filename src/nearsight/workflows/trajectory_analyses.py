"""What can be computed of a trajectory, one analysis after the other."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar, cast

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.dynamics.analysis.diffusion import (
    DiffusionCoefficient,
    Estimator,
    diffusion_coefficient,
)
from nearsight.dynamics.analysis.displacement import (
    MeanSquaredDisplacement,
    mean_squared_displacement,
)
from nearsight.dynamics.analysis.fluctuations import (
    compressibility_of_fluctuations,
    heat_capacity_of_fluctuations,
)
from nearsight.dynamics.analysis.log_reading import read_log
from nearsight.dynamics.analysis.molecules import Group, molecules
from nearsight.dynamics.analysis.rdf import RadialDistribution, radial_distribution
from nearsight.dynamics.analysis.temperatures import degrees_of_atoms, temperatures
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.dynamics.analysis.velocity_correlation import (
    VelocityCorrelation,
    VelocitySpectrum,
    velocity_correlation,
    velocity_spectrum,
)
from nearsight.errors import MethodError, StructureError
from nearsight.progress import Progress
from nearsight.records.trajectory_results import Fluctuations, is_diffusive
from nearsight.remarks import Remark
from nearsight.workflows.harmonic_density import harmonic_density
from nearsight.workflows.trajectory_settings import TrajectorySettings

Result = TypeVar("Result")
File = str | os.PathLike[str]

_LONGEST_CORRELATION_FS = 2000.0
_SMALLEST_SHARE = 0.5
"""Of the variance of the kinetic energy: the total energy has more of it at constant temperature,
where potential and kinetic energy fluctuate by themselves, and hardly any at constant energy."""
_SAME_VOLUME = 1e-9
_SIZE = "size-not-corrected"


class Analyses:
    """Computes what a trajectory allows, and keeps why the rest cannot be.

    Parameters
    ----------
    settings
        What is asked for.
    frames
        The frames that count, with all atoms.
    chosen
        Indices of the atoms that count, but for temperatures, which are of all.
    progress
        Where progress goes.
    """

    def __init__(
        self, settings: TrajectorySettings, frames: Trajectory, chosen: IntArray, progress: Progress
    ) -> None:
        self._settings = settings
        self._frames = frames
        self._chosen = chosen
        self._some = frames if len(chosen) == frames.n_atoms else frames.of_atoms(chosen)
        self._progress = progress
        self._not_computed: dict[str, str] = {}
        self._remarks: tuple[Remark, ...] = ()

    def results(
        self, samples: File | None, harmonic: File | None, skip_fs: float
    ) -> dict[str, Any]:
        """Return what `nearsight.records.trajectory_results.TrajectoryResults` has of them.

        Raises
        ------
        NearsightError
            What was asked for cannot be computed, or nothing can be.
        """
        # First what is quick, and refused before pairs are counted.
        fluctuations = None if samples is None else self._fluctuations(samples, skip_fs)
        hot = self._attempt("temperatures", lambda: temperatures(self._frames))
        spectrum = self._attempt("spectrum", self._spectrum)
        found = {
            "fluctuations": fluctuations,
            "temperatures": hot,
            "spectrum": spectrum,
            "harmonic": None if harmonic is None else self._harmonic(harmonic, spectrum),
            "correlation": self._attempt("vacf", self._correlation),
            "radial": self._attempt("rdf", self._radial),
        }
        groups = self._molecules() if self._wants_motion() else None
        found["displacements"] = self._attempt("msd", lambda: self._displacements(groups)) or ()
        found["diffusion"] = self._attempt("diffusion", lambda: self._diffusion(groups)) or ()
        if not any(found.values()):
            raise MethodError(f"nothing can be computed: {'; '.join(self.reasons())}.")
        return {
            **found,
            "within_A": self._settings.radial.within_A,
            "not_computed": self._not_computed,
            "remarks": self._remarks,
        }

    def reasons(self) -> list[str]:
        """Return why something was not computed, each reason once."""
        return list(dict.fromkeys(each.rstrip(".") for each in self._not_computed.values()))

    def _attempt(self, name: str, compute: Callable[[], Result]) -> Result | None:
        """Return what can be computed; None, with the reason kept, where nobody insists on it."""
        if not self._settings.wants(name):
            return None
        try:
            return compute()
        except (MethodError, StructureError) as error:
            if name in self._settings.asked:
                raise
            self._not_computed[name] = str(error)
            return None

    def _wants_motion(self) -> bool:
        return self._settings.wants("msd") or self._settings.wants("diffusion")

    def _radial(self) -> RadialDistribution:
        asked = self._settings.radial
        return radial_distribution(
            self._some,
            farthest_A=asked.farthest_A,
            width_A=asked.width_A,
            progress=self._progress,
        )

    def _correlation(self) -> VelocityCorrelation:
        longest_fs = self._settings.velocity.longest_fs
        if longest_fs is None:
            interval_fs = self._some.interval_fs
            half_fs = interval_fs * (len(self._some) // 2)
            longest_fs = max(min(half_fs, _LONGEST_CORRELATION_FS), interval_fs)
        return velocity_correlation(self._some, longest_fs=longest_fs)

    def _spectrum(self) -> VelocitySpectrum:
        self._some.require_velocities()
        return velocity_spectrum(
            self._some,
            width_per_cm=self._settings.velocity.width_per_cm,
            n_degrees=float(degrees_of_atoms(self._frames)[self._chosen].sum()),
        )

    def _harmonic(self, path: File, spectrum: VelocitySpectrum | None) -> Any:
        if spectrum is None:
            reason = self._not_computed.get("spectrum", "it was left out.")
            raise MethodError(f"there is no spectrum to compare `harmonic` modes with: {reason}")
        return harmonic_density(path, spectrum, self._some.symbols)

    def _molecules(self) -> tuple[Group, ...] | None:
        """Return the molecules, and atoms by themselves; None where atoms only are followed."""
        particles = self._settings.diffusion.particles
        if particles == "atoms":
            return None
        try:
            groups = molecules(self._some)
        except (MethodError, StructureError) as error:
            if particles == "molecules":
                raise
            if isinstance(error, StructureError):  # a framework has none, which is no defect
                self._not_computed["molecules"] = str(error)
            return None
        return groups if any(len(group.atoms) > 1 for group in groups) else None

    def _displacements(self, groups: Sequence[Group] | None) -> tuple[MeanSquaredDisplacement, ...]:
        drift = self._settings.diffusion.remove_drift
        kinds = [None] if groups is None else [None, groups]
        return tuple(
            mean_squared_displacement(self._some, each, remove_drift=drift) for each in kinds
        )

    def _diffusion(self, groups: Sequence[Group] | None) -> tuple[DiffusionCoefficient, ...]:
        asked = self._settings.diffusion
        names = self._some.symbols if groups is None else [group.name for group in groups]
        temperature_K = None if asked.viscosity_Pa_s is None else self._temperature_K()
        made = [
            diffusion_coefficient(
                self._some,
                kind,
                groups=groups,
                start_fs=asked.start_fs,
                end_fs=asked.end_fs,
                axes=asked.axes,
                remove_drift=asked.remove_drift,
                estimator=cast(Estimator, asked.estimator),
                viscosity_Pa_s=asked.viscosity_Pa_s,
                temperature_K=temperature_K,
            )
            for kind in dict.fromkeys(names)
        ]
        return tuple(self._without_size(made))

    def _temperature_K(self) -> float | None:
        """Return the temperature that was given, or the mean one where there are velocities."""
        given = self._settings.temperature_K
        if given is not None or self._frames.velocities_A_per_fs is None:
            return given
        return temperatures(self._frames).total.mean

    def _without_size(self, made: Sequence[DiffusionCoefficient]) -> Iterator[DiffusionCoefficient]:
        """Yield coefficients, and say once of all that diffuses that the cell has a size."""
        kinds = []
        for each in made:
            left = tuple(one for one in each.warnings if one.code != _SIZE)
            if left != each.warnings and is_diffusive(each):
                kinds.append(each.kind)
            yield replace(each, warnings=left)
        if kinds:
            self._remarks += (
                Remark(
                    _SIZE,
                    f"diffusion ({', '.join(kinds)}) is that in this cell; in a liquid it is "
                    f"faster in an infinite one, by the correction of Yeh and Hummer, which needs "
                    f"the viscosity (`viscosity_Pa_s`).",
                ),
            )

    def _fluctuations(self, samples: File, skip_fs: float) -> Fluctuations:
        log = read_log(samples)
        times_fs = log["time_fs"]
        counts = times_fs >= times_fs[0] + skip_fs
        # The end of a run is a sample, too, wherever it is between two others.
        if len(times_fs) > 2 and times_fs[-1] - times_fs[-2] < 0.999 * (times_fs[1] - times_fs[0]):
            counts[-1] = False
        log = {name: values[counts] for name, values in log.items()}
        temperature_K = self._settings.temperature_K or float(np.mean(log["temperature_K"]))
        heat = change = None
        kind = _ensemble(log, str(samples))
        if kind == "npt":
            change = compressibility_of_fluctuations(log["volume_A3"], temperature_K)
        else:
            energies_eV = log["potential_energy_eV"] + log["kinetic_energy_eV"]
            heat = heat_capacity_of_fluctuations(energies_eV, temperature_K)
        return Fluctuations(
            source=str(samples),
            n_samples=int(counts.sum()),
            temperature_K=temperature_K,
            mass_amu=float(self._frames.masses_amu.sum()),
            heat_capacity=heat,
            compressibility=change,
        )


def _ensemble(log: dict[str, FloatArray], source: str) -> Literal["nvt", "npt"]:
    """Return what was kept constant, by what fluctuates.

    Raises
    ------
    MethodError
        It was the energy, or there are too few samples.
    """
    if len(log["time_fs"]) < 4:
        raise MethodError(
            f"{source} has {len(log['time_fs'])} samples that count; fluctuations need four, and "
            f"many more to be known well."
        )
    volumes = log["volume_A3"]
    if np.isfinite(volumes).all() and np.ptp(volumes) > _SAME_VOLUME * volumes.mean():
        return "npt"
    kinetic = log["kinetic_energy_eV"]
    total = log["potential_energy_eV"] + kinetic
    if total.var() < _SMALLEST_SHARE * kinetic.var():
        raise MethodError(
            f"{source} is of a run at constant energy, by how little its energy fluctuates; heat "
            f"capacities need one at constant temperature. Leave `samples` out."
        )
    return "nvt"
