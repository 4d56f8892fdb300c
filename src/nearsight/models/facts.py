"""What is to be said of a model that decides nothing about what may be asked of it."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.models.combining import SMALLEST_KNOWN, TOTAL, combinable, joined, joined_known


@combinable
@dataclass(frozen=True)
class Facts:
    """Where a model comes from and what its energies are. None means that a fact is not known.

    Each annotation has the rule by which the fact follows for a sum of models.

    Examples
    --------
    >>> from nearsight.models import Facts
    >>> Facts(level_of_theory="PBE", licence="MIT").level_of_theory
    'PBE'
    """

    level_of_theory: Annotated[str | None, joined(" + ")] = None
    """Of the training data, or of the method itself."""
    training_data: Annotated[str | None, joined_known(" + ")] = None
    licence: Annotated[str | None, joined(" and ")] = None
    """Of the weights, or of a method that has none."""
    citation: Annotated[str | None, joined_known("; ")] = None
    parameters: Annotated[int | None, TOTAL] = None
    """How many numbers were trained."""
    neighbour_limit: Annotated[int | None, SMALLEST_KNOWN] = None
    """How many neighbours of an atom the model looks at, the nearest; None for all within its
    cutoff, too."""
    energy_scale: Annotated[str | None, joined(" + ")] = None
    """Whose energies those of the model are, and so what zero is; energies on two scales have no
    difference that means anything."""
