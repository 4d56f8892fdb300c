"""What each workflow is asked for: settings of its parts, which files hold as tables."""

from dataclasses import dataclass, field
from typing import Annotated

from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.errors import SettingError
from nearsight.hessian.settings import RowSettings
from nearsight.locality.settings import ConvergenceSettings, FragmentSettings
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.settings import POSITIVE, Help, OneOf, Range, Settings
from nearsight.vibrations.ideal_gas_settings import IdealGasSettings
from nearsight.vibrations.presentation_settings import PresentationSettings
from nearsight.vibrations.settings import (
    PhononSettings,
    ProbingSettings,
    ThermodynamicSettings,
)

Supercell = Annotated[
    tuple[int, int, int] | None,
    Help("repeat the relaxed structure before its Hessian is computed", "A B C"),
    POSITIVE,
]

# The stress that is left is below 0.01 GPa then, at the density of any solid: a virial per atom
# below 10⁻⁴ eV at more than 1.6 Å³ for an atom.
_TIGHT_FMAX_eV_per_A = 1e-4


@dataclass(frozen=True, kw_only=True)
class ReadingSettings(Settings):
    """How files of structures are read.

    Examples
    --------
    >>> from nearsight.workflows import ReadingSettings
    >>> settings = ReadingSettings(molecule=True)
    >>> settings.molecule
    True
    """

    accept_contradictions: Annotated[
        bool,
        Help(
            "read CIFs that contradict themselves (composition, volume, symmetry, distances), with "
            "a warning for each contradiction"
        ),
    ] = False
    molecule: Annotated[
        bool,
        Help("each structure is one molecule: leave out the periodic box that it lies in"),
    ] = False
    recompute: Annotated[
        bool,
        Help(
            "of a file that holds a Hessian take the structure only, and compute the Hessian with "
            "the model"
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class EnergySettings(Settings):
    """Settings of `energy`.

    Examples
    --------
    >>> from nearsight.workflows import EnergySettings
    >>> settings = EnergySettings(forces=True, stress=True)
    >>> settings.stress
    True
    """

    reading: ReadingSettings = field(default_factory=ReadingSettings)
    forces: Annotated[bool, Help("show the force on each atom")] = False
    stress: Annotated[bool, Help("compute the stress of a crystal too, and show it")] = False


@dataclass(frozen=True, kw_only=True)
class RelaxSettings(Settings):
    """Settings of `relax`.

    Examples
    --------
    >>> from nearsight.workflows import RelaxationSettings, RelaxSettings
    >>> settings = RelaxSettings(relaxation=RelaxationSettings(fmax_eV_per_A=0.001, cell="fixed"))
    >>> settings.relaxation.fmax_eV_per_A
    0.001
    """

    reading: ReadingSettings = field(default_factory=ReadingSettings)
    relaxation: RelaxationSettings = field(default_factory=RelaxationSettings)


@dataclass(frozen=True, kw_only=True)
class MolecularDynamicsSettings(Settings):
    """Settings of `molecular_dynamics`.

    Examples
    --------
    >>> from nearsight.workflows import DynamicsSettings, MolecularDynamicsSettings
    >>> hot = DynamicsSettings(time_ps=2.0, temperature_K=500.0)
    >>> settings = MolecularDynamicsSettings(dynamics=hot)
    >>> settings.dynamics.temperature_K
    500.0
    """

    reading: ReadingSettings = field(default_factory=ReadingSettings)
    dynamics: DynamicsSettings = field(default_factory=DynamicsSettings)
    output: OutputSettings = field(default_factory=OutputSettings)
    keep_bonds: Annotated[bool, Help("stop when a bond of the start breaks")] = False


@dataclass(frozen=True, kw_only=True)
class HessianSettings(Settings):
    """Settings of `hessian` and `vibrations`.

    Examples
    --------
    >>> from nearsight.workflows import HessianSettings, RelaxationSettings
    >>> settings = HessianSettings(relaxation=RelaxationSettings(relax=False))
    >>> settings.relaxation.relax
    False
    """

    reading: ReadingSettings = field(default_factory=ReadingSettings)
    relaxation: RelaxationSettings = field(default_factory=RelaxationSettings)
    rows: RowSettings = field(default_factory=RowSettings)
    supercell: Supercell = None


@dataclass(frozen=True, kw_only=True)
class PhononsSettings(HessianSettings):
    """Settings of `phonons`.

    Examples
    --------
    >>> from nearsight.workflows import PhononSettings, PhononsSettings
    >>> settings = PhononsSettings(phonons=PhononSettings(length_A=12.0), bands="auto")
    >>> settings.phonons.length_A
    12.0
    """

    phonons: PhononSettings = field(default_factory=PhononSettings)
    thermodynamics: ThermodynamicSettings = field(default_factory=ThermodynamicSettings)
    presentation: PresentationSettings = field(default_factory=PresentationSettings)
    bands: Annotated[
        str | None,
        Help(
            "bands along the path that seekpath suggests (auto), along labels such as 'G X|K G L', "
            "or along points: 'G 0 0 0, X 1/2 0 1/2', or a file of such lines",
            "PATH",
        ),
    ] = None
    band_points: Annotated[
        int | None,
        Help("points on each piece of the path of bands (default: 51)", "N"),
        Range(least=2),
    ] = None
    band_spacing_per_A: Annotated[
        float | None,
        Help("in place of that number: how far points are apart at most, in 1/Å without 2π", "D"),
        POSITIVE,
    ] = None
    projected_dos: Annotated[
        bool, Help("the density of states by element and atom, in figure, page and files")
    ] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_one_size(self.supercell, self.phonons.length_A)
        sizes = {"band_points": self.band_points, "band_spacing_per_A": self.band_spacing_per_A}
        of_bands = tuple(name for name, value in sizes.items() if value is not None)
        if of_bands and self.bands is None:
            raise SettingError(
                f"{named(of_bands)} is about `bands`; ask for them too.", of_bands[0]
            )
        if len(of_bands) == 2:
            raise SettingError(f"give one of {named(of_bands)}, not both.", of_bands[0])


@dataclass(frozen=True, kw_only=True)
class VibrationsSettings(HessianSettings):
    """Settings of `vibrations`.

    Examples
    --------
    >>> from nearsight.workflows import RowSettings, VibrationsSettings
    >>> settings = VibrationsSettings(rows=RowSettings(method="central-difference", step_A=0.01))
    >>> settings.rows.method
    'central-difference'
    """

    presentation: PresentationSettings = field(default_factory=PresentationSettings)


@dataclass(frozen=True, kw_only=True)
class ThermochemistrySettings(HessianSettings):
    """Settings of `thermochemistry`: what is calculated is one molecule, in a box or not.

    Examples
    --------
    >>> from nearsight.workflows import IdealGasSettings, ThermochemistrySettings
    >>> settings = ThermochemistrySettings(gas=IdealGasSettings(pressure_bar=2.0))
    >>> settings.gas.pressure_bar
    2.0
    """

    reading: ReadingSettings = field(default_factory=lambda: ReadingSettings(molecule=True))
    gas: IdealGasSettings = field(default_factory=IdealGasSettings)
    presentation: PresentationSettings = field(default_factory=PresentationSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.supercell is not None:
            raise SettingError("a molecule has no `supercell`; leave it out.", "supercell")


@dataclass(frozen=True, kw_only=True)
class HeatCapacitySettings(HessianSettings):
    """Settings of `heat_capacity`.

    Examples
    --------
    >>> from nearsight.workflows import HeatCapacitySettings, ThermodynamicSettings
    >>> temperatures = ThermodynamicSettings(temperatures_K=(200, 300, 400))
    >>> settings = HeatCapacitySettings(thermodynamics=temperatures, spectrum="mesh")
    >>> settings.thermodynamics.temperatures_K
    (200.0, 300.0, 400.0)
    """

    phonons: PhononSettings = field(default_factory=PhononSettings)
    probing: ProbingSettings = field(default_factory=ProbingSettings)
    thermodynamics: ThermodynamicSettings = field(default_factory=ThermodynamicSettings)
    presentation: PresentationSettings = field(default_factory=PresentationSettings)
    spectrum: Annotated[
        str,
        Help(
            "take the heat capacity from the modes at Γ (dense), from phonons over the Brillouin "
            "zone (mesh), from products with the Hessian of a large solid (probing), or from what "
            "suits the structure (auto)"
        ),
        OneOf(("auto", "dense", "mesh", "probing")),
    ] = "auto"
    converge_supercell: Annotated[
        float | None,
        Help(
            "grow the supercell of the force constants until c_v changes by no more than this "
            "share, and show the curve",
            "TOL",
        ),
        POSITIVE,
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        of_mesh = self.settings_of_mesh
        if self.spectrum in {"dense", "probing"} and of_mesh:
            raise SettingError(
                f"`spectrum` {self.spectrum} has no q-points; leave {named(of_mesh)} out.",
                "spectrum",
            )
        of_probing = names_not_default(self.probing)
        if self.spectrum != "probing" and of_probing:
            raise SettingError(f"only `spectrum` probing takes {named(of_probing)}.", "spectrum")
        require_one_size(self.supercell, self.phonons.length_A)
        if self.converge_supercell and (self.supercell or self.phonons.length_A):
            raise SettingError(
                "`converge_supercell` chooses the supercells; leave `supercell` and `length_A` "
                "out.",
                "converge_supercell",
            )

    @property
    def settings_of_mesh(self) -> tuple[str, ...]:
        """The names of settings that only phonons over the Brillouin zone have."""
        given = {
            "mesh": self.phonons.mesh,
            "length_A": self.phonons.length_A,
            "born": self.phonons.born,
            "converge_supercell": self.converge_supercell,
        }
        return tuple(name for name, value in given.items() if value is not None)


@dataclass(frozen=True, kw_only=True)
class ElasticSettings(HessianSettings):
    """Settings of `elastic`.

    Examples
    --------
    >>> from nearsight.workflows import ElasticSettings
    >>> settings = ElasticSettings(supercell=(2, 2, 2), conventional_axes=True)
    >>> settings.supercell
    (2, 2, 2)
    """

    relaxation: RelaxationSettings = field(
        default_factory=lambda: RelaxationSettings(fmax_eV_per_A=_TIGHT_FMAX_eV_per_A)
    )
    conventional_axes: Annotated[
        bool,
        Help(
            "turn the crystal so that x is along a of its conventional cell and y in the plane of "
            "a and b, instead of leaving it as it is given"
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class LocalitySettings(Settings):
    """Settings of `locality`.

    Examples
    --------
    >>> from nearsight.workflows import ConvergenceSettings, FragmentSettings, LocalitySettings
    >>> enough = ConvergenceSettings(reference_radius_A=10.0)
    >>> settings = LocalitySettings(fragments=FragmentSettings(sites=("O0",)), convergence=enough)
    >>> settings.fragments.sites
    ('O0',)
    """

    reading: ReadingSettings = field(default_factory=ReadingSettings)
    fragments: FragmentSettings = field(default_factory=FragmentSettings)
    convergence: ConvergenceSettings = field(default_factory=ConvergenceSettings)
    rows: RowSettings = field(default_factory=RowSettings)


def names_not_default(settings: Settings) -> tuple[str, ...]:
    """Return the names of settings that are not their default."""
    default = type(settings)()
    return tuple(name for name, value in vars(settings).items() if value != getattr(default, name))


def named(names: tuple[str, ...]) -> str:
    """Return names of settings as messages have them."""
    return ", ".join(f"`{name}`" for name in names)


def require_one_size(supercell: Supercell, length_A: float | None) -> None:
    """Check that a supercell of force constants is named in one way.

    Raises
    ------
    SettingError
        It is named by `supercell` and by `length_A`.
    """
    if supercell and length_A is not None:
        raise SettingError("give either `supercell` or `length_A`, not both.", "supercell")


@dataclass(frozen=True, kw_only=True)
class StructureSettings(Settings):
    """Settings of what takes each structure as it is in its file."""

    reading: ReadingSettings = field(default_factory=ReadingSettings)


@dataclass(frozen=True, kw_only=True)
class SavedSettings(Settings):
    """Settings of what follows from saved Hessians."""

    thermodynamics: ThermodynamicSettings = field(default_factory=ThermodynamicSettings)
    presentation: PresentationSettings = field(default_factory=PresentationSettings)


@dataclass(frozen=True, kw_only=True)
class CuttingSettings(Settings):
    """What fragments are cut of a structure."""

    reading: ReadingSettings = field(default_factory=ReadingSettings)
    fragments: FragmentSettings = field(default_factory=FragmentSettings)
