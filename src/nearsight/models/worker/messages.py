"""How structures, results, models and errors are written in frames."""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight import errors
from nearsight.errors import ModelError, NearsightError
from nearsight.memory import is_out_of_memory
from nearsight.models.contract import Capabilities, Evaluation, Model, Seed
from nearsight.models.facts import Facts
from nearsight.models.worker.frames import Arrays
from nearsight.provenance import ModelIdentity, model_versions
from nearsight.structures.pairs import Pairs

# Beside species, positions and cell. A calculator may make use of each.
_OPTIONAL = ("masses", "initial_charges", "initial_magmoms", "tags")
_OF_RESULTS = (
    "energy_eV",
    "forces_eV_per_A",
    "stress_eV_per_A3",
    "atomic_energies_eV",
    "extrapolations",
)
_OF_PAIRS = ("first", "second", "shifts_A", "centre_A")

_ERRORS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, NearsightError)
}


def structures_to_frame(
    structures: Sequence[Atoms],
) -> tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]:
    """Return what a model may depend on: a list for a frame's head, and arrays.

    Species, positions, cell, periodicity; where they are set, masses, initial charges, initial
    magnetic moments and tags; and of `Atoms.info` the numbers, truth values and texts, such as
    charge and spin. Constraints stay behind: derivatives are those of the energy.
    """
    heads: list[dict[str, Any]] = []
    arrays: dict[str, NDArray[Any]] = {}
    for index, atoms in enumerate(structures):
        heads.append(_plain_entries(atoms.info))
        optional = [name for name in _OPTIONAL if atoms.has(name)]
        parts = {name: atoms.arrays[name] for name in ("numbers", "positions", *optional)}
        parts |= {"cell": atoms.cell.array, "pbc": atoms.pbc}
        arrays |= {f"{index}.{name}": part for name, part in parts.items()}
    return heads, arrays


def structures_from_frame(heads: Sequence[Mapping[str, Any]], arrays: Arrays) -> list[Atoms]:
    """Rebuild what `structures_to_frame` described."""
    structures = []
    for index, info in enumerate(heads):
        atoms = Atoms(
            numbers=arrays[f"{index}.numbers"],
            positions=arrays[f"{index}.positions"],
            cell=arrays[f"{index}.cell"],
            pbc=arrays[f"{index}.pbc"],
            info=dict(info),
        )
        for name in _OPTIONAL:
            if (values := arrays.get(f"{index}.{name}")) is not None:
                atoms.set_array(name, values)
        structures.append(atoms)
    return structures


def _plain_entries(info: Mapping[Any, Any]) -> dict[str, str | float]:
    plain = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in info.items()
        if isinstance(name, str)
    }
    return {name: value for name, value in plain.items() if isinstance(value, str | int | float)}


def evaluations_to_arrays(evaluations: Sequence[Evaluation]) -> dict[str, NDArray[Any]]:
    """Return the numbers of a batch of evaluations."""
    return {
        f"{index}.{name}": np.asarray(value, dtype=np.float64)
        for index, evaluation in enumerate(evaluations)
        for name in _OF_RESULTS
        if (value := getattr(evaluation, name)) is not None
    }


def evaluations_from_arrays(
    arrays: Arrays, structures: Sequence[Atoms], *, forces: bool, stress: bool
) -> list[Evaluation]:
    """Rebuild the evaluations of `structures`, with the derivatives that were asked for.

    Raises
    ------
    ModelError
        There are other numbers than these structures have.
    """
    evaluations = []
    for index, atoms in enumerate(structures):
        energy, by_positions, by_strain, atomic, beyond = (
            f"{index}.{name}" for name in _OF_RESULTS
        )
        of_atoms = (len(atoms), 3)
        evaluations.append(
            Evaluation(
                float(require_shape(arrays, energy, ())),
                require_shape(arrays, by_positions, of_atoms) if forces else None,
                require_shape(arrays, by_strain, (6,)) if stress else None,
                require_shape(arrays, atomic, of_atoms[:1]) if atomic in arrays else None,
                _counts(arrays, beyond, len(atoms)) if beyond in arrays else None,
            )
        )
    return evaluations


