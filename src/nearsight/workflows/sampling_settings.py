"""Around a structure, which structures labels are computed for."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.settings import POSITIVE, Help, Range, Settings


@dataclass(frozen=True, kw_only=True)
class DistortionSettings(Settings):
    """How far structures are from the one that is given, where nothing moves by itself.

    Examples
    --------
    >>> from nearsight.workflows import DistortionSettings
    >>> settings = DistortionSettings(displacement_A=0.05, strain=0.01)
    >>> settings.strain
    0.01
    """

    displacement_A: Annotated[
        float,
        Help("standard deviation of random displacements, along each axis, in Å", "D"),
        Range(least=0),
    ] = 0.1
    strain: Annotated[
        float,
        Help("standard deviation of each component of random strains of a crystal", "S"),
        Range(least=0),
    ] = 0.03


@dataclass(frozen=True, kw_only=True)
class SamplingSettings(Settings):
    """How structures are taken from molecular dynamics at constant temperature and cell.

    Examples
    --------
    >>> from nearsight.workflows import SamplingSettings
    >>> settings = SamplingSettings(temperatures_K=(300, 600), every_fs=20.0)
    >>> settings.temperatures_K
    (300.0, 600.0)
    """

    temperatures_K: Annotated[
        tuple[float, ...],
        Help(
            "take structures from molecular dynamics at these temperatures in K, in equal parts, "
            "in place of random distortions",
            "T",
        ),
        POSITIVE,
    ] = ()
    timestep_fs: Annotated[float, Help("length of a step (default: 1fs)", "T"), POSITIVE] = 1.0
    every_fs: Annotated[float, Help("time between structures (default: 50fs)", "T"), POSITIVE] = (
        50.0
    )
    equilibration_ps: Annotated[
        float, Help("time before the first (default: 0.5ps)", "T"), POSITIVE
    ] = 0.5
