"""Force fields of RASPA3: ``force_field.json``, with the molecules that are beside it.

Parameters of Lennard-Jones interactions are ε/k_B in K and σ in Å, of Buckingham ones A/k_B in K, B
in 1/Å and C/k_B in K Å⁶. A molecule is another ``.json`` of the folder that has ``pseudoAtoms``
with positions; it is called as its file is.
"""

import json
from pathlib import Path
from typing import Any

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
    sorted_pair,
)
from nearsight.models.families.forcefield.reading import ReadFile, Table, text_of
from nearsight.units import BOLTZMANN_EV_PER_K

_MIXING = {"Lorentz-Berthelot": "lorentz-berthelot", "Jorgensen": "geometric"}
_TRUNCATION = {"shifted": "shifted", "truncated": "cut"}
_CUTOFFS = (
    "CutOff",
    "CutOffVDW",
    "CutOffFrameworkVDW",
    "CutOffMoleculeVDW",
    "CutOffCoulomb",
)
_EFFECTIVE = "feynman-hibbs-lennard-jones"
_KEY = r'"{}"\s*:'


def read_raspa_json(path: Path) -> ReadFile:
    """Read a ``force_field.json``.

    Raises
    ------
    ModelError
        The file cannot be read, has a key that is not known, or says what cannot be.
    """
    table = _table(path)
    atoms = {one.needed("name", str): one for one in table.tables("PseudoAtoms")}
    own = {one.needed("name", str): _interaction(one) for one in table.tables("SelfInteractions")}
    unknown = [name for name in own if name not in atoms]
    if unknown:
        raise ModelError(f"{path}: {unknown[0]} has interactions, and is no pseudo atom; add it.")
    types = {name: _type(one, own.get(name)) for name, one in atoms.items()}
    pairs = dict(_pair(one) for one in table.tables("BinaryInteractions"))
    stated = _treatment(table)
    table.finish()
    framework = [name for name, one in atoms.items() if one.values.get("framework") is True]
    force_field = ForceField(
        types, pairs, _molecules(path, types), by_element=_by_element(types, framework)
    )
    return ReadFile(force_field, stated)


def _table(path: Path) -> Table:
    text = text_of(path)
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ModelError(f"{path} is no JSON: {error}.") from error
    if not isinstance(values, dict):
        raise ModelError(f"{path} is no force field: a JSON object is expected.")
    return Table(path, text, "", values, _KEY)


def _type(table: Table, pair: Pair | None) -> SiteType:
    mass = table.number("mass")
    table.number("polarizability")
    for key in ("framework", "print_to_output", "print_as", "source", "oxidationState"):
        table.take(key, object)
    site_type = SiteType(
        # A site without mass is a place for a charge, and needs no interaction of its own.
        NO_INTERACTION if pair is None and mass == 0 else pair,
        charge_e=table.number("charge"),
        mass_amu=mass,
        element=table.take("element", str) if mass else "X",
    )
    table.take("element", str)
    table.finish()
    return site_type


def _by_element(types: dict[str, SiteType], framework: list[str]) -> dict[str, str]:
    """Return the types of a framework's elements, of those that have one only."""
    of_element: dict[str, list[str]] = {}
    for name in framework:
        of_element.setdefault(types[name].element or name, []).append(name)
    return {
        element: names[0]
        for element, names in of_element.items()
        if len(names) == 1 and names[0] != element
    }


def _interaction(table: Table) -> Pair:
    table.take("name", str)
    table.take("names", list)
    table.take("source", str)
    where = f"{table.path}, {table.where}"
    parameters = table.take("parameters", list, [])
    pair = raspa_pair(table.needed("type", str), parameters, where)
    table.finish()
    return pair


def raspa_pair(kind: str, parameters: list[Any], where: str) -> Pair:
    """Return an interaction in RASPA's words and units.

    Raises
    ------
    ModelError
        It is none of those that are known, or has other parameters.
    """
    lengths = {"lennard-jones": (2,), "buckingham": (3,), "none": (0, 1, 2)}
    numbers = all(isinstance(one, int | float) for one in parameters)
    kind = kind.lower()
    if kind == _EFFECTIVE:
        raise ModelError(
            f"{where}: {kind} is of quantum nuclei at the temperature of a simulation, which the "
            f"file does not have; write lennard-jones there, and name the model with its "
            f"temperature, such as FILE?feynman_hibbs_K=77."
        )
    if kind not in lengths:
        raise ModelError(
            f"{where}: the interaction {kind} is not known; possible are {', '.join(lengths)}."
        )
    if not numbers or len(parameters) not in lengths[kind]:
        raise ModelError(f"{where}: {kind} has {lengths[kind][0]} numbers, not {parameters}.")
    if kind == "none":
        return NO_INTERACTION
    if kind == "lennard-jones":
        epsilon_K, sigma_A = parameters
        return LennardJones(epsilon_K * BOLTZMANN_EV_PER_K, sigma_A)
    a_K, b_per_A, c_K_A6 = parameters
    return Buckingham(a_K * BOLTZMANN_EV_PER_K, b_per_A, c_K_A6 * BOLTZMANN_EV_PER_K)


def _pair(table: Table) -> tuple[tuple[str, str], Pair]:
    names = table.needed("names", list)
    if len(names) != 2:
        raise table.error("names", f"{names!r} are not two types")
    return sorted_pair(*names), _interaction(table)


def _treatment(table: Table) -> dict[str, Any]:
    mixing = table.take("MixingRule", str, "Lorentz-Berthelot")
    truncation = table.needed("TruncationMethod", str)
    method = table.take("ChargeMethod", str, "Ewald")
    for key, value, known in (
        ("MixingRule", mixing, _MIXING),
        ("TruncationMethod", truncation, _TRUNCATION),
        ("ChargeMethod", method, {"Ewald": True, "None": False}),
    ):
        if value not in known:
            raise table.error(key, f"{value} is not possible; choose {', '.join(known)}")
    cutoffs = {key: table.number(key) for key in _CUTOFFS if key in table.values}
    if len(set(cutoffs.values())) > 1:
        raise ModelError(
            f"{table.path}: {', '.join(f'{key} is {value:g}' for key, value in cutoffs.items())}; "
            f"one cutoff for all interactions is possible only."
        )
    stated: dict[str, Any] = {
        "mixing": _MIXING[mixing],
        "truncation": _TRUNCATION[truncation],
        "tail": table.needed("TailCorrections", bool),
    }
    if cutoffs:
        stated["cutoff_A"] = next(iter(cutoffs.values()))
    if method == "None":
        stated["coulomb"] = False
    if (precision := table.number("EwaldPrecision")) is not None:
        stated["accuracy"] = precision
    return stated


def _molecules(path: Path, types: dict[str, SiteType]) -> dict[str, Molecule]:
    """Return the rigid molecules of the folder that are made of known types."""
    molecules = {}
    for file in sorted(path.parent.glob("*.json")):
        if file == path:
            continue
        sites = _table_values(file).get("pseudoAtoms")
        placed = isinstance(sites, list) and all(_is_placed(site) for site in sites)
        if placed and sites and all(site[0] in types for site in sites):
            positions = np.array([site[1] for site in sites], dtype=np.float64)
            molecules[file.stem] = Molecule(tuple(site[0] for site in sites), positions, str(file))
    return molecules


def _table_values(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # not a file of ours
    return values if isinstance(values, dict) else {}


def _is_placed(site: object) -> bool:
    if not isinstance(site, list) or len(site) != 2 or not isinstance(site[0], str):
        return False
    place = site[1]
    return isinstance(place, list) and len(place) == 3
