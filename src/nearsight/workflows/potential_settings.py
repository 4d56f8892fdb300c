"""What workflows of potentials that are trained here are asked for."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.settings import Help, Range, Settings
from nearsight.training.settings import TrainingSettings


@dataclass(frozen=True, kw_only=True)
class TrainSettings(TrainingSettings):
    """Settings of `train`.

    Examples
    --------
    >>> from nearsight.training import FunctionSettings, StoppingSettings
    >>> from nearsight.workflows import TrainSettings
    >>> functions, stopping = FunctionSettings(cutoff_A=6.0), StoppingSettings(epochs=50)
    >>> settings = TrainSettings(functions=functions, stopping=stopping)
    >>> settings.stopping.epochs
    50
    """

    members: Annotated[
        int,
        Help("how many potentials are trained, which differ in their seed: a committee", "N"),
        Range(least=1),
    ] = 1
    units: Annotated[
        str | None,
        Help("units of input.data where it does not say them: angstrom,eV or bohr,hartree", "L,E"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class HdnnpTestSettings(Settings):
    """Settings of `hdnnp_test`.

    Examples
    --------
    >>> from nearsight.workflows import HdnnpTestSettings
    >>> settings = HdnnpTestSettings(units="bohr,hartree")
    >>> settings.units
    'bohr,hartree'
    """

    offsets: Annotated[
        bool,
        Help(
            "take the mean energy error of each group off, by which energies of other origin "
            "differ, before errors are computed"
        ),
    ] = False
    units: Annotated[
        str | None,
        Help("units of input.data where it does not say them: angstrom,eV or bohr,hartree", "L,E"),
    ] = None
    potential_units: Annotated[
        str | None, Help("those of the potential where it does not say them", "L,E")
    ] = None
