"""What records say of how far a potential is off for labelled structures."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.records.described import Says


@dataclass(frozen=True, kw_only=True)
class GroupErrorsPart:
    """Errors of a potential for the structures of a group; null where there is no number."""

    set: Annotated[str, Says("train, test, or data where nothing says which of both.")]
    group: Annotated[str, Says("What the structures belong to; all for the whole set.")]
    n_structures: Annotated[int, Says("Number of structures.", "1")]
    n_atoms: Annotated[int, Says("Number of their atoms.", "1")]
    n_energies: Annotated[int, Says("Structures with an energy.", "1")]
    n_force_components: Annotated[int, Says("Components of forces.", "1")]
    energy_RMSE_eV_per_atom: Annotated[
        float | None, Says("Root mean square over structures.", "eV/atom")
    ]
    energy_MAE_eV_per_atom: Annotated[float | None, Says("Mean absolute error.", "eV/atom")]
    energy_largest_eV_per_atom: Annotated[float | None, Says("Largest absolute error.", "eV/atom")]
    energy_offset_eV_per_atom: Annotated[
        float | None, Says("Mean of predicted energies less labels.", "eV/atom")
    ]
    force_RMSE_eV_per_A: Annotated[float | None, Says("Root mean square over components.", "eV/Å")]
    force_MAE_eV_per_A: Annotated[float | None, Says("Mean absolute error of components.", "eV/Å")]
    force_largest_eV_per_A: Annotated[
        float | None, Says("Largest absolute error of a component.", "eV/Å")
    ]


@dataclass(frozen=True, kw_only=True)
class ElementErrorsPart:
    """Errors of the forces on atoms of an element; null where there is no number."""

    set: Annotated[str, Says("train, test, or data where nothing says which of both.")]
    element: Annotated[str, Says("The element.")]
    n_atoms: Annotated[int, Says("Number of its atoms.", "1")]
    force_RMSE_eV_per_A: Annotated[float | None, Says("Root mean square over components.", "eV/Å")]
    force_MAE_eV_per_A: Annotated[float | None, Says("Mean absolute error of components.", "eV/Å")]
    force_largest_eV_per_A: Annotated[
        float | None, Says("Largest absolute error of a component.", "eV/Å")
    ]


@dataclass(frozen=True, kw_only=True)
class ExtrapolationPart:
    """How much of a set is beyond what was learnt."""

    set: Annotated[str, Says("train, test, or data where nothing says which of both.")]
    n_structures: Annotated[int, Says("Structures that were looked at.", "1")]
    n_atoms: Annotated[int, Says("Their atoms.", "1")]
    n_structures_beyond: Annotated[int, Says("Structures with an atom that extrapolates.", "1")]
    n_atoms_beyond: Annotated[
        int, Says("Atoms with a symmetry function beyond the range of the training data.", "1")
    ]
    n_functions_beyond: Annotated[
        int, Says("Such symmetry functions of all atoms; n2p2's number of warnings.", "1")
    ]


@dataclass(frozen=True, kw_only=True)
class ExtrapolatedFunctionPart:
    """A symmetry function that leaves the range of the training data."""

    element: Annotated[str, Says("Element of its centre.")]
    index: Annotated[int, Says("Place in the functions of the element, from 0.", "1")]
    name: Annotated[str, Says("Elements and parameters, eta in 1/length² of its files.")]
    smallest: Annotated[float, Says("Smallest value over the training data.", "1")]
    largest: Annotated[float, Says("Largest value over the training data.", "1")]
    n_atoms: Annotated[int, Says("Atoms for which it is beyond.", "1")]
    farthest: Annotated[
        float, Says("How far beyond it is at most, over the width of its range.", "1")
    ]


@dataclass(frozen=True, kw_only=True)
class PotentialErrorsPart:
    """How far a potential is off for labelled structures."""

    groups: Annotated[tuple[GroupErrorsPart, ...], Says("Errors by set and group.")]
    elements: Annotated[tuple[ElementErrorsPart, ...], Says("Errors by set and element.")]
    extrapolations: Annotated[tuple[ExtrapolationPart, ...], Says("Extrapolations by set.")]
    worst_functions: Annotated[
        tuple[ExtrapolatedFunctionPart, ...],
        Says("Symmetry functions that extrapolate, those of most atoms first."),
    ]
    without_offsets: Annotated[
        bool,
        Says("Whether the mean energy error of each group was taken off before anything else."),
    ]

    def whole(self, of_set: str) -> GroupErrorsPart:
        """Return the errors of all structures of a set."""
        [whole] = [each for each in self.groups if (each.set, each.group) == (of_set, "all")]
        return whole
