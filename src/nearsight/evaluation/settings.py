"""What an examination of models is asked."""

from dataclasses import dataclass, field
from typing import Annotated, Literal, get_args

from nearsight.settings import POSITIVE, Help, Settings

Suite = Literal["quick", "standard", "full"]
"""How much is computed: minutes, an hour or two, or as much as a publication would."""

SUITES: tuple[Suite, ...] = get_args(Suite)

SuiteOrOwn = Literal["quick", "standard", "full", "own"]
"""What a record is of: a suite, or an effort of one's own."""


@dataclass(frozen=True, kw_only=True)
class ReferenceData(Settings):
    """Where data are that examinations compare models with; without them they ask for less."""

    phonon_data: Annotated[
        str | None,
        Help(
            "folder of phonons by a reference, for the examination phonons: YAML of phonopy with "
            "forces or force constants, or archives of the phonon database of Kyoto",
            "DIR",
        ),
    ] = None
    heat_capacity_data: Annotated[
        str | None,
        Help(
            "folder of heat capacities by a reference, for the examination porous: reference.csv "
            "with name and dft_300K in J/(g K), and structures/NAME.cif",
            "DIR",
        ),
    ] = None
    interaction_data: Annotated[
        str | None,
        Help(
            "file of GoldDAC, frameworks with one CO2 or H2O, for the examination porous",
            "FILE",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ExamineSettings(Settings):
    """Which examinations, and how thorough.

    Examples
    --------
    >>> from nearsight.evaluation import ExamineSettings
    >>> settings = ExamineSettings(suite="standard", only=("diatomics", "phonons"))
    >>> settings.suite
    'standard'
    """

    suite: Annotated[Suite, Help("how thorough: some minutes, an hour or two, or all")] = "quick"
    only: Annotated[
        tuple[str, ...], Help("these examinations only (default: all that there are)", "NAME")
    ] = ()
    time_limit_s: Annotated[
        float,
        Help("seconds that a model may take for one step before it is taken to hang", "S"),
        POSITIVE,
    ] = 900.0
    again: Annotated[bool, Help("examine once more what a model has failed at")] = False
    data: ReferenceData = field(default_factory=ReferenceData)
