"""High-dimensional neural network potentials of n2p2, RuNNer and Nearsight itself."""

from nearsight.models.family import Family
from nearsight.models.named_model import NamedModel

FAMILY = Family(
    name="hdnnp",
    requires="torch",
    target="folder with input.nn, scaling.data and weights.*.data",
    options=("units",),
    licence="MIT",
    steps=(),  # all of it is Nearsight's own
    size_MB=0,
    recorded=("numba",),
)

MODELS: tuple[NamedModel, ...] = ()
