"""Settings of the workflow of thermal expansion."""

from dataclasses import dataclass, field

from nearsight.errors import SettingError
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.vibrations.settings import PhononSettings, ThermodynamicSettings, VolumeSettings
from nearsight.workflows.settings import HessianSettings, require_one_size

# Energies over volumes are then smooth to 1e-7 eV per atom.
_FMAX_OF_VOLUMES_eV_per_A = 1e-3
CELLS_OF_EXPANSION = ("free", "isotropic")
"""What of the cell may be relaxed: its volume is among it."""


@dataclass(frozen=True, kw_only=True)
class ThermalExpansionSettings(HessianSettings):
    """Settings of `thermal_expansion`.

    Examples
    --------
    >>> from nearsight.workflows import ThermalExpansionSettings, VolumeSettings
    >>> settings = ThermalExpansionSettings(path=VolumeSettings(volumes=9))
    >>> settings.path.volumes
    9
    """

    relaxation: RelaxationSettings = field(
        default_factory=lambda: RelaxationSettings(fmax_eV_per_A=_FMAX_OF_VOLUMES_eV_per_A)
    )
    path: VolumeSettings = field(default_factory=VolumeSettings)
    phonons: PhononSettings = field(default_factory=PhononSettings)
    thermodynamics: ThermodynamicSettings = field(default_factory=ThermodynamicSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_one_size(self.supercell, self.phonons.length_A)
        if not self.relaxation.relax:
            raise SettingError(
                "`relax` is false, but at each volume the crystal is relaxed; leave it out.",
                "relaxation.relax",
            )
        if self.relaxation.cell not in CELLS_OF_EXPANSION:
            raise SettingError(
                f"`cell` is {self.relaxation.cell}, but the volume changes: leave it out for the "
                f"best shape at each volume, or take isotropic for one shape.",
                "relaxation.cell",
            )
        if self.phonons.force_constants is not None:
            raise SettingError(
                "`force_constants` are those of one volume; leave them out.",
                "phonons.force_constants",
            )
