"""What is asked of how far atoms see, as a value."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.settings import POSITIVE, Help, Settings

THRESHOLD_eV_per_A2 = 0.35
"""Γ: below this ‖G'‖ the force error is about 0.15 eV/Å (doi:10.1063/5.0082952)."""
REFERENCE_RADIUS_A = 12.0
"""Radius of the fragment that smaller ones are compared with."""


@dataclass(frozen=True, kw_only=True)
class FragmentSettings(Settings):
    """Around which atoms fragments are cut, and what is kept together.

    Examples
    --------
    >>> from nearsight.locality import FragmentSettings
    >>> settings = FragmentSettings(sites=("Zn0", "10"))
    >>> settings.sites
    ('Zn0', '10')
    """

    sites: Annotated[
        tuple[str, ...] | None,
        Help(
            "cut around these atoms: an index counted from 0, or element and index as in Zn0",
            "ATOM",
        ),
    ] = None
    keep: Annotated[
        tuple[tuple[int, ...], ...],
        Help("never cut between these atoms; may be given several times", "I,J,..."),
    ] = ()


@dataclass(frozen=True, kw_only=True)
class ConvergenceSettings(Settings):
    """When a fragment is large enough.

    Examples
    --------
    >>> from nearsight.locality import ConvergenceSettings
    >>> settings = ConvergenceSettings(reference_radius_A=10.0, threshold_eV_per_A2=0.2)
    >>> settings.threshold_eV_per_A2
    0.2
    """

    reference_radius_A: Annotated[
        float,
        Help("radius in Å of the fragment that smaller ones are compared with", "R"),
        POSITIVE,
    ] = REFERENCE_RADIUS_A
    threshold_eV_per_A2: Annotated[
        float,
        Help("largest norm of the effective group matrix of a converged fragment in eV/Å²", "G"),
        POSITIVE,
    ] = THRESHOLD_eV_per_A2
