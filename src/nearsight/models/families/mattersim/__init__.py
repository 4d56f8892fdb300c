"""MatterSim: what the family needs, and its models that have a name."""

from dataclasses import replace

from nearsight.models.family import Family, Step
from nearsight.models.named_model import PBE_U, NamedModel

FAMILY = Family(
    name="mattersim",
    requires="mattersim",
    target="path of a checkpoint",
    licence="MIT",
    # It asks for torchvision, whose compiled operations PyTorch 2.13 does not find, and
    # which nothing here calls: without its dependencies, then, and these instead.
    steps=(
        Step(
            (
                "e3nn>=0.5,<0.7",
                "torch_geometric",
                "torch-ema",
                "torch_runstats",
                "torchmetrics",
                "loguru",
                "deprecated",
                "scikit-learn",
                "pymatgen",
            )
        ),
        Step(("mattersim==1.2.3",), dependencies=False),
    ),
    size_MB=1800,
    e3nn=">=0.5",
    recorded=("mattersim",),
)

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
