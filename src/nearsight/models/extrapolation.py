"""Atoms that are outside of what a model was trained on, and what is said of them."""

from collections.abc import Sequence

import numpy as np

from nearsight.arrays import IntArray
from nearsight.models.contract import Evaluation
from nearsight.remarks import Remark


def n_extrapolating(evaluation: Evaluation) -> int | None:
    """Return how many atoms extrapolate; None if the model does not know."""
    counts = evaluation.extrapolations
    return None if counts is None else int(np.count_nonzero(counts))


def extrapolation_remarks(evaluation: Evaluation, name: str) -> tuple[Remark, ...]:
    """Return a remark if atoms of a structure extrapolate.

    Parameters
    ----------
    evaluation
        What the model says of the structure.
    name
        The model.
    """
    n_atoms = n_extrapolating(evaluation)
    counts = evaluation.extrapolations
    if not n_atoms or counts is None:
        return ()
    worst = int(np.argmax(counts))
    said = (
        f"{n_atoms} of {len(counts)} atoms are outside of what {name} was trained on, atom {worst} "
        f"by most ({counts[worst]} of its inputs): their energies and forces are extrapolated, and "
        f"may be anything. Train it on such structures, too."
    )
    return (Remark("extrapolated", said),)


def largest_known(counts: Sequence[IntArray | None]) -> IntArray | None:
    """Return the largest count of each atom among the models that know; None if none does."""
    known = [one for one in counts if one is not None]
    return np.max(known, axis=0) if known else None
