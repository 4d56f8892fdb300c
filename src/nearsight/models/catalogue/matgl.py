"""Named models of MatGL."""

from nearsight.models.catalogue.named_model import NamedModel

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
