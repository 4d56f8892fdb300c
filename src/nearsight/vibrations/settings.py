"""How phonons, probing and thermodynamic functions are computed, as values."""

from dataclasses import dataclass
from typing import Annotated, Literal

from nearsight.errors import SettingError
from nearsight.hessian.settings import DEFAULT_LENGTH_A
from nearsight.settings import POSITIVE, Help, OneOf, Range, Settings

EQUATIONS_OF_STATE = ("vinet", "birch_murnaghan", "murnaghan")
"""phonopy's names of them."""
FEWEST_VOLUMES = 5
"""As many as a polynomial of fourth degree needs."""
LEAST_SPAN = 0.01
"""Of volumes: closer ones differ by little but the noise of their energies."""

Acoustic = Literal["exclude", "classical", "as-computed"]
"""What rigid-body modes contribute; see `nearsight.vibrations.thermodynamics`."""
DEFAULT_MESH_LENGTH_A = 100.0
"""Fineness of the mesh unless one is asked for, as in phonopy."""
DEFAULT_RADIUS_A = 4.0
"""With it the scatter was 2e-4 to 4e-4 of the heat capacity at 300 K for four porous solids
(`studies/results/probing.md`)."""


@dataclass(frozen=True, kw_only=True)
class ThermodynamicSettings(Settings):
    """At which temperatures, and what counts.

    Examples
    --------
    >>> from nearsight.vibrations import ThermodynamicSettings
    >>> settings = ThermodynamicSettings(temperatures_K=(250, 300, 350))
    >>> settings.temperatures_K
    (250.0, 300.0, 350.0)
    """

    temperatures_K: Annotated[
        tuple[float, ...],
        Help("temperatures in K, also as start:stop:step, such as 0:1000:50", "T"),
        Range(least=0),
    ] = (300.0,)
    acoustic: Annotated[
        Acoustic | None,
        Help(
            "what the rigid-body modes at Γ contribute: nothing, k_B each, or what their computed "
            "wavenumbers give (default: classical on a mesh, where they are one point of many, "
            "otherwise exclude)"
        ),
    ] = None
    scale_factor: Annotated[float, Help("factor on all wavenumbers", "S"), POSITIVE] = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.temperatures_K:
            raise SettingError("`temperatures_K` has none; give at least one.", "temperatures_K")


@dataclass(frozen=True, kw_only=True)
class PhononSettings(Settings):
    """Which supercell and mesh phonons over the Brillouin zone are from.

    Examples
    --------
    >>> from nearsight.vibrations import PhononSettings
    >>> settings = PhononSettings(length_A=12.0, mesh=(8, 8, 8))
    >>> settings.length_A
    12.0
    """

    length_A: Annotated[
        float | None,
        Help(
            "make the supercell of the force constants at least L Å wide, in place of naming it "
            f"(default: {DEFAULT_LENGTH_A:g})",
            "L",
        ),
        POSITIVE,
    ] = None
    mesh: Annotated[
        tuple[int, int, int] | float | None,
        Help(
            "three numbers of q-points along the reciprocal vectors of the primitive cell, or one "
            f"length in Å that says how fine the mesh is (default: {DEFAULT_MESH_LENGTH_A:g})",
            "N",
        ),
        POSITIVE,
    ] = None
    sum_rules: Annotated[
        bool,
        Help(
            "impose the translational sum rule and the symmetry of the force constants, which "
            "differences and single precision break"
        ),
    ] = False
    born: Annotated[
        str | None,
        Help(
            "Born charges and dielectric constant for the non-analytical term, as phonopy's BORN, "
            "in place of those in a phonopy YAML",
            "FILE",
        ),
    ] = None
    force_constants: Annotated[
        str | None,
        Help(
            "phonopy's FORCE_CONSTANTS, FORCE_SETS or force_constants.hdf5 for the one phonopy "
            "YAML that is given; no such file is read unless it is named",
            "FILE",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ProbingSettings(Settings):
    """How heat capacities are taken from products with the Hessian.

    Examples
    --------
    >>> from nearsight.vibrations import ProbingSettings
    >>> settings = ProbingSettings(radius_A=5.0)
    >>> settings.radius_A
    5.0
    """

    radius_A: Annotated[
        float | None,
        Help(
            f"atoms farther apart than R Å are probed together (default: {DEFAULT_RADIUS_A:g})",
            "R",
        ),
        POSITIVE,
    ] = None
    lanczos_steps: Annotated[
        int | None,
        Help("products from each vector (default: what temperature and wavenumbers need)", "M"),
        Range(least=2),
    ] = None
    products: Annotated[
        str | None,
        Help(
            "analytic, in groups of atoms that fit into the memory (grouped), differences of "
            "forces, or the first of these that model and memory allow (default: auto)"
        ),
        OneOf(("auto", "analytic", "grouped", "differences")),
    ] = None
    lowest_modes: Annotated[
        int | None,
        Help(
            "find the N lowest modes first, some hundred products, and take off what imaginary "
            "ones would count",
            "N",
        ),
        POSITIVE,
    ] = None


@dataclass(frozen=True, kw_only=True)
class VolumeSettings(Settings):
    """At which volumes the quasi-harmonic approximation looks, and how it fits over them.

    Examples
    --------
    >>> from nearsight.vibrations import VolumeSettings
    >>> settings = VolumeSettings(volumes=9, volume_to=1.05)
    >>> settings.equation_of_state
    'vinet'
    """

    volumes: Annotated[
        int,
        Help("at how many volumes the crystal is relaxed and its phonons are computed", "N"),
        Range(least=FEWEST_VOLUMES),
    ] = 7
    volume_from: Annotated[
        float, Help("the smallest volume, in units of that of the relaxed crystal", "X"), POSITIVE
    ] = 0.97
    volume_to: Annotated[float, Help("the largest volume, in the same units", "X"), POSITIVE] = 1.06
    equation_of_state: Annotated[
        str,
        Help("fit energies over volumes by vinet, birch_murnaghan or murnaghan", "NAME"),
        OneOf(EQUATIONS_OF_STATE),
    ] = "vinet"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.volume_to - self.volume_from < LEAST_SPAN:
            raise SettingError(
                f"`volume_from` {self.volume_from:g} and `volume_to` {self.volume_to:g} are less "
                f"than {LEAST_SPAN:g} apart, too close for derivatives by the volume.",
                "volume_to",
            )