def _counts(arrays: Arrays, name: str, n_atoms: int) -> NDArray[np.int64]:
    # What is no count here would only be wrong there, and says so when it is shown.
    return require_shape(arrays, name, (n_atoms,)).astype(np.int64)


def pairs_to_arrays(pairs: Sequence[Pairs]) -> dict[str, NDArray[Any]]:
    """Return the pairs of structures that are sent with them, but for their cutoffs."""
    return {
        f"{index}.pairs.{name}": getattr(one, name)
        for index, one in enumerate(pairs)
        for name in _OF_PAIRS
    }


def pairs_from_arrays(
    cutoffs_A: Sequence[float], arrays: Arrays, structures: Sequence[Atoms]
) -> list[Pairs]:
    """Rebuild the pairs of `structures`, whose own they were seen to be."""
    return [
        Pairs(
            **{name: arrays[f"{index}.pairs.{name}"] for name in _OF_PAIRS},
            cutoff_A=cutoff,
            positions_A=atoms.positions,
            cell_A=atoms.cell.array,
            periodic=atoms.pbc,
        )
        for index, (cutoff, atoms) in enumerate(zip(cutoffs_A, structures, strict=True))
    ]


def require_shape(arrays: Arrays, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the array `name` of real numbers.

    Raises
    ------
    ModelError
        It is missing, or has another shape.
    """
    array = arrays.get(name)
    if array is None or array.shape != shape or array.dtype != np.float64:
        given = "is missing" if array is None else f"is {array.dtype} of shape {array.shape}"
        raise ModelError(
            f"the answer of a model's process {given}, where {name} should be of shape {shape}."
        )
    return array


def seeds_to_arrays(seeds: Sequence[Seed]) -> dict[str, NDArray[Any]]:
    """Return the atoms and directions of rows."""
    return {
        "seed_atoms": np.array([atom for atom, _ in seeds], dtype=np.int64),
        "directions": np.array([direction for _, direction in seeds], dtype=np.float64),
    }


def seeds_from_arrays(arrays: Arrays) -> list[Seed]:
    """Rebuild the rows that `seeds_to_arrays` described."""
    atoms = arrays["seed_atoms"].tolist()
    return list(zip(atoms, arrays["directions"], strict=True))


def model_to_head(model: Model) -> dict[str, Any]:
    """Return what a model says of itself, with the versions of the packages behind it here."""
    identity = replace(model.identity, versions=model_versions())
    capabilities = asdict(model.capabilities)
    if capabilities["elements"] is not None:
        capabilities["elements"] = sorted(capabilities["elements"])
    return {
        "identity": identity.to_json(),
        "capabilities": capabilities,
        "facts": asdict(model.facts),
    }


@dataclass(frozen=True)
class Description:
    """What a model says of itself."""

    identity: ModelIdentity
    capabilities: Capabilities
    facts: Facts


def model_from_head(head: Mapping[str, Any]) -> Description:
    """Rebuild what `model_to_head` described."""
    capabilities = dict(head["capabilities"])
    if capabilities["elements"] is not None:
        capabilities["elements"] = frozenset(capabilities["elements"])
    identity = ModelIdentity.from_json(head["identity"])
    return Description(identity, Capabilities(**capabilities), Facts(**head["facts"]))


def error_to_head(error: Exception) -> dict[str, str]:
    """Return an error in words, with what is needed to raise it again on the other side."""
    if isinstance(error, NearsightError):
        known = next(kind for kind in type(error).__mro__ if kind in _ERRORS.values())
        return {"kind": known.__name__, "message": str(error)}
    if is_out_of_memory(error):
        return {"kind": "MemoryError", "message": str(error)}
    last = traceback.extract_tb(error.__traceback__)[-1]
    return {
        "kind": type(error).__name__,
        "message": str(error),
        "where": f"{last.filename}:{last.lineno} in {last.name}",
    }


def error_from_head(head: Mapping[str, str], name: str) -> NearsightError | MemoryError:
    """Return the error that `error_to_head` described, raised by the model `name`."""
    if "where" not in head:
        if head["kind"] == "MemoryError":
            return MemoryError(head["message"])
        return _ERRORS.get(head["kind"], ModelError)(head["message"])
    return ModelError(f"{name} failed with {head['kind']}: {head['message']} ({head['where']}).")
