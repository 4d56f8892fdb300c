"""What a model is, and one file per family of models."""

from nearsight.models.ase_calculator import AseModel
from nearsight.models.contract import Capabilities, Evaluation, Model, TorchEnergy
from nearsight.models.registry import load_model

__all__ = ["AseModel", "Capabilities", "Evaluation", "Model", "TorchEnergy", "load_model"]
