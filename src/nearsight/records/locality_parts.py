"""What records say of locality."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from nearsight.records.described import Says


@dataclass(frozen=True, kw_only=True)
class ShellPart:
    """A fragment around a site, and what is missing in it."""

    n_atoms: Annotated[int, Says("Its atoms, caps included.", "1")]
    n_caps: Annotated[int, Says("Hydrogen atoms that close cut bonds.", "1")]
    radius_A: Annotated[float, Says("Its r_frag: how far its farthest group is.", "Å")]
    group_norm_eV_per_A2: Annotated[float, Says("‖G'‖ of all that is missing.", "eV/Å²")]
    force_error_eV_per_A: Annotated[
        float, Says("Error of the force on the site against the reference.", "eV/Å")
    ]


@dataclass(frozen=True, kw_only=True)
class SitePart:
    """How far one site sees."""

    index: Annotated[int, Says("Index of the atom, from 0.", "1")]
    element: Annotated[str, Says("Its element.")]
    equivalent_atoms: Annotated[tuple[int, ...], Says("Atoms that are like it.", "1")]
    r_frag_A: Annotated[float, Says("Range of the force: r_frag that is enough.", "Å")]
    converged: Annotated[bool, Says("Whether a smaller one than the reference is enough.")]
    outermost_eV_per_A2: Annotated[
        float | None,
        Says("Largest ‖h_AB‖ with the outermost groups; null if there are none.", "eV/Å²"),
    ]
    shells: Annotated[tuple[ShellPart, ...], Says("Fragments from the reference down.")]


@dataclass(frozen=True, kw_only=True)
class RangePart:
    """How far two elements feel each other."""

    elements: Annotated[tuple[str, str], Says("The elements.")]
    range_A: Annotated[float, Says("Farthest that is not negligible; 0 if none is.", "Å")]
    strongest_eV_per_A2: Annotated[float, Says("Largest ‖h_AB‖ of such a pair.", "eV/Å²")]


@dataclass(frozen=True, kw_only=True)
class FragmentPart:
    """A molecule that stands for the surroundings of a site."""

    file: Annotated[str | None, Says("Where it was written; null if it was not.")]
    centre: Annotated[str, Says("Its site by element and index.")]
    formula: Annotated[str, Says("Its formula.")]
    n_atoms: Annotated[int, Says("Its atoms, caps included.", "1")]
    n_central: Annotated[int, Says("Atoms with whole surroundings.", "1")]
    n_caps: Annotated[int, Says("Hydrogen atoms that close cut bonds.", "1")]
    charge: Annotated[int, Says("Its charge.", "e")]
    spin: Annotated[int, Says("Its multiplicity 2 S + 1.", "1")]
    charge_reason: Annotated[str, Says("How the charge was decided.")]
    spin_reason: Annotated[str, Says("How the multiplicity was decided.")]


@dataclass(frozen=True, kw_only=True)
class SiteComparisonPart:
    """One site by a model and by its reference."""

    index: Annotated[int, Says("Index of the atom, from 0.", "1")]
    element: Annotated[str, Says("Its element.")]
    model_r_frag_A: Annotated[float, Says("Range of the force by the model.", "Å")]
    reference_r_frag_A: Annotated[float, Says("Range of the force by the reference.", "Å")]
    unseen_eV_per_A2: Annotated[
        float, Says("Root sum of squares of ‖h_AB‖ that the model cannot see.", "eV/Å²")
    ]
    far_ratios: Annotated[
        Mapping[str, float | None],
        Says("Interactions by the model over those by the reference, beyond so many Å.", "1"),
    ]


@dataclass(frozen=True, kw_only=True)
class ComparisonPart:
    """The locality by a model beside that by its reference."""

    model: Annotated[str, Says("The model.")]
    reference: Annotated[str, Says("The reference.")]
    model_force_range_A: Annotated[float, Says("Range of forces by the model.", "Å")]
    reference_force_range_A: Annotated[float, Says("Range of forces by the reference.", "Å")]
    sites: Annotated[tuple[SiteComparisonPart, ...], Says("The sites.")]
