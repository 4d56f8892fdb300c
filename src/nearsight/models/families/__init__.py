"""The families of models, a folder each, and every model that has a name."""

import difflib

from nearsight.errors import ModelError
from nearsight.models.facts import Facts
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
from nearsight.models.family import Family
from nearsight.models.named_model import NamedModel

__all__ = ["FAMILIES", "MODELS", "family_named", "stated"]

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


def stated(name: str) -> Facts:
    """Return what is to be said of the model called `name`: nothing of one without a name."""
    model = MODELS.get(name)
    return Facts() if model is None else model.facts


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
