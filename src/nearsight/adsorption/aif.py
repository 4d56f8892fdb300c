"""Isotherms in the Adsorption Information Format, a STAR file like a CIF.

J. D. Evans, V. Bon, I. Senkovska, S. Kaskel, Langmuir 2021, 37, 4222, doi
10.1021/acs.langmuir.1c00122. Names are those of its dictionary of June 2025, which readers know;
what that has no name for begins with ``_nearsight_``, with the unit in the name.
"""

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import nearsight
from nearsight.storage import write_text

if TYPE_CHECKING:
    from gemmi import cif

DICTIONARY: Final = "a0d6475"
"""Version of the dictionary: the commit of the repository in which it lies."""
OWN: Final = "_nearsight_"

Item = str | float | int | bool | None


@dataclass(frozen=True)
class IsothermPoint:
    """A point of an isotherm."""

    pressure_Pa: float
    loading_mol_per_kg: float
    error_mol_per_kg: float | None = None
    """Standard error of the loading; None where it is not known."""


@dataclass(frozen=True, kw_only=True)
class AifIsotherm:
    """What one block of a file has: a gas in a material at one temperature, simulated."""

    material: str
    adsorptive: str
    """Such as ``CO2``."""
    temperature_K: float
    sampling: str
    """How phase space was sampled, such as ``Widom insertion``."""
    model: str
    """Of the interactions of the gas with itself and with the material."""
    points: tuple[IsothermPoint, ...] = ()
    """By pressure; of absolute amounts."""
    material_info: str | None = None
    """What else tells the material, such as its formula."""
    size: str | None = None
    """Of the simulated system."""
    level_of_theory: str | None = None
    own_items: Mapping[str, Item] = field(default_factory=dict)
    """What the dictionary has no names for, by names without ``_nearsight_``; None is unknown."""


def write_aif(path: str | os.PathLike[str], isotherms: Sequence[AifIsotherm]) -> None:
    """Write isotherms, each as a block of one file; an older file stays intact if it fails.

    Many programs read files of one block only: give them one temperature.

    Parameters
    ----------
    path
        File to write, ``.aif``.
    isotherms
        At least one.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    write_text(path, aif_text(isotherms))


def aif_text(isotherms: Sequence[AifIsotherm]) -> str:
    """Return the text that `write_aif` writes."""
    from gemmi import cif

    document = cif.Document()
    taken: set[str] = set()
    for isotherm in isotherms:
        name = _block_name(isotherm)
        while name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        _fill(document.add_new_block(name), isotherm)
    return str(document.as_string())


def _block_name(isotherm: AifIsotherm) -> str:
    name = f"{isotherm.material}_{isotherm.adsorptive}_{isotherm.temperature_K:g}K"
    return re.sub(r"[^!-~]", "_", name)  # printable ASCII without blanks


def _fill(block: "cif.Block", isotherm: AifIsotherm) -> None:
    code = f"Nearsight {nearsight.__version__}"
    items: dict[str, Item] = {
        "_audit_aif_version": DICTIONARY,
        "_audit_creation_method": code,
        "_exptl_method": "simulation",
        "_exptl_isotherm_type": "absolute",
        "_exptl_adsorptive": isotherm.adsorptive,
        "_exptl_temperature": isotherm.temperature_K,
        "_adsnt_material_id": isotherm.material,
        "_adsnt_info": isotherm.material_info,
        "_simltn_code": code,
        "_simltn_sampling": isotherm.sampling,
        "_simltn_size": isotherm.size,
        "_simltn_lot": isotherm.level_of_theory,
        "_simltn_forcefield_adsorptive": isotherm.model,
        "_simltn_forcefield_adsorbent": isotherm.model,
        "_units_temperature": "K",
        "_units_pressure": "Pa",
        "_units_loading": "mol/kg",
    }
    for tag, value in items.items():
        if value is not None:
            block.set_pair(tag, _written(value))
    for name, value in isotherm.own_items.items():
        block.set_pair(f"{OWN}{name}", _written(value))
    if isotherm.points:
        errors = any(point.error_mol_per_kg is not None for point in isotherm.points)
        tags = ["_adsorp_pressure", "_adsorp_amount", *([f"{OWN}amount_error"] if errors else [])]
        loop = block.init_loop("", tags)
        for point in isotherm.points:
            values = [point.pressure_Pa, point.loading_mol_per_kg]
            loop.add_row(
                [_written(each) for each in [*values, *([point.error_mol_per_kg] * errors)]]
            )


def _written(value: Item) -> str:
    """Return a value as the file has it; ``?`` is one that is not known."""
    from gemmi import cif

    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "?"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.12g}"
    # Of a name of several lines one that begins like the end of a text would end it.
    return str(cif.quote(" ".join(str(value).splitlines())))
