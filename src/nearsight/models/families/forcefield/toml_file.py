"""Force fields in TOML: a format of Nearsight's own, with units in names.

.. code-block:: toml

   source = "J. J. Potoff, J. I. Siepmann, AIChE J. 2001, 47, 1676, doi 10.1002/aic.690470719"

   [treatment]                  # as `nearsight.models.families.forcefield.parameters.Treatment`
   cutoff_A = 14.0
   tail = true

   [types.C_co2]                # a type of sites
   epsilon_K = 27.0             # or epsilon_eV, epsilon_kcal_per_mol, epsilon_kJ_per_mol
   sigma_A = 2.80               # or minimum_A, where the energy is lowest
   charge_e = 0.70              # without it, the atom's own (a CIF's _atom_site_charge)
   element = "C"                # what it is shown as, and how sites of molecules are recognised

   [types.carboxylate_C]        # of framework atoms that are bonded to just these
   element = "C"
   neighbours = ["C", "O", "O"] # elements, or types that are decided before
   epsilon_K = 52.8
   sigma_A = 3.43

   [types.M]
   interaction = "none"         # but that of its charge
   charge_e = -1.04

   [[pairs]]                    # what does not follow from mixing
   types = ["Mg", "O_co2"]
   a_K = 4.08795e5              # Buckingham, or epsilon_K and sigma_A; also _eV, ...
   b_per_A = 3.965
   c_K_A6 = 2.4732e7
   core_A = 1.2                 # without it, where the energy is highest

   [molecules.CO2]
   sites = [
     { type = "C_co2", position_A = [0.0, 0.0, 0.0] },
     { type = "O_co2", position_A = [0.0, 0.0, 1.16] },
     { type = "O_co2", position_A = [0.0, 0.0, -1.16] },
   ]

Atoms of which a structure tells the element only are of the type that has its symbol as a name, or
that ``[elements]`` gives it, as in ``Mg = "Mof_Mg"``.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from nearsight.errors import ModelError
from nearsight.models.families.forcefield.parameters import (
    NO_INTERACTION,
    Buckingham,
    ForceField,
    LennardJones,
    Molecule,
    Pair,
    SiteType,
    Treatment,
    sorted_pair,
)
from nearsight.models.families.forcefield.reading import ReadFile, Table, text_of
from nearsight.units import BOLTZMANN_EV_PER_K, EV_PER_CELL_IN_J_PER_MOL, KCAL_PER_MOL_IN_EV

ENERGIES_EV: Final[Mapping[str, float]] = {
    "K": BOLTZMANN_EV_PER_K,
    "eV": 1.0,
    "kcal_per_mol": KCAL_PER_MOL_IN_EV,
    "kJ_per_mol": 1e3 / EV_PER_CELL_IN_J_PER_MOL,
}
"""What each unit of energy is in eV; K stands for kelvins times Boltzmann's constant."""

_KEY = r"(^|[\s{{,.\[]){}\s*(=|\]|\.)"


def read_toml(path: Path) -> ReadFile:
    """Read a force field in TOML.

    Raises
    ------
    ModelError
        The file cannot be read, has a key that is not known, or says what cannot be.
    """
    text = text_of(path)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{path} is no TOML: {error}.") from error
    table = Table(path, text, "", values, _KEY)
    source = table.take("source", str, "")
    types = {name: _type(one) for name, one in _named(table.table("types"))}
    molecules = {name: _molecule(one) for name, one in _named(table.table("molecules"))}
    pairs = dict(_pair(one) for one in table.tables("pairs"))
    elements = table.table("elements")
    by_element = {symbol: elements.needed(symbol, str) for symbol in elements.values}
    stated = _treatment(table.table("treatment"))
    table.finish()
    sources = (source,) if source else ()
    return ReadFile(ForceField(types, pairs, molecules, by_element, sources=sources), stated)


def _named(table: Table) -> list[tuple[str, Table]]:
    return [(name, table.inner(name, table.needed(name, dict))) for name in table.values]


