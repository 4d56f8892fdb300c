"""CHGNet: what the family needs, and its models that have a name."""

from dataclasses import replace

from nearsight.models.family import Family, one_step
from nearsight.models.named_model import PBE_U, NamedModel

FAMILY = Family(
    name="chgnet",
    requires="chgnet",
    target="path of a checkpoint",
    licence="BSD-3-Clause",
    steps=one_step("chgnet>=0.4.2,<0.5"),
    size_MB=1630,
    extra=True,
)

# Note 2 of the data set: doi 10.6084/m9.figshare.23713842.
_CORRECTED = "total energies of VASP with the corrections of the Materials Project (MP2020)"

_CHGNET_0_3_0 = NamedModel(
    name="chgnet-0.3.0",
    family="chgnet",
    training_data="MPtrj",
    level_of_theory=PBE_U,
    licence="BSD-3-Clause",
    citation="doi 10.1038/s42256-023-00716-3",
    cutoff_A=6.0,
    layers=4,
    parameters=412_525,
    n_elements=89,
    curvature_smooth=False,
    remark="angles",
    inside_package=True,
    energy_scale=_CORRECTED,
)

MODELS = (
    _CHGNET_0_3_0,
    replace(_CHGNET_0_3_0, name="chgnet-0.2.0", cutoff_A=5.0, parameters=400_438),
    replace(
        _CHGNET_0_3_0,
        name="chgnet-r2scan",
        training_data="MPtrj, then MP-r2SCAN",
        level_of_theory="r2SCAN",
        citation=f"{_CHGNET_0_3_0.citation}, doi 10.1038/s41524-025-01796-y",
        n_elements=88,
        energy_scale=None,
    ),
)
