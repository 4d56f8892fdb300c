"""Named models of MatterSim."""

from dataclasses import replace

from nearsight.models.catalogue.named_model import PBE_U, NamedModel

_MATTERSIM_1M = NamedModel(
    name="mattersim-v1-1m",
    family="mattersim",
    training_data="MatterSim's own",
    level_of_theory=PBE_U,
    licence="MIT",
    citation="arXiv 2405.04967",
    n_elements=89,
    remark="1M",
    download="~/.local/mattersim/pretrained_models/mattersim-v1.0.0-1M.pth",
)

MODELS = (
    _MATTERSIM_1M,
    replace(
        _MATTERSIM_1M,
        name="mattersim-v1-5m",
        remark="5M",
        download="~/.local/mattersim/pretrained_models/mattersim-v1.0.0-5M.pth",
    ),
)
