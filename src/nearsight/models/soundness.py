"""Whether what a model answers are numbers, of the shape that the structure wants."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike, NDArray

from nearsight.errors import ModelError
from nearsight.models.contract import Evaluation
from nearsight.models.evaluable import of_batch

LARGEST_NUMBER = 1e15
"""In eV and Å: beyond it double precision does not tell one eV from none.

A Lennard-Jones argon at the closest distance that a structure may have is at 10¹⁰ eV/Å."""


def require_sound(evaluation: Evaluation, atoms: Atoms, name: str) -> None:
    """Check that `evaluation` has a number for everything, and that each means something.

    Raises
    ------
    ModelError
        An array has not the shape that the structure wants, or a number is NaN, infinite, or larger
        than `LARGEST_NUMBER`; naming the quantity, and the first atom where there is one.
    """
    if not is_usable(evaluation.energy_eV):
        raise ModelError(
            f"{name} gave the energy {evaluation.energy_eV} for {atoms.get_chemical_formula()}; "
            f"look for atoms that are too close, or use another model."
        )
    n_atoms = len(atoms)
    for what, found, wanted in (
        ("forces", evaluation.forces_eV_per_A, (n_atoms, 3)),
        ("a stress", evaluation.stress_eV_per_A3, (6,)),
        ("atomic energies", evaluation.atomic_energies_eV, (n_atoms,)),
        ("extrapolations", evaluation.extrapolations, (n_atoms,)),
    ):
        if found is not None and found.shape != wanted:
            raise ModelError(
                f"{name} gave {what} of shape {found.shape} for the {n_atoms} atoms of "
                f"{atoms.get_chemical_formula()}, not {wanted}; it cannot be used as it is."
            )
    if evaluation.forces_eV_per_A is not None:
        _require_usable_forces(evaluation.forces_eV_per_A, atoms, name)
    stress = evaluation.stress_eV_per_A3
    if stress is not None and not is_usable(stress).all():
        raise ModelError(
            f"{name} gave a stress that is {fault_of(stress)}; relax with a fixed cell."
        )


def require_all_sound(
    evaluations: Sequence[Evaluation], structures: Sequence[Atoms], name: str
) -> None:
    """Check each evaluation of a batch; see `require_sound`.

    Raises
    ------
    ModelError
        One is not sound; naming the structure.
    """
    for index, (evaluation, atoms) in enumerate(zip(evaluations, structures, strict=True)):
        with of_batch(structures, index):
            require_sound(evaluation, atoms, name)


def _require_usable_forces(forces: NDArray[np.float64], atoms: Atoms, name: str) -> None:
    usable = is_usable(forces).all(axis=1)
    if not usable.all():
        first = int(np.argmin(usable))
        raise ModelError(
            f"{name} gave a force that is {fault_of(forces[first])} on atom {first} "
            f"({atoms[first].symbol}); look for atoms that are too close, or use another model."
        )


def is_usable(values: ArrayLike) -> NDArray[np.bool_]:
    """Tell which numbers are finite, and not so large that their last digits exceed an eV."""
    usable: NDArray[np.bool_] = np.abs(values) <= LARGEST_NUMBER  # which NaN is not
    return usable


def fault_of(values: ArrayLike) -> str:
    """Say what is wrong with numbers some of which are not usable."""
    if not np.isfinite(values).all():
        return "not finite"
    return f"as large as {np.abs(values).max():g} and means nothing"
