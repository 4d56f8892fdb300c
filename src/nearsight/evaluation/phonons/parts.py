"""What is found of one crystal."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.records.described import Says


@dataclass(frozen=True, kw_only=True)
class PhononValues:
    """Phonons of a crystal on a mesh, at 300 K per mole of atoms."""

    highest_THz: Annotated[float, Says("Highest frequency.", "THz")]
    lowest_THz: Annotated[float, Says("Lowest one, negative if it is imaginary.", "THz")]
    imaginary_share: Annotated[
        float, Says("Share of imaginary modes at the q-points of the supercell itself.", "1")
    ]
    imaginary_share_of_mesh: Annotated[
        float, Says("Share of those of the mesh, which count in no function of temperature.", "1")
    ]
    free_energy_kJ_per_mol: Annotated[
        float, Says("Vibrational free energy with the zero-point energy.", "kJ/mol")
    ]
    entropy_J_per_mol_K: Annotated[float, Says("Entropy.", "J/(mol K)")]
    heat_capacity_J_per_mol_K: Annotated[float, Says("Heat capacity.", "J/(mol K)")]
    volume_A3_per_atom: Annotated[float, Says("Volume of the crystal.", "Å³")]


@dataclass(frozen=True, kw_only=True)
class AtRest:
    """A crystal at the minimum of the model."""

    values: Annotated[PhononValues | None, Says("Its phonons; null where there is no stress.")]
    has_converged: Annotated[bool, Says("Whether the minimum was found.")]


@dataclass(frozen=True, kw_only=True)
class Bands:
    """Bands along a path, piece by piece."""

    labels: Annotated[tuple[tuple[str, str], ...], Says("Names of the ends of each piece.")]
    ways_per_A: Annotated[
        tuple[tuple[float, ...], ...], Says("Way along the path of the points of each.", "Å⁻¹")
    ]
    frequencies_THz: Annotated[
        tuple[tuple[tuple[float, ...], ...], ...],
        Says("Of each piece and point all branches, imaginary ones negative.", "THz"),
    ]


@dataclass(frozen=True, kw_only=True)
class Routes:
    """Exact rows beside differences of forces at 0.01 Å, of one supercell."""

    rows_difference: Annotated[
        float, Says("Norm of the difference of force constants over that of the exact ones.", "1")
    ]
    free_energy_difference_kJ_per_mol: Annotated[
        float, Says("Free energy by differences less that by exact rows.", "kJ/mol")
    ]
    highest_difference_THz: Annotated[float, Says("The same of the highest frequency.", "THz")]


@dataclass(frozen=True, kw_only=True)
class CrystalPhonons:
    """One crystal by the model, and by the reference where there is one."""

    formula: Annotated[str, Says("Of the unit cell.")]
    n_atoms: Annotated[int, Says("Atoms in the supercell.", "1")]
    method: Annotated[str, Says("How force constants were computed.")]
    reference: Annotated[PhononValues | None, Says("By the reference; null without one.")]
    as_given: Annotated[PhononValues, Says("By the model, where the atoms are given.")]
    relaxed: Annotated[
        PhononValues | None,
        Says("By the model at its own minimum; null without a stress, or where it failed."),
    ]
    has_converged: Annotated[bool, Says("Whether that minimum was found.")]
    sum_rule_eV_per_A2: Annotated[
        float, Says("Largest force constant of an atom with all, which should be zero.", "eV/Å²")
    ]
    asymmetry: Annotated[
        float,
        Says(
            "Antisymmetric part of the force constants over the whole, by exact rows if any.", "1"
        ),
    ]
    routes: Annotated[
        Routes | None, Says("Exact rows beside differences; null where there are no exact ones.")
    ]
    bands: Annotated[Bands | None, Says("By the model, where the atoms are given.")]
    reference_bands: Annotated[Bands | None, Says("By the reference, along the same path.")]
