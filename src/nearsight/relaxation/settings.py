"""How structures are relaxed, as a value."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.errors import SettingError
from nearsight.settings import POSITIVE, Help, OneOf, Range, Settings

OPTIMIZERS = ("BFGS", "LBFGS", "FIRE", "BFGSLineSearch", "newton")
"""Names in `ase.optimize`, and our own. ASE's BFGS keeps a dense (3n)² matrix, the others scale."""

MOST_PRESSURE_GPa = 1000.0
"""Three times that in the centre of the Earth; far beyond it cells collapse step by step."""
CELLS = ("free", "fixed", "isotropic", "lengths", "shape")
"""What of the cell of a crystal is relaxed."""


@dataclass(frozen=True, kw_only=True)
class RelaxationSettings(Settings):
    """How a structure is relaxed, or that it is not.

    Raises
    ------
    SettingError
        A value is not possible, or two contradict each other.

    Examples
    --------
    >>> from nearsight.relaxation import RelaxationSettings
    >>> settings = RelaxationSettings(fmax_eV_per_A=0.001, cell="fixed")
    >>> settings.fmax_eV_per_A
    0.001
    """

    relax: Annotated[
        bool, Help("relax each structure first; otherwise take it as it is in its file")
    ] = True
    fmax_eV_per_A: Annotated[
        float, Help("relax until no force is larger, in eV/Å", metavar="F"), POSITIVE
    ] = 0.005
    max_steps: Annotated[
        int, Help("stop the relaxation after N steps and say so", metavar="N"), Range(least=0)
    ] = 1000
    optimizer: Annotated[
        str | None,
        Help(
            "newton, which starts from products with the Hessian, or ASE's BFGS, LBFGS, FIRE or "
            "BFGSLineSearch (default: newton, or BFGS where forces are no gradient of an energy)",
            metavar="NAME",
        ),
        OneOf(OPTIMIZERS),
    ] = None
    cell: Annotated[
        str,
        Help(
            "relax the cell of a crystal too (free), positions only, as for a slab (fixed), the "
            "volume of the cell only (isotropic), its lengths with the angles kept (lengths), or "
            "all but its volume (shape)",
            metavar="KIND",
        ),
        OneOf(CELLS),
    ] = "free"
    pressure_GPa: Annotated[
        float, Help("relax a crystal under this pressure, in GPa", metavar="P")
    ] = 0.0
    symmetrize_A: Annotated[
        float | None,
        Help(
            "refine onto the space group found within TOL Å, relax under it, and refine what was "
            "relaxed once more",
            metavar="TOL",
        ),
        POSITIVE,
    ] = None
    follow_imaginary: Annotated[
        bool,
        Help(
            "where the relaxed structure has an imaginary mode, move along it and relax again, "
            "without an imposed space group"
        ),
    ] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.relax:
            self._require_nothing_to_relax()
        if abs(self.pressure_GPa) > MOST_PRESSURE_GPa:
            raise SettingError(
                f"`pressure_GPa` is {self.pressure_GPa:g}, beyond {MOST_PRESSURE_GPa:g} GPa, where "
                f"no model knows anything.",
                "pressure_GPa",
            )
        if self.pressure_GPa != 0 and self.cell in {"fixed", "shape"}:
            raise SettingError(
                f"`pressure_GPa` is {self.pressure_GPa:g}, but `cell` is {self.cell}: a cell whose "
                f"volume stays feels no pressure. Leave out one of them.",
                "pressure_GPa",
            )

    def _require_nothing_to_relax(self) -> None:
        asked = {
            "follow_imaginary": self.follow_imaginary,
            "symmetrize_A": self.symmetrize_A is not None,
            "cell": self.cell != "free",
            "pressure_GPa": self.pressure_GPa != 0,
            "optimizer": self.optimizer is not None,
        }
        for name, given in asked.items():
            if given:
                raise SettingError(
                    f"`{name}` is about a relaxation, but `relax` is false: nothing is relaxed. "
                    f"Leave out one of them.",
                    name,
                )