def _type(table: Table) -> SiteType:
    pair = _interaction(table, buckingham=False)
    found = SiteType(
        pair,
        charge_e=table.number("charge_e"),
        mass_amu=table.number("mass_amu"),
        element=table.take("element", str),
        neighbours=_neighbours(table),
    )
    table.finish()
    return found


def _neighbours(table: Table) -> tuple[str, ...] | None:
    names = table.take("neighbours", list)
    if names is None:
        return None
    if "element" not in table.values or not all(isinstance(name, str) for name in names):
        raise table.error("neighbours", "names of elements or types are expected, and an element")
    return tuple(names)


def _pair(table: Table) -> tuple[tuple[str, str], Pair]:
    names = table.needed("types", list)
    if len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise table.error("types", f"{names!r} are not the names of two types")
    pair = _interaction(table, buckingham=True)
    table.finish()
    if pair is None:
        raise ModelError(f"{table.path}: {table.where} has no interaction; add it.")
    return sorted_pair(*names), pair


def _interaction(table: Table, *, buckingham: bool) -> Pair | None:
    """Return the interaction of a table; None where it has none of its keys."""
    if table.take("interaction", str) is not None:
        if table.values["interaction"] != "none":
            raise table.error("interaction", "only 'none' is possible; else give parameters")
        return NO_INTERACTION
    epsilon = _energy(table, "epsilon_{}")
    sigma, minimum = table.number("sigma_A"), table.number("minimum_A")
    a, c = (_energy(table, "a_{}"), _energy(table, "c_{}_A6")) if buckingham else (None, None)
    b, core = (table.number("b_per_A"), table.number("core_A")) if buckingham else (None, None)
    if a is not None and b is not None and c is not None and epsilon is sigma is minimum is None:
        return Buckingham(a, b, c, core)
    if minimum is not None and sigma is None:
        sigma, minimum = minimum / 2 ** (1 / 6), None
    if a is b is c is core is minimum is None and epsilon is not None and sigma is not None:
        return LennardJones(epsilon, sigma)
    if epsilon is sigma is minimum is a is b is c is core is None:
        return None
    needs = " or a_K, b_per_A and c_K_A6" if buckingham else ""
    raise ModelError(
        f"{table.path}: {table.where} needs epsilon_K and sigma_A (or minimum_A){needs}, or other "
        f"units of energy ({', '.join(ENERGIES_EV)}), each once."
    )


def _energy(table: Table, pattern: str) -> float | None:
    found = [
        value * in_eV
        for unit, in_eV in ENERGIES_EV.items()
        if (value := table.number(pattern.format(unit))) is not None
    ]
    if len(found) > 1:
        raise ModelError(
            f"{table.path}: {table.where} has {pattern.format('...')} in two units; give one."
        )
    return found[0] if found else None


def _molecule(table: Table) -> Molecule:
    types, positions = [], []
    for site in table.tables("sites"):
        types.append(site.needed("type", str))
        place = site.needed("position_A", list)
        if len(place) != 3 or not all(isinstance(each, int | float) for each in place):
            raise site.error("position_A", f"{place!r} is no place; give x, y and z in Å")
        positions.append(place)
        site.finish()
    source = table.take("source", str, "")
    table.finish()
    if not types:
        raise ModelError(f"{table.path}: {table.where} has no sites; add them.")
    return Molecule(tuple(types), np.array(positions, dtype=np.float64), source)


def _treatment(table: Table) -> dict[str, Any]:
    kinds: dict[str, type | tuple[type, ...]] = {
        "tail": bool,
        "coulomb": bool,
        "cutoff_A": (int, float),
        "accuracy": (int, float),
        "feynman_hibbs_K": (int, float),
    }
    stated = {
        one.name: table.take(one.name, kinds.get(one.name, str))
        for one in fields(Treatment)
        if one.name in table.values
    }
    for one in fields(Treatment):
        table.take(one.name, object)
    table.finish()
    return stated
