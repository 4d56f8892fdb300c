"""GFN-xTB by tblite: what the family needs, and its models that have a name."""

from nearsight.models.family import Family, one_step
from nearsight.models.named_model import NamedModel

FAMILY = Family(
    name="tblite",
    requires="tblite",
    framework="none",
    device="cpu",
    own_precision=True,
    no_choice="tblite has its own device and its own precision",
    target="GFN1-xTB or GFN2-xTB",
    options=("charge", "spin"),
    licence="LGPL-3.0-or-later",
    steps=one_step("tblite>=0.8,<0.9"),
    size_MB=500,
    extra=True,
    target_is_path=False,
)

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
        energy_scale="total energies of tblite, of the valence electrons",
        inside_package=True,
    )
    for level, citation in (
        ("GFN1-xTB", "doi 10.1021/acs.jctc.7b00118"),
        ("GFN2-xTB", "doi 10.1021/acs.jctc.8b01176"),
    )
)
