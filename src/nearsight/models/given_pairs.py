"""Pairs that a model is given with its structures, or finds itself where there are none."""

from collections.abc import Sequence

from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.evaluable import of_batch
from nearsight.structures.pairs import Pairs, pairs_of
from nearsight.structures.skin_pairs import SkinPairs

SKIN_A = 1.0
"""How much farther than the cutoff pairs of moving atoms are searched."""

_FARTHEST_A = 12.0
"""Beyond this cutoff there are too many pairs to keep: such a model, D3 for one, finds its own."""


def pairs_within(
    structures: Sequence[Atoms], pairs: Sequence[Pairs] | None, cutoff_A: float, name: str
) -> list[Pairs]:
    """Return for each structure all pairs that are closer than the cutoff of a model.

    Parameters
    ----------
    structures
        A batch.
    pairs
        Their pairs, up to `cutoff_A` or farther; None to search for them.
    cutoff_A
        The model's cutoff in Å.
    name
        The model, for messages.

    Raises
    ------
    ModelError
        `pairs` are those of other structures, or do not reach the cutoff.
    """
    if pairs is None:
        return [pairs_of(atoms, cutoff_A) for atoms in structures]
    require_own(structures, pairs)
    for index, one in enumerate(pairs):
        if one.cutoff_A < cutoff_A:
            with of_batch(structures, index):
                raise ModelError(
                    f"the `pairs` reach {one.cutoff_A:g} Å, and {name} needs all within "
                    f"{cutoff_A:g} Å; search for pairs up to that distance, or leave `pairs` out."
                )
    return [one.within(cutoff_A) for one in pairs]


def pairs_while_moving(model: Model) -> SkinPairs | None:
    """Return what keeps the pairs of moving atoms; None to let the model search each time."""
    cutoff_A = model.capabilities.cutoff_A
    return None if cutoff_A is None or cutoff_A > _FARTHEST_A else SkinPairs(cutoff_A, SKIN_A)


def require_own(structures: Sequence[Atoms], pairs: Sequence[Pairs]) -> None:
    """Check that `pairs` are those of `structures`, one for each.

    Raises
    ------
    ModelError
        They are not; naming the structure.
    """
    if isinstance(pairs, Pairs) or not isinstance(pairs, Sequence):
        raise ModelError(
            f"`pairs` are a list with Pairs for each structure, not a {type(pairs).__name__}; "
            f"write [pairs]."
        )
    if len(pairs) != len(structures):
        raise ModelError(
            f"`pairs` are given for {len(pairs)} structures, and there are {len(structures)}; give "
            f"one list for each."
        )
    for index, (atoms, one) in enumerate(zip(structures, pairs, strict=True)):
        if not isinstance(one, Pairs):
            raise ModelError(
                f"the `pairs` of structure {index} are a {type(one).__name__}, not Pairs."
            )
        if not one.belong_to(atoms):
            with of_batch(structures, index):
                raise ModelError(
                    f"the `pairs` are those of another structure, or of other positions or another "
                    f"cell than {atoms.get_chemical_formula()} has now; search for them anew, or "
                    f"leave `pairs` out."
                )
