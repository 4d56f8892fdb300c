"""NequIP and Allegro: what the family needs, and its models that have a name."""

from nearsight.models.family import NUMBA, Family, one_step
from nearsight.models.named_model import PBE_U, NamedModel

FAMILY = Family(
    name="nequip",
    requires="nequip",
    target="path of a package or compiled model, or nequip.net:<id>",
    licence="MIT",
    steps=one_step("nequip>=0.19.1,<0.20", "nequip-allegro>=0.8.3,<0.9", NUMBA),
    size_MB=1530,
    extra=True,
    recorded=("nequip", "numba"),
    e3nn=">=0.6",
)

MODELS = tuple(
    NamedModel(
        name=f"{architecture}-{name}-l",
        family="nequip",
        training_data=data,
        level_of_theory=PBE_U,
        licence=None,
        citation="arXiv 2607.28461",
        n_elements=89,
    )
    for architecture in ("nequip", "allegro")
    for name, data in (("oam", "OMat24, then sAlex and MPtrj"), ("mp", "MPtrj"))
)
