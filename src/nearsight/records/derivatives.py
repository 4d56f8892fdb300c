"""What records say of second derivatives: how they came about, and how exact they are."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.records.described import Says

IntVector = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class ComputationPart:
    """How rows of second derivatives were computed, and what that took."""

    method: Annotated[str, Says("How rows were computed, such as rows or central-difference.")]
    reason: Annotated[str, Says("Why this method.")]
    step_A: Annotated[float | None, Says("Displacement of differences; null without.", "Å")]
    rows_computed: Annotated[int, Says("Rows that this run computed.", "1")]
    rows_needed: Annotated[int, Says("Rows from which all others follow.", "1")]
    rows_by_sum_rule: Annotated[int, Says("Those of them that follow from the sum rule.", "1")]
    symmetry: Annotated[str, Says("Which symmetry was used, or why none was.")]
    space_group: Annotated[str | None, Says("Symbol and number of the space group that was used.")]
    symmetry_tolerance_A: Annotated[
        float | None, Says("How far an atom may be from its place; null without symmetry.", "Å")
    ]
    symmetry_deviation_eV_per_A2: Annotated[
        float | None,
        Says("Largest deviation of rows computed as a check; null without.", "eV/Å²"),
    ]
    precision_error: Annotated[
        float | None,
        Says(
            "Largest error of a row in single precision, over the largest row; null without.", "1"
        ),
    ]
    seconds: Annotated[float, Says("Wall time of this run.", "s")]
    peak_memory_bytes: Annotated[int, Says("Largest memory on top of what was in use.", "B")]
    rows_total: Annotated[int, Says("Rows of the whole matrix.", "1")]


@dataclass(frozen=True, kw_only=True)
class HessianPart(ComputationPart):
    """The Hessian of a cell: of force constants, that of the primitive cell at Γ."""

    asymmetry_eV_per_A2: Annotated[
        float, Says("Largest difference to its transpose; zero for any energy.", "eV/Å²")
    ]
    sum_rule_eV_per_A2: Annotated[
        float, Says("Largest sum of a row; zero, as moving everything changes nothing.", "eV/Å²")
    ]
    net_force_change_eV_per_A2: Annotated[
        float, Says("Largest sum of a column; zero for forces that are a gradient.", "eV/Å²")
    ]


@dataclass(frozen=True, kw_only=True)
class BornChargesPart:
    """Born charges and dielectric constant, by which optical modes split at Γ."""

    file: Annotated[str, Says("Name of the file that they are from.")]
    sha256: Annotated[str, Says("Its digest.")]
    sum_in_file_e: Annotated[float, Says("Largest element of their sum in the file.", "e")]
    change_e: Annotated[float, Says("How much making them neutral changed one at most.", "e")]
    in_place_of: Annotated[str | None, Says("Where others are that do not count.")]
    coulomb_eV_A: Annotated[float, Says("e²/4πε₀ by which their effect is computed.", "eV Å")]
    method: Annotated[str, Says("How their effect is computed.")]


@dataclass(frozen=True, kw_only=True)
class ForceConstantsPart(ComputationPart):
    """Force constants of a supercell."""

    supercell_matrix: Annotated[
        tuple[IntVector, IntVector, IntVector],
        Says("Vectors (rows) of the supercell in units of those of the unit cell.", "1"),
    ]
    n_atoms_supercell: Annotated[int, Says("Atoms in the supercell.", "1")]
    n_atoms_primitive: Annotated[int, Says("Atoms in the primitive cell.", "1")]
    sum_rule_eV_per_A2: Annotated[
        float, Says("Largest sum of a row; zero, as moving everything changes nothing.", "eV/Å²")
    ]
    boundary_eV_per_A2: Annotated[
        float | None,
        Says("Largest norm of a block at the boundary of the supercell.", "eV/Å²"),
    ]
    born_charges: Annotated[BornChargesPart | None, Says("Born charges, where there are any.")]


@dataclass(frozen=True, kw_only=True)
class StrainDerivativesPart:
    """Derivatives by strain."""

    step: Annotated[float | None, Says("Strain of differences; null for exact ones.", "1")]
    asymmetry_eV: Annotated[
        float, Says("Largest difference of those by two strains to their transpose.", "eV")
    ]
    sum_rule_eV_per_A: Annotated[
        float, Says("Largest sum over the atoms of those by position and strain.", "eV/Å")
    ]
