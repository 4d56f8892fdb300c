"""What the training of a potential is asked for."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Self

from nearsight.errors import SettingError
from nearsight.settings import POSITIVE, Help, OneOf, Range, Settings

SPLITS = ("structure", "group", "file", "time")
NORMALIZATIONS = ("force", "ref", "none")
PRIORS = ("none", "zbl", "repulsion")
INITIAL_WEIGHTS = ("nguyen-widrow", "glorot", "uniform")
SCALINGS = ("range-and-center", "range", "center", "sigma", "none")
ACTIVATIONS = {"tanh": "t", "softplus": "p", "logistic": "s", "gaussian": "g", "cosine": "c"}
"""Letters of those that `networks.ACTIVATIONS` has and that a training takes."""
_SHARE = Range(above=0)
IRMOF_RADIUS_A = 4.359
"""Cutoff, and radius of fragments, for IRMOFs (M. Herbold and J. Behler, Phys. Chem. Chem. Phys.
2023, 25, 12979)."""


@dataclass(frozen=True, kw_only=True)
class DataSettings(Settings):
    """Which structures are learnt, which are kept for tests, and in which units.

    Examples
    --------
    >>> from nearsight.training import DataSettings
    >>> settings = DataSettings(test_share=0.2, split_seed=1)
    >>> settings.test_share
    0.2
    """

    split: Annotated[
        str,
        Help(
            "what is kept for tests: structures at random (structure), whole groups (group), what "
            "the file says by set=test (file), or the last structures of the file (time)"
        ),
        OneOf(SPLITS),
    ] = "structure"
    test_share: Annotated[
        float, Help("share of the structures that is kept for tests", "X"), _SHARE
    ] = 0.1
    split_seed: Annotated[int, Help("of the split", "N"), Range(least=0)] = 0
    atomic_energies: Annotated[
        tuple[str, ...],
        Help(
            "energies of free atoms in eV that are taken off first, such as H=-13.6 (default: "
            "fitted to the energies of the training data by least squares)",
            "EL=E",
        ),
    ] = ()
    normalization: Annotated[
        str,
        Help(
            "units of the training: forces of data and first network of variance 1 (force), "
            "energies per atom and forces of the data of variance 1 (ref), or none"
        ),
        OneOf(NORMALIZATIONS),
    ] = "force"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.test_share >= 1:
            raise SettingError(
                f"`test_share` is a share below 1, not {self.test_share:g}.", "test_share"
            )
        self.given_atomic_energies_eV()

    def given_atomic_energies_eV(self) -> dict[str, float]:
        """Return the energies of free atoms that are given, by element.

        Raises
        ------
        SettingError
            One is no element, or no number.
        """
        energies = {}
        for text in self.atomic_energies:
            symbol, _, number = text.partition("=")
            try:
                energies[symbol.strip()] = float(number)
            except ValueError:
                raise SettingError(
                    f"`atomic_energies` has {text!r}; write an element and its energy in eV, such "
                    f"as H=-13.6.",
                    "atomic_energies",
                ) from None
        return energies


@dataclass(frozen=True, kw_only=True)
class FunctionSettings(Settings):
    """Which symmetry functions are proposed from the data, and which of them stay.

    Examples
    --------
    >>> from nearsight.training import FunctionSettings
    >>> settings = FunctionSettings(cutoff_A=6.0, zetas=(1, 4))
    >>> settings.zetas
    (1.0, 4.0)
    """

    cutoff_A: Annotated[
        float | None,
        Help(
            f"cutoff radius in Å, half of the range of forces at least "
            f"(default: {IRMOF_RADIUS_A:g})",
            "R",
        ),
        POSITIVE,
    ] = None
    cutoff_function: Annotated[
        int, Help("number of the cutoff function in n2p2; 1 is the cosine", "N"), Range(least=1)
    ] = 1
    n_radial: Annotated[
        int, Help("radial functions for each pair of elements", "N"), Range(least=1)
    ] = 5
    zetas: Annotated[
        tuple[float, ...],
        Help("zeta of angular functions, each with lambda 1 and -1", "Z"),
        POSITIVE,
    ] = (1.0, 2.0, 4.0, 8.0)
    angular: Annotated[
        str,
        Help("angular functions with all three distances (narrow), or without r_jk (wide)"),
        OneOf(("narrow", "wide")),
    ] = "narrow"
    smallest_range: Annotated[
        float,
        Help(
            "leave out functions whose values spread by less over the training data, over the "
            "largest spread of one of the element",
            "X",
        ),
        POSITIVE,
    ] = 0.1
    largest_correlation: Annotated[
        float,
        Help("leave out functions whose values are correlated more with those of another", "X"),
        POSITIVE,
    ] = 0.9999

    @property
    def cutoff_radius_A(self) -> float:
        """Cutoff radius, whether it was given or not."""
        return IRMOF_RADIUS_A if self.cutoff_A is None else self.cutoff_A

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.smallest_range >= 1:
            raise SettingError(
                f"`smallest_range` is a share below 1, not {self.smallest_range:g}: no function "
                f"would stay.",
                "smallest_range",
            )


@dataclass(frozen=True, kw_only=True)
class PriorSettings(Settings):
    """What networks are added to, and learn the difference from.

    Examples
    --------
    >>> from nearsight.training import PriorSettings
    >>> settings = PriorSettings(prior="repulsion")
    >>> settings.prior
    'repulsion'
    """

    prior: Annotated[
        str,
        Help(
            "what networks are added to, so that atoms repel where nothing was learnt: walls below "
            "the closest distance of each pair of elements in the data, which push as hard as its "
            "largest force 0.12 Å below (repulsion); screened nuclei of Ziegler, Biersack and "
            "Littmark (zbl), which pairs that the data lack have in both; or nothing (none)"
        ),
        OneOf(PRIORS),
    ] = "none"
    prior_inner_A: Annotated[
        float | None,
        Help(
            "where that of screened nuclei begins to be cut off, in Å (default: half of where it "
            "ends)",
            "R",
        ),
        POSITIVE,
    ] = None
    prior_outer_A: Annotated[
        float | None,
        Help(
            "where that of screened nuclei ends, in Å (default: the cutoff of the functions)", "R"
        ),
        POSITIVE,
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        given = [name for name in ("prior_inner_A", "prior_outer_A") if getattr(self, name)]
        if self.prior == "none" and given:
            raise SettingError(
                f"`{given[0]}` is of a repulsion, and there is none; give `prior` zbl or "
                f"repulsion.",
                given[0],
            )

    def radii_A(self, cutoff_A: float) -> tuple[float, float] | None:
        """Return between which radii that of screened nuclei ends; None if there is none.

        Raises
        ------
        SettingError
            It reaches beyond the cutoff, or the radii are not in order.
        """
        if self.prior == "none":
            return None
        outer_A = self.prior_outer_A or cutoff_A
        inner_A = self.prior_inner_A or outer_A / 2
        if outer_A > cutoff_A or inner_A >= outer_A:
            raise SettingError(
                f"the repulsion is cut off between {inner_A:g} and {outer_A:g} Å, and neighbours "
                f"are known up to {cutoff_A:g} Å: give `prior_inner_A` and `prior_outer_A` in "
                f"this order.",
                "prior_outer_A",
            )
        return inner_A, outer_A


@dataclass(frozen=True, kw_only=True)
class NetworkSettings(Settings):
    """The networks, and the weights that they begin with.

    Examples
    --------
    >>> from nearsight.training import NetworkSettings
    >>> settings = NetworkSettings(hidden_layers=(20, 20), seed=1)
    >>> settings.hidden_layers
    (20, 20)
    """

    hidden_layers: Annotated[
        tuple[int, ...], Help("nodes of each hidden layer", "N"), Range(least=1)
    ] = (15, 15)
    activation: Annotated[str, Help("of hidden layers"), OneOf(tuple(ACTIVATIONS))] = "tanh"
    scaling: Annotated[
        str,
        Help("how values of symmetry functions are scaled before a network takes them"),
        OneOf(SCALINGS),
    ] = "range-and-center"
    initial_weights: Annotated[str, Help("how first weights are drawn"), OneOf(INITIAL_WEIGHTS)] = (
        "nguyen-widrow"
    )
    seed: Annotated[
        int, Help("of first weights and the order of learning", "N"), Range(least=0)
    ] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.hidden_layers:
            raise SettingError(
                "`hidden_layers` is empty; a network has one hidden layer at least, such as 15.",
                "hidden_layers",
            )


@dataclass(frozen=True, kw_only=True)
class OptimizerSettings(Settings):
    """How weights are adapted.

    Each update of the Kalman filter takes the energy of one structure, the whole of it, and some
    components of its forces, in units of the training, those of forces times `force_weight`.

    Examples
    --------
    >>> from nearsight.training import OptimizerSettings
    >>> settings = OptimizerSettings(optimizer="adam", learning_rate=0.001)
    >>> settings.learning_rate
    0.001
    """

    optimizer: Annotated[
        str,
        Help(
            "Kalman filter with a covariance for each element (kalman), or of all weights "
            "(global-kalman), or Adam"
        ),
        OneOf(("kalman", "global-kalman", "adam")),
    ] = "kalman"
    n_force_components: Annotated[
        int, Help("components of forces in an update of the filter", "N"), Range(least=0)
    ] = 31
    force_weight: Annotated[float, Help("of each component of a force", "W"), POSITIVE] = 1.0
    selection: Annotated[
        str,
        Help("components at random, or such whose error is large (threshold)"),
        OneOf(("random", "threshold")),
    ] = "random"
    force_threshold: Annotated[
        float, Help("a large error, over the RMSE of forces of the last epoch", "X"), POSITIVE
    ] = 1.0
    threshold_trials: Annotated[
        int,
        Help("components that are tried for a large error; then the largest is taken", "N"),
        Range(least=1),
    ] = 3
    initial_variance: Annotated[
        float, Help("of weights in the covariance at the start", "P"), POSITIVE
    ] = 100.0
    eta: Annotated[float, Help("one over the noise of observations, at first", "X"), POSITIVE] = (
        0.01
    )
    # Measured on fragments of MOF-5 with three seeds: forces of structures that were not learnt are
    # within 0.10 eV/Å after some ten epochs with 30, and not after 25 with 1, which n2p2 has.
    eta_max: Annotated[float, Help("the same at last", "X"), POSITIVE] = 30.0
    q: Annotated[float, Help("noise of weights, at first", "X"), Range(least=0)] = 0.01
    q_min: Annotated[float, Help("the same at last", "X"), Range(least=0)] = 1e-6
    observations_per_decade: Annotated[
        float, Help("observations in which both noises fall by a decade", "N"), POSITIVE
    ] = 5000.0
    forgetting: Annotated[
        float, Help("how much what came before counts after an observation, at first", "L"), _SHARE
    ] = 1.0
    forgetting_decay: Annotated[
        float, Help("by which what is forgotten falls with each observation", "NU"), _SHARE
    ] = 0.9987
    learning_rate: Annotated[float, Help("of Adam, at first", "X"), POSITIVE] = 5e-3
    final_learning_rate: Annotated[float, Help("of Adam, at the last epoch", "X"), POSITIVE] = 5e-5
    batch_size: Annotated[
        int, Help("structures in a step of Adam, with all their forces", "N"), Range(least=1)
    ] = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("forgetting", "forgetting_decay"):
            if getattr(self, name) > 1:
                raise SettingError(f"`{name}` is at most 1, not {getattr(self, name):g}.", name)

    @property
    def calmer(self) -> str:
        """What makes steps smaller, as a sentence goes on after “give”."""
        if self.optimizer == "adam":
            return "a smaller `learning_rate`"
        return "smaller `eta` and `force_weight`"


@dataclass(frozen=True, kw_only=True)
class StoppingSettings(Settings):
    """When a training ends; whatever comes first.

    Examples
    --------
    >>> from nearsight.training import StoppingSettings
    >>> settings = StoppingSettings(epochs=50, patience=5)
    >>> settings.epochs
    50
    """

    epochs: Annotated[int, Help("how often each structure is learnt", "N"), Range(least=1)] = 20
    target_energy_meV: Annotated[
        float | None,
        Help("stop at this error of test energies in meV an atom (with both: of both)", "E"),
        POSITIVE,
    ] = None
    target_force_eV_per_A: Annotated[
        float | None, Help("stop at this error of test forces in eV/Å", "F"), POSITIVE
    ] = None
    time_s: Annotated[
        float | None, Help("stop after the epoch in which so many seconds are over", "S"), POSITIVE
    ] = None
    patience: Annotated[
        int | None,
        Help("stop when so many epochs brought nothing better on the test structures", "N"),
        Range(least=1),
    ] = None


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(Settings):
    """Settings of a training.

    Examples
    --------
    >>> from nearsight.training import NetworkSettings, StoppingSettings, TrainingSettings
    >>> network, stopping = NetworkSettings(hidden_layers=(10,)), StoppingSettings(epochs=30)
    >>> settings = TrainingSettings(network=network, stopping=stopping)
    >>> settings.stopping.epochs
    30
    """

    data: DataSettings = field(default_factory=DataSettings)
    functions: FunctionSettings = field(default_factory=FunctionSettings)
    prior: PriorSettings = field(default_factory=PriorSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    stopping: StoppingSettings = field(default_factory=StoppingSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.prior.radii_A(self.functions.cutoff_radius_A)

    def with_cutoff(self) -> Self:
        """Return the settings with the cutoff radius, which is the default if none was given."""
        functions = replace(self.functions, cutoff_A=self.functions.cutoff_radius_A)
        return replace(self, functions=functions)
