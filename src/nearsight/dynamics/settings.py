"""What molecular dynamics is asked for.

Times and pressures are numbers in the unit of the name; the command line takes them with theirs.
"""

from dataclasses import dataclass
from typing import Annotated

from nearsight.errors import SettingError
from nearsight.settings import POSITIVE, Help, OneOf, Range, Settings

ENSEMBLES = ("nve", "nvt", "npt")
ENGINES = ("ase", "lammps")
THERMOSTATS = ("bussi", "langevin", "nose-hoover")


@dataclass(frozen=True, kw_only=True)
class DynamicsSettings(Settings):
    """How atoms move, and for how long.

    Everything here decides the trajectory; what is written of it is in `OutputSettings`.

    Examples
    --------
    >>> from nearsight.dynamics import DynamicsSettings
    >>> settings = DynamicsSettings(ensemble="npt", external_pressure_bar=1.0, time_ps=2.0)
    >>> settings.n_steps
    4000
    """

    ensemble: Annotated[
        str,
        Help("constant energy (nve), temperature (nvt), or temperature and pressure (npt)"),
        OneOf(ENSEMBLES),
    ] = "nvt"
    engine: Annotated[
        str,
        Help("what moves the atoms by the forces of the model (default: ase)"),
        OneOf(ENGINES),
    ] = "ase"
    time_ps: Annotated[float, Help("how long, such as 10ps (default: 1ps)", "T"), POSITIVE] = 1.0
    timestep_fs: Annotated[float, Help("length of a step (default: 0.5fs)", "T"), POSITIVE] = 0.5
    temperature_K: Annotated[
        float, Help("temperature in K; that of the first velocities in nve", "T"), POSITIVE
    ] = 300.0
    final_temperature_K: Annotated[
        float | None,
        Help("change the temperature evenly, up to this one at the end", "T"),
        POSITIVE,
    ] = None
    external_pressure_bar: Annotated[
        float | None, Help("pressure of npt, such as 1bar or 1GPa; a tension is negative", "P")
    ] = None
    thermostat: Annotated[
        str | None,
        Help("thermostat (default: bussi in nvt, nose-hoover in npt)"),
        OneOf(THERMOSTATS),
    ] = None
    thermostat_time_fs: Annotated[
        float, Help("time in which the thermostat acts (default: 100fs)", "T"), POSITIVE
    ] = 100.0
    barostat_time_fs: Annotated[
        float, Help("time in which the barostat acts (default: 1ps)", "T"), POSITIVE
    ] = 1000.0
    cell_change: Annotated[
        str, Help("let npt change the volume only, or the whole cell"), OneOf(("isotropic", "full"))
    ] = "isotropic"
    seed: Annotated[int, Help("of velocities and stochastic thermostats", "N"), Range(least=0)] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        is_npt = self.ensemble == "npt"
        if is_npt and self.engine == "lammps":
            raise SettingError(
                "the `engine` lammps has nve and nvt; its npt has other equations of motion than "
                "that of ase. Take the `engine` ase, or write a script for `nearsight lammps`.",
                "engine",
            )
        if is_npt and self.external_pressure_bar is None:
            raise SettingError(
                "npt needs a pressure: set `external_pressure_bar`, such as 1 bar.",
                "external_pressure_bar",
            )
        if not is_npt and self.external_pressure_bar is not None:
            raise SettingError(
                f"`external_pressure_bar` is of npt only, and `ensemble` is {self.ensemble}; leave "
                f"one out.",
                "external_pressure_bar",
            )
        if is_npt and self.thermostat not in {None, "nose-hoover"}:
            raise SettingError(
                f"npt has the `thermostat` nose-hoover, to which its barostat belongs, not "
                f"{self.thermostat}; leave it out.",
                "thermostat",
            )
        if self.ensemble == "nve" and self.thermostat is not None:
            raise SettingError(
                "nve keeps the energy and has no `thermostat`; leave it out.", "thermostat"
            )
        if self.ensemble == "nve" and self.final_temperature_K is not None:
            raise SettingError(
                "nve keeps the energy, and its temperature cannot be changed: leave "
                "`final_temperature_K` out.",
                "final_temperature_K",
            )
        for name in ("thermostat_time_fs", "barostat_time_fs"):
            if getattr(self, name) < self.timestep_fs:
                raise SettingError(
                    f"`{name}` is {getattr(self, name):g} fs, less than a step of "
                    f"{self.timestep_fs:g} fs; a hundred steps are usual.",
                    name,
                )
        if self.n_steps < 1:
            raise SettingError(
                f"`time_ps` is {self.time_ps:g}, less than one step of {self.timestep_fs:g} fs.",
                "time_ps",
            )

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return round(1000.0 * self.time_ps / self.timestep_fs)

    @property
    def chosen_thermostat(self) -> str | None:
        """The thermostat that is used; None in nve."""
        if self.ensemble == "nve":
            return None
        return self.thermostat or ("nose-hoover" if self.ensemble == "npt" else "bussi")

    def temperature_at(self, step: int) -> float:
        """Return the temperature in K that the thermostat has during a step, counted from 1."""
        if self.final_temperature_K is None:
            return self.temperature_K
        share = step / self.n_steps
        return self.temperature_K + share * (self.final_temperature_K - self.temperature_K)


@dataclass(frozen=True, kw_only=True)
class OutputSettings(Settings):
    """What is written of a trajectory, and how often.

    Examples
    --------
    >>> from nearsight.dynamics import OutputSettings
    >>> settings = OutputSettings(every_fs=20.0, velocities=True)
    >>> settings.interval(timestep_fs=0.5)
    40
    """

    every_fs: Annotated[
        float, Help("time between samples, and between frames (default: 10fs)", "T"), POSITIVE
    ] = 10.0
    velocities: Annotated[bool, Help("write velocities into frames")] = False
    forces: Annotated[bool, Help("write forces into frames")] = False
    stress: Annotated[
        bool, Help("compute stress and pressure at constant volume, too, as npt does in any case")
    ] = False

    def interval(self, timestep_fs: float) -> int:
        """Return the number of steps between frames."""
        return max(round(self.every_fs / timestep_fs), 1)
