"""SevenNet: what the family needs, and its models that have a name."""

from dataclasses import replace

from nearsight.models.family import NUMBA, Family, one_step
from nearsight.models.named_model import PBE_U, NamedModel

FAMILY = Family(
    name="sevennet",
    requires="sevenn",
    target="path of a checkpoint",
    options=("modal",),
    licence="MIT",
    steps=one_step("sevenn>=0.13,<0.14", NUMBA),
    size_MB=1610,
    extra=True,
    e3nn=">=0.5",
)

_SEVENNET_0 = NamedModel(
    name="sevennet-0",
    family="sevennet",
    training_data="MPtrj",
    level_of_theory=PBE_U,
    licence="MIT",
    citation="doi 10.1021/acs.jctc.4c00190",
    cutoff_A=5.0,
    layers=5,
    parameters=842_440,
    n_elements=89,
    curvature_smooth=True,
    inside_package=True,
)

_OMAT24 = "PBE (+U as in OMat24)"
_MULTI_FIDELITY = "doi 10.1021/jacs.4c14455"

MODELS = (
    _SEVENNET_0,
    replace(
        _SEVENNET_0,
        name="sevennet-l3i5",
        parameters=1_171_144,
        # The kit's 2 % holds but for the stretch of CO2 at 0.03 Å: 3.5 %. The deviation grows
        # with the square of the step (0.004 at 0.01 Å): that is anharmonicity and no kink.
        curvature_smooth=None,
        remark="l_max 3",
    ),
    replace(
        _SEVENNET_0,
        name="sevennet-mf-0",
        training_data="Materials Project, PBE and r2SCAN",
        level_of_theory="PBE or r2SCAN (that of ?modal=PBE or R2SCAN)",
        citation=_MULTI_FIDELITY,
        parameters=845_896,
        remark="?modal=PBE",
    ),
    replace(
        _SEVENNET_0,
        name="sevennet-mf-ompa",
        training_data="OMat24, MPtrj, sAlex",
        level_of_theory="PBE (+U as in the Materials Project for ?modal=mpa, in OMat24 for omat24)",
        citation=_MULTI_FIDELITY,
        cutoff_A=6.0,
        parameters=25_734_966,
        curvature_smooth=None,
        remark="l_max 3, ?modal=mpa",
        inside_package=False,
    ),
)

LEVELS_OF_MODALITIES = {
    ("sevennet-mf-0", "PBE"): PBE_U,
    ("sevennet-mf-0", "R2SCAN"): "r2SCAN",
    ("sevennet-mf-ompa", "mpa"): PBE_U,
    ("sevennet-mf-ompa", "omat24"): _OMAT24,
}
"""Level of theory of a multi-fidelity model with a modality."""
