"""What exact derivatives tell of a model: what is computed in each suite."""

from collections.abc import Mapping
from dataclasses import dataclass

from ase import Atoms
from ase.build import molecule

from nearsight.evaluation.boxes import in_box
from nearsight.evaluation.exactness import computing
from nearsight.evaluation.exactness.figure import figures
from nearsight.evaluation.exactness.parts import (
    Conformance,
    CurvaturePath,
    Energies,
    Jacobian,
    Loop,
    Reach,
)
from nearsight.evaluation.exactness.reference import reference_energies
from nearsight.evaluation.exactness.result import Exactness
from nearsight.evaluation.exactness.structures import (
    known,
    small_structures,
    wide_structures,
)
from nearsight.evaluation.examination import Examination
from nearsight.evaluation.failure import Failure
from nearsight.evaluation.settings import Suite
from nearsight.evaluation.telling import all_of
from nearsight.evaluation.work import Work
from nearsight.models.contract import Model
from nearsight.models.evaluable import unknown_elements
from nearsight.progress import Progress
from nearsight.testing.structures import examination_structures


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is computed of what is exact."""

    conformance: tuple[str, ...]
    """Structures of the conformance kit."""
    small: tuple[str, ...]
    """Structures whose whole Jacobian is computed, with loops and paths."""
    wide: tuple[str, ...]
    """Structures in which the reach of forces is looked at."""
    n_loop: int
    """Points of a loop, an even number."""
    n_path: int
    """Points of a path."""


EFFORTS: Mapping[Suite, Effort] = {
    "quick": Effort(
        conformance=("MgO", "CO2"),
        small=("MgO", "CO2", "H2O"),
        wide=("alkane",),
        n_loop=24,
        n_path=61,
    ),
    "standard": Effort(
        conformance=("MgO", "Si", "CO2"),
        small=("MgO", "CO2", "H2O"),
        wide=("alkane", "MgO"),
        n_loop=48,
        n_path=121,
    ),
    "full": Effort(
        conformance=("MgO", "Si", "CO2", "MOF-5"),
        small=("MgO", "CO2", "H2O"),
        wide=("alkane", "MgO", "MOF-5"),
        n_loop=48,
        n_path=241,
    ),
}


def compute(model: Model, effort: Effort, work: Work) -> Exactness:
    """Ask a model everything that exact derivatives allow to ask."""
    kit = known(examination_structures(), effort.conformance, model)
    small = known(small_structures(), effort.small, model)
    wide = known(wide_structures(), effort.wide, model)
    checks, failed_checks = work.each(
        "conformance",
        kit,
        lambda name: computing.conformance(model, name, kit[name], work),
        Conformance,
    )
    jacobians, failed_jacobians = work.each(
        "jacobian",
        small,
        lambda name: computing.jacobian(model, small[name], work.progress),
        Jacobian,
    )
    loops, failed_loops = work.each(
        "loop",
        small,
        lambda name: computing.loop(model, small[name], effort.n_loop, work.progress),
        Loop,
    )
    paths, failed_paths = work.each(
        "path",
        small,
        lambda name: computing.curvature_path(model, small[name], effort.n_path, work.progress),
        CurvaturePath,
    )
    reaches, failed_reaches = work.each(
        "reach", wide, lambda name: computing.reach(model, wide[name], work.progress), Reach
    )
    energies = work.once("energies", lambda: _energies(model, work.progress), Energies)
    failures: dict[str, Failure] = {
        f"{what}, {name}": failure
        for what, failed in (
            ("conformance kit", failed_checks),
            ("Jacobian", failed_jacobians),
            ("loop", failed_loops),
            ("path", failed_paths),
            ("reach", failed_reaches),
            ("energies", {"molecules": energies} if isinstance(energies, Failure) else {}),
        )
        for name, failure in failed.items()
    }
    return Exactness(
        conformance=checks,
        jacobians=jacobians,
        loops=loops,
        paths=paths,
        reaches=reaches,
        energies=None if isinstance(energies, Failure) else energies,
        failures=failures,
    )


def _energies(model: Model, progress: Progress) -> Energies:
    reference = reference_energies()

    def found(what: str, structures: dict[str, Atoms]) -> dict[str, float]:
        known = {n: each for n, each in structures.items() if not unknown_elements(each, model)}
        energies = (computing.energy(model, each) for each in known.values())
        told = zip(known, all_of(energies, len(known), what, progress), strict=True)
        return {name: energy for name, energy in told if energy is not None}

    return Energies(
        atoms_eV=found("Atoms", {n: in_box(Atoms([n]), model) for n in reference.atoms_eV}),
        molecules_eV=found(
            "Molecules", {n: in_box(molecule(n), model) for n in reference.molecules_eV}
        ),
    )


EXAMINATION = Examination(
    package=__package__,
    title="What is exact",
    question="Is the model conservative, extensive, local and smooth, and are its energies on one "
    "scale?",
    efforts=EFFORTS,
    compute=compute,
    result=Exactness,
    figures=figures,
)
