"""Whether a model can evaluate a structure, and which of a batch it cannot."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import MissingPropertyError, ModelError, StructureError
from nearsight.models.contract import Model, TorchEnergy
from nearsight.models.electrons import require_own_electrons
from nearsight.structures.reduced_cell import require_lattice


def unknown_elements(atoms: Atoms, model: Model | TorchEnergy) -> list[str]:
    """Return the symbols of the elements of `atoms` that `model` does not know, by their number."""
    known = model.capabilities.elements
    if known is None:
        return []
    symbols = dict(zip(atoms.numbers.tolist(), atoms.get_chemical_symbols(), strict=True))
    return [symbol for number, symbol in sorted(symbols.items()) if number not in known]


def require_elements(atoms: Atoms, model: Model | TorchEnergy) -> None:
    """Check that `model` knows every element of `atoms`.

    Raises
    ------
    ModelError
        Naming the elements that it does not know.
    """
    unknown = unknown_elements(atoms, model)
    if unknown:
        raise ModelError(
            f"{model.identity.name} does not know {', '.join(unknown)}; "
            f"choose a model that does (`nearsight models list`)."
        )


def require_calculable(atoms: Atoms, model: Model | TorchEnergy) -> None:
    """Check that `model` knows every element of `atoms`, and has the charge and spin that they say.

    Raises
    ------
    ModelError
        It does not know an element, or the structure has another charge or multiplicity.
    StructureError
        What the structure says of them means nothing.
    """
    require_elements(atoms, model)
    require_own_electrons(atoms, model.identity, model.capabilities)


def require_all_atoms(centres: NDArray[np.int64] | None, model: Model) -> None:
    """Check that no atoms are chosen whose energies alone are to be differentiated.

    Raises
    ------
    ModelError
        Some are.
    """
    if centres is not None:
        raise ModelError(
            f"{model.identity.name} cannot differentiate the energies of some atoms only; leave "
            f"`centres` out."
        )


def require_stress(atoms: Atoms) -> None:
    """Check that `atoms` is periodic in three directions, without which there is no stress.

    Raises
    ------
    ModelError
        It is not.
    """
    if not atoms.pbc.all():
        raise ModelError(
            f"{atoms.get_chemical_formula()} is not periodic in three directions "
            f"and has no stress; ask for energy and forces only."
        )


def require_batch(structures: object) -> None:
    """Check that what is to be evaluated is a list of structures.

    Raises
    ------
    ModelError
        It is one structure, something else in its place, or what can be gone through only once.
    """
    if isinstance(structures, Atoms) or not isinstance(structures, Sequence):
        raise ModelError(
            f"structures to evaluate are a list of Atoms, not {_an(structures)}; write [atoms], or "
            f"list(...) around what yields them."
        )
    for index, atoms in enumerate(structures):
        if not isinstance(atoms, Atoms):
            raise ModelError(f"structure {index} of the batch is {_an(atoms)}, not Atoms.")


def require_evaluable(
    structures: Sequence[Atoms], model: Model | TorchEnergy, *, stress: bool
) -> None:
    """Check that `model` can compute all structures and, if asked for, they have a stress.

    Raises
    ------
    ModelError
        It does not, or one has none, or has a position or cell vector that is not finite.
    StructureError
        The cell vectors of one span no lattice, or what it says of its charge means nothing.
    """
    require_batch(structures)
    for index, atoms in enumerate(structures):
        with of_batch(structures, index):
            _require_numbers(atoms)
            require_lattice(atoms)
            require_calculable(atoms, model)
            if stress:
                require_stress(atoms)


@contextmanager
def of_batch(structures: Sequence[Atoms], index: int) -> Iterator[None]:
    """Let an error about one of several structures say which one it is.

    Raises
    ------
    ModelError, StructureError
        What was raised, with the structure's place and formula.
    """
    try:
        yield
    except MissingPropertyError:
        raise  # of any structure
    except (ModelError, StructureError) as error:
        if len(structures) == 1:
            raise
        formula = structures[index].get_chemical_formula()
        raise type(error)(f"structure {index} of the batch, {formula}: {error}") from error


def _an(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


def _require_numbers(atoms: Atoms) -> None:
    for what, places in (("atom", atoms.positions), ("cell vector", atoms.cell.array)):
        finite = np.isfinite(places).all(axis=1)
        if not finite.all():
            first = int(np.argmin(finite))
            raise ModelError(
                f"{what} {first} of {atoms.get_chemical_formula()} is at {places[first]} Å; give "
                f"it finite coordinates."
            )
