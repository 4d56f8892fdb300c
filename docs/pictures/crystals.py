"""Structures and models that several pictures are of."""

import shutil
from functools import cache
from pathlib import Path

from nearsight.models import Model, load_model
from nearsight.records import PhononsRecord
from nearsight.records.widom_record import WidomRecord
from nearsight.workflows import (
    InsertionSettings,
    PhononsSettings,
    WidomSettings,
    phonons,
    widom,
)

STRUCTURES = Path(__file__).parents[2] / "examples" / "structures"
QUARTZ = STRUCTURES / "quartz.cif"
MOF5 = STRUCTURES / "mof5.extxyz"
METHANE_FIELD = "forcefield:trappe+uff?coulomb=no"


def copied(structure: Path) -> str:
    """Put a file into the current folder, and return its name, which is what pages show."""
    return shutil.copy(structure, structure.name)


@cache
def sevennet() -> Model:
    """Return SevenNet-0 in double precision."""
    return load_model("sevennet-0")


@cache
def phonons_of_quartz() -> PhononsRecord:
    """Return quartz, relaxed, with its force constants and phonons."""
    return phonons(copied(QUARTZ), sevennet(), PhononsSettings())


@cache
def methane_in_mof5() -> WidomRecord:
    """Return insertions of methane into MOF-5 by a force field."""
    field = load_model(METHANE_FIELD)
    insertion = InsertionSettings(gas="CH4", temperatures_K=(298.0,), insertions=4000)
    return widom(copied(MOF5), field, WidomSettings(insertion=insertion))
