"""What single items of the examination find."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from nearsight.records.described import Says


@dataclass(frozen=True, kw_only=True)
class CheckPart:
    """One check of the conformance kit."""

    name: Annotated[str, Says("The property.")]
    passed: Annotated[bool, Says("Whether it is within the tolerance, or does not apply.")]
    measured: Annotated[
        float | None, Says("The largest deviation; null where there is no number.", "1")
    ]
    unit: Annotated[str, Says("The unit of it.")]
    detail: Annotated[str, Says("Where it was found, or why the check does not apply.")]


@dataclass(frozen=True, kw_only=True)
class Conformance:
    """The conformance kit on one structure."""

    checks: Annotated[tuple[CheckPart, ...], Says("Its checks.")]


@dataclass(frozen=True, kw_only=True)
class Jacobian:
    """The derivatives of all forces of one structure by all positions."""

    norm_eV_per_A2: Annotated[float, Says("Frobenius norm.", "eV/Å²")]
    antisymmetric_eV_per_A2: Annotated[float, Says("That of its antisymmetric part.", "eV/Å²")]


@dataclass(frozen=True, kw_only=True)
class Loop:
    """The work of the forces around a closed loop of all atoms."""

    work_meV_per_atom: Annotated[float, Says("It is zero where there is an energy.", "meV")]
    error_meV_per_atom: Annotated[float, Says("Its change with half of the points.", "meV")]


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How strongly one atom interacts with all others."""

    site: Annotated[str, Says("Element of the atom.")]
    distances_A: Annotated[tuple[float, ...], Says("To each other atom.", "Å")]
    norms_eV_per_A2: Annotated[tuple[float, ...], Says("‖h_AB‖ with it.", "eV/Å²")]


@dataclass(frozen=True, kw_only=True)
class CurvaturePath:
    """The curvature along a straight path of all atoms."""

    displacements_A: Annotated[tuple[float, ...], Says("Root mean square over the atoms.", "Å")]
    curvatures_eV_per_A2: Annotated[tuple[float, ...], Says("Along the path.", "eV/Å²")]


@dataclass(frozen=True, kw_only=True)
class Energies:
    """Energies of isolated atoms and molecules."""

    atoms_eV: Annotated[Mapping[str, float], Says("By element, those that the model takes.")]
    molecules_eV: Annotated[Mapping[str, float], Says("By formula.")]
