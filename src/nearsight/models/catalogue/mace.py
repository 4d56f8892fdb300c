"""Named models of MACE."""

from dataclasses import replace

from nearsight.models.catalogue.named_model import PBE_U, NamedModel

_MACE_MP_0_SMALL = NamedModel(
    name="mace-mp-0-small",
    family="mace",
    training_data="MPtrj",
    level_of_theory=PBE_U,
    licence="MIT",
    citation="arXiv 2401.00096",
    cutoff_A=6.0,
    layers=2,
    parameters=3_847_696,
    n_elements=89,
    remark="128x0e",
    download="$XDG_CACHE_HOME/mace/20231210mace128L0_energy_epoch249model",
)

MODELS = (
    _MACE_MP_0_SMALL,
    replace(
        _MACE_MP_0_SMALL,
        name="mace-mp-0-medium",
        parameters=4_688_656,
        remark="128x0e+128x1o",
        download="$XDG_CACHE_HOME/mace/20231203mace128L1_epoch199model",
    ),
    replace(
        _MACE_MP_0_SMALL,
        name="mace-mp-0-large",
        parameters=None,
        remark="128x0e+128x1o+128x2e",
        download="$XDG_CACHE_HOME/mace/MACE_MPtrj_20229model",
    ),
)
