"""MatGL: what the family needs, and its models that have a name."""

from nearsight.models.family import Family, one_step
from nearsight.models.named_model import NamedModel

FAMILY = Family(
    name="matgl",
    requires="matgl",
    target="folder of a saved model, or name of a published one",
    licence="BSD-3-Clause",
    steps=one_step("matgl>=4.1.2,<4.2"),
    size_MB=1820,
    extra=True,
)

MODELS = tuple(
    NamedModel(
        name=f"tensornet-matpes-{functional.lower()}",
        family="matgl",
        training_data="MatPES-" + f"{functional}-2025.2",
        level_of_theory=functional,
        licence=None,
        citation="arXiv 2306.06482, arXiv 2503.04070",
        n_elements=89,
        remark="TensorNet",
    )
    for functional in ("PBE", "r2SCAN")
)
