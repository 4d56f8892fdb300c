"""Whether the weights of a named model are on this machine, where its family runs."""

from nearsight.models.environments.state import find
from nearsight.models.named_model import NamedModel


def weights_here(model: NamedModel, place: str) -> bool | None:
    """Return whether a model's weights are where its family runs; None where that is not known.

    Parameters
    ----------
    model
        The model.
    place
        Where its family is: ``here``, in an environment of its ``own``, or elsewhere.
    """
    if model.inside_package:
        return place in {"here", "own"}
    if model.wheel is None:
        return model.downloaded
    if place == "here":
        return model.wheel.path is not None
    _, environment = find(model.family)
    packages = () if environment is None else environment.packages
    return place == "own" and model.wheel.requirement in packages
