"""SchNet and PaiNN of SchNetPack: what the family needs."""

from nearsight.models.family import Family, one_step
from nearsight.models.named_model import NamedModel

FAMILY = Family(
    name="schnetpack",
    requires="schnetpack",
    target="path of a model",
    options=("energy_unit", "length_unit", "energy_key"),
    licence="MIT",
    # 2.1 asks for an older sympy than PyTorch does.
    steps=one_step("schnetpack>=2.0.4,<2.1"),
    size_MB=1470,
    extra=True,
)

MODELS: tuple[NamedModel, ...] = ()
