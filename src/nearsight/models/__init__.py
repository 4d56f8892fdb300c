"""What a model is, what makes one of something else, and a folder per family."""

from typing import TYPE_CHECKING

from nearsight.provenance import record_packages
from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.models.batches import in_batches
    from nearsight.models.calculator import ModelCalculator
    from nearsight.models.committee import CommitteeModel, Disagreement
    from nearsight.models.contract import Capabilities, Evaluation, Model, TorchEnergy
    from nearsight.models.engines.ase_model import AseModel
    from nearsight.models.facts import Facts
    from nearsight.models.registry import load_model
    from nearsight.models.spec import ModelSpec
    from nearsight.models.sums import SumModel

__all__ = [
    "AseModel",
    "Capabilities",
    "CommitteeModel",
    "Disagreement",
    "Evaluation",
    "Facts",
    "Model",
    "ModelCalculator",
    "ModelSpec",
    "SumModel",
    "TorchEnergy",
    "in_batches",
    "load_model",
]

import_at_first_use(__name__)


def _packages_of_families() -> tuple[str, ...]:
    from nearsight.models.families import recorded_packages

    return recorded_packages()


record_packages(_packages_of_families)
