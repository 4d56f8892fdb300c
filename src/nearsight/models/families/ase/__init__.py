"""ASE calculators."""

from nearsight.models.family import Family
from nearsight.models.named_model import NamedModel

FAMILY = Family(
    name="ase",
    framework="none",
    device="cpu",
    own_precision=True,
    no_choice="an ASE calculator has its own device and its own precision, and can be set up in "
    "Python otherwise, for AseModel(calculator)",
    target_is_class=True,
    recorded=("ase",),
    requires="ase",
    target="name of an ASE calculator, or package.module:Class",
    options=None,
    licence="LGPL-2.1-or-later",
    steps=(),
    size_MB=0,
    target_is_path=False,
)

MODELS: tuple[NamedModel, ...] = ()
