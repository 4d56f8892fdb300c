"""Density functional theory by PySCF."""

from nearsight.models.family import Family, one_step
from nearsight.models.named_model import NamedModel

FAMILY = Family(
    name="pyscf",
    requires="pyscf",
    framework="none",
    device="cpu",
    own_precision=True,
    no_choice="PySCF has its own device and its own precision",
    target="FUNCTIONAL/BASIS, such as rpbe/def2-svp",
    options=("charge", "spin", "dispersion", "grid_response", "grid_level"),
    licence="Apache-2.0",
    steps=one_step("pyscf>=2.14,<2.15", "pyscf-dispersion>=1.5,<2"),
    size_MB=720,
    extra=True,
    target_is_path=False,
)

MODELS: tuple[NamedModel, ...] = ()
