"""Smooth random potentials whose range and order are known: ground truth for what is learnt."""

from nearsight.models.family import Family
from nearsight.models.named_model import NamedModel

FAMILY = Family(
    name="synthetic",
    requires="torch",
    target="seed, a whole number",
    licence="MIT",
    steps=(),  # all of it is Nearsight's own
    size_MB=0,
    target_is_path=False,
    options=(
        "angles",
        "embedding",
        "charges",
        "cutoff_A",
        "angle_cutoff_A",
        "charge_range_A",
    ),
)

MODELS: tuple[NamedModel, ...] = ()
