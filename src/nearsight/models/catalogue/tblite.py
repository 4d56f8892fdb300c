"""Named methods of tblite."""

from nearsight.models.catalogue.named_model import NamedModel

MODELS = tuple(
    NamedModel(
        name=level.lower(),
        family="tblite",
        training_data="fitted to geometries, frequencies, non-covalent interactions",
        level_of_theory=level,
        licence="LGPL-3.0-or-later",
        citation=citation,
        n_elements=86,
        differentiable=False,
        remark="tight binding, no network",
        inside_package=True,
    )
    for level, citation in (
        ("GFN1-xTB", "doi 10.1021/acs.jctc.7b00118"),
        ("GFN2-xTB", "doi 10.1021/acs.jctc.8b01176"),
    )
)
