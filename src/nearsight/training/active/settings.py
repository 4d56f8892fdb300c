"""What is asked of learning a crystal from its fragments."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.errors import SettingError
from nearsight.settings import POSITIVE, Help, Range, Settings
from nearsight.training.settings import IRMOF_RADIUS_A


@dataclass(frozen=True, kw_only=True)
class FirstFramesSettings(Settings):
    """What there is before anything was learnt: fragments that the teacher moves.

    Examples
    --------
    >>> from nearsight.workflows import FirstFramesSettings
    >>> settings = FirstFramesSettings(first_frames=100, first_temperature_K=500.0)
    >>> settings.first_frames
    100
    """

    first_frames: Annotated[
        int, Help("frames of each fragment in dynamics by the teacher", "N"), Range(least=2)
    ] = 40
    first_temperature_K: Annotated[
        float, Help("temperature of the first frames in K", "T"), POSITIVE
    ] = 600.0
    first_every_fs: Annotated[
        float, Help("time between the first frames (default: 12fs)", "T"), POSITIVE
    ] = 12.0


@dataclass(frozen=True, kw_only=True)
class ExploringSettings(Settings):
    """How the crystal is moved by what was learnt, at a pressure and ever hotter.

    Examples
    --------
    >>> from nearsight.workflows import ExploringSettings
    >>> settings = ExploringSettings(explore_ps=5.0, highest_temperature_K=600.0)
    >>> settings.lowest_temperature_K, settings.highest_temperature_K
    (300.0, 600.0)
    """

    explore_ps: Annotated[
        float, Help("dynamics of the crystal in each round, such as 2ps", "T"), POSITIVE
    ] = 2.0
    lowest_temperature_K: Annotated[
        float, Help("temperature at the start of a round in K", "T"), POSITIVE
    ] = 300.0
    highest_temperature_K: Annotated[
        float, Help("temperature at the end of a round in K", "T"), POSITIVE
    ] = 1000.0
    pressure_bar: Annotated[float, Help("pressure, such as 1bar", "P")] = 1.0
    explore_timestep_fs: Annotated[
        float, Help("length of a step (default: 0.5fs)", "T"), POSITIVE
    ] = 0.5
    explore_every_fs: Annotated[
        float, Help("time between frames that are looked at (default: 10fs)", "T"), POSITIVE
    ] = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.explore_every_fs > 1000 * self.explore_ps:
            raise SettingError(
                f"`explore_every_fs` is {self.explore_every_fs:g} fs, and `explore_ps` "
                f"{self.explore_ps:g} ps: nothing but the crystal at rest would be looked at; give "
                f"a longer `explore_ps`, or look more often.",
                "explore_every_fs",
            )


@dataclass(frozen=True, kw_only=True)
class PickingSettings(Settings):
    """Which atoms of which frames are learnt next.

    Two networks of different size disagree where nothing was learnt (M. Herbold and J. Behler,
    Phys. Chem. Chem. Phys. 2023, 25, 12979), and symmetry functions leave the range that they had.
    How many are taken, and how far apart, is after M. Eckhoff and J. Behler, J. Chem. Theory
    Comput. 2019, 15, 3793.

    Examples
    --------
    >>> from nearsight.workflows import PickingSettings
    >>> settings = PickingSettings(disagreement_eV_per_A=0.2, most_picked=30)
    >>> settings.most_picked
    30
    """

    disagreement_eV_per_A: Annotated[
        float | None,
        Help(
            "forces of two networks on an atom that differ by more are learnt (default: "
            "`times_error`)",
            "F",
        ),
        POSITIVE,
    ] = None
    times_error: Annotated[
        float,
        Help("the same over the root mean square of the error of a force on an atom", "X"),
        POSITIVE,
    ] = 5.0
    overshoot: Annotated[
        float,
        Help(
            "symmetry functions of an atom that leave their ranges by more, over the widths of "
            "these and added up, are learnt",
            "X",
        ),
        Range(least=0),
    ] = 0.01
    most_picked: Annotated[
        int, Help("fragments of a crystal that are added in a round", "N"), Range(least=1)
    ] = 60
    most_of_a_kind: Annotated[
        int, Help("the same around one kind of site and for one reason", "N"), Range(least=1)
    ] = 10
    most_of_a_frame: Annotated[
        int, Help("the same of one moment of a crystal", "N"), Range(least=1)
    ] = 10
    apart_fs: Annotated[
        float,
        Help("time between two that are picked of a kind of site (default: 50fs)", "T"),
        Range(least=0),
    ] = 50.0
    largest_force_eV_per_A: Annotated[
        float,
        Help("fragments with a larger force by the teacher are not learnt: no motion goes there"),
        POSITIVE,
    ] = 15.0


@dataclass(frozen=True, kw_only=True)
class RoundsSettings(Settings):
    """From what fragments are cut, and for how long it goes on.

    Examples
    --------
    >>> from nearsight.workflows import RoundsSettings
    >>> settings = RoundsSettings(fragment_radius_A=5.0, rounds=3)
    >>> settings.rounds
    3
    """

    fragment_radius_A: Annotated[
        float | None,
        Help(
            f"radius of fragments in Å: groups with an atom as near as that are kept; half of the "
            f"range of forces at least (default: that, where there is a record of locality, else "
            f"the cutoff, or {IRMOF_RADIUS_A:g})",
            "R",
        ),
        POSITIVE,
    ] = None
    second_hidden_layers: Annotated[
        tuple[int, ...], Help("nodes of each hidden layer of the second network", "N"), POSITIVE
    ] = (20, 20)
    rounds: Annotated[
        int, Help("rounds of learning, exploring and labelling at most", "N"), Range(least=1)
    ] = 8
    most_labels: Annotated[
        int | None,
        Help("structures that the teacher labels at most (default: no limit)", "N"),
        Range(least=1),
    ] = None

    @property
    def radius_A(self) -> float:
        """Radius of fragments, whether it was given or not."""
        return IRMOF_RADIUS_A if self.fragment_radius_A is None else self.fragment_radius_A

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.second_hidden_layers:
            raise SettingError(
                "`second_hidden_layers` has none; give the nodes of each, such as 20 20.",
                "second_hidden_layers",
            )
