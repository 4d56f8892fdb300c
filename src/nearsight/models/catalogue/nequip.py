"""Named models of NequIP and Allegro."""

from nearsight.models.catalogue.named_model import PBE_U, NamedModel

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
