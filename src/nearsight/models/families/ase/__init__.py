"""ASE calculators."""

from nearsight.models.family import Family
from nearsight.models.named_model import NamedModel

FAMILY = Family(
    name="ase",
    framework="none",
    requires="ase",
    target="name of an ASE calculator, or package.module:Class",
    options=None,
    licence="LGPL-2.1-or-later",
    steps=(),
    size_MB=0,
    target_is_path=False,
)

MODELS: tuple[NamedModel, ...] = ()
