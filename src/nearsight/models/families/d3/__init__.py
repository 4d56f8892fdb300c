"""Dispersion D3(BJ)."""

from nearsight.models.family import Family, one_step
from nearsight.models.named_model import NamedModel

FAMILY = Family(
    name="d3",
    requires="torch_dftd",
    target="functional such as pbe",
    licence="MIT",
    steps=one_step("torch-dftd>=0.5.3,<0.6"),
    size_MB=1600,
    extra=True,
    target_is_path=False,
    device="cpu",
    no_choice="D3 is computed on the CPU, also where it is added to a model on a GPU",
)

MODELS: tuple[NamedModel, ...] = ()
