"""What the analysis of a trajectory is asked for."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.errors import SettingError
from nearsight.settings import POSITIVE, Help, OneOf, Range, Settings

UNITS = ("metal", "real")
"""LAMMPS's styles of units in which lengths are Å."""


@dataclass(frozen=True, kw_only=True)
class FrameSettings(Settings):
    """How frames are read, and which of them, and which atoms, count.

    Examples
    --------
    >>> from nearsight.workflows import FrameSettings
    >>> settings = FrameSettings(timestep_fs=0.5, elements=("Si", "O"), skip_ps=2.0)
    >>> settings.elements
    ('Si', 'O')
    """

    timestep_fs: Annotated[
        float | None, Help("length of a step, where the file counts steps (LAMMPS)", "T"), POSITIVE
    ] = None
    interval_fs: Annotated[
        float | None,
        Help("time between frames, where the file tells neither times nor steps", "T"),
        POSITIVE,
    ] = None
    elements: Annotated[
        tuple[str, ...] | None,
        Help("of LAMMPS, the elements of the types 1, 2, ..., such as Si O", "EL"),
    ] = None
    units: Annotated[
        str | None, Help("of LAMMPS, the style of units, which velocities need"), OneOf(UNITS)
    ] = None
    positions: Annotated[
        str,
        Help("take positions as carried back into the cell or not, or as the file says (auto)"),
        OneOf(("auto", "wrapped", "unwrapped")),
    ] = "auto"
    skip_ps: Annotated[
        float | None, Help("leave out the beginning, such as 5ps of equilibration", "T"), POSITIVE
    ] = None
    every: Annotated[int, Help("take each such frame only", "N"), Range(least=1)] = 1
    select: Annotated[
        tuple[str, ...] | None,
        Help("take some atoms only: elements, or indices from 0 such as 0-31", "WHICH"),
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.timestep_fs is not None and self.interval_fs is not None:
            raise SettingError("give `timestep_fs` or `interval_fs`, not both.", "interval_fs")


@dataclass(frozen=True, kw_only=True)
class RadialSettings(Settings):
    """How pairs of atoms are counted by distance.

    Examples
    --------
    >>> from nearsight.workflows import RadialSettings
    >>> settings = RadialSettings(farthest_A=8.0, within_A=3.2)
    >>> settings.farthest_A
    8.0
    """

    farthest_A: Annotated[
        float | None,
        Help("up to which distance in Å (default: half of the smallest width of the cell)", "R"),
        POSITIVE,
    ] = None
    width_A: Annotated[float, Help("thickness of a shell in Å", "D"), POSITIVE] = 0.05
    within_A: Annotated[
        float | None, Help("count neighbours up to this distance in Å", "R"), POSITIVE
    ] = None


@dataclass(frozen=True, kw_only=True)
class DiffusionSettings(Settings):
    """Whose displacements are averaged, and how lines are put through them.

    Examples
    --------
    >>> from nearsight.workflows import DiffusionSettings
    >>> settings = DiffusionSettings(axes="z", estimator="least-squares")
    >>> settings.axes
    'z'
    """

    particles: Annotated[
        str,
        Help("follow atoms only, or molecules by their centres of mass too, if there are any"),
        OneOf(("auto", "atoms", "molecules")),
    ] = "auto"
    start_fs: Annotated[
        float | None,
        Help("fit displacements from this time on (default: 2 % of the length)", "T"),
        POSITIVE,
    ] = None
    end_fs: Annotated[
        float | None, Help("fit up to this time (default: 10 % of the length)", "T"), POSITIVE
    ] = None
    axes: Annotated[str, Help("diffusion along some axes only, such as z", "AXES")] = "xyz"
    remove_drift: Annotated[bool, Help("take the motion of the centre of mass off")] = False
    estimator: Annotated[
        str,
        Help("kinisi, generalised least squares, or the first if it is installed (auto)"),
        OneOf(("auto", "kinisi", "least-squares")),
    ] = "auto"
    viscosity_Pa_s: Annotated[
        float | None,
        Help(
            "shear viscosity of a liquid in Pa s: correct diffusion for the size of a cubic cell "
            "(Yeh and Hummer)",
            "ETA",
        ),
        POSITIVE,
    ] = None


@dataclass(frozen=True, kw_only=True)
class VelocitySettings(Settings):
    """How velocities are correlated, and their spectrum made.

    Examples
    --------
    >>> from nearsight.workflows import VelocitySettings
    >>> settings = VelocitySettings(width_per_cm=20.0)
    >>> settings.width_per_cm
    20.0
    """

    longest_fs: Annotated[
        float | None,
        Help(
            "correlate velocities up to this time (default: half of the length, 2ps at most)", "T"
        ),
        POSITIVE,
    ] = None
    width_per_cm: Annotated[
        float, Help("width of a line of the spectrum, a standard deviation in cm⁻¹", "W"), POSITIVE
    ] = 10.0
