"""What was found, and the metrics of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from nearsight.evaluation.exactness.parts import (
    Conformance,
    CurvaturePath,
    Energies,
    Jacobian,
    Loop,
    Reach,
)
from nearsight.evaluation.exactness.reference import (
    atomization_eV,
    reaction_eV,
    reference_energies,
)
from nearsight.evaluation.failure import Failure
from nearsight.evaluation.jumps import largest_jump
from nearsight.evaluation.measured import Measured, mean_of, number_of, worst_of
from nearsight.locality.ranges import NEGLIGIBLE_EV_PER_A2
from nearsight.records.described import Says


@dataclass(frozen=True, kw_only=True)
class Exactness:
    """What a model answered to each question, by structure."""

    conformance: Annotated[Mapping[str, Conformance], Says("The conformance kit.")]
    jacobians: Annotated[Mapping[str, Jacobian], Says("Jacobians of the forces.")]
    loops: Annotated[Mapping[str, Loop], Says("Work around closed loops.")]
    paths: Annotated[Mapping[str, CurvaturePath], Says("Curvature along paths.")]
    reaches: Annotated[Mapping[str, Reach], Says("Interactions of one atom.")]
    energies: Annotated[Energies | None, Says("Of atoms and molecules; null if it failed.")]
    failures: Annotated[Mapping[str, Failure], Says("What the model failed at, and how.")]

    @property
    def questions_failed(self) -> Measured:
        """How many questions have no answer since the model failed."""
        parts = (self.conformance, self.jacobians, self.loops, self.paths, self.reaches)
        answered = sum(map(len, parts)) + (self.energies is not None)
        return number_of(self.failures, answered + len(self.failures), "questions")

    @property
    def conformance_failures(self) -> Measured:
        """How many checks of the conformance kit fail."""
        checks = [
            (f"{check.name} ({name})", check)
            for name, each in self.conformance.items()
            for check in each.checks
        ]
        return number_of([n for n, check in checks if not check.passed], len(checks), "checks")

    @property
    def jacobian_asymmetry(self) -> Measured:
        """The antisymmetric part of the Jacobian over the whole."""
        shares = {
            name: each.antisymmetric_eV_per_A2 / each.norm_eV_per_A2
            for name, each in self.jacobians.items()
            if each.norm_eV_per_A2 > 0
        }
        return worst_of(shares, "structures")

    @property
    def loop_work(self) -> Measured:
        """The work around a closed loop, in meV per atom."""
        if not self.loops:
            return Measured(None, detail="no structures to tell by")
        name, worst = max(
            self.loops.items(),
            key=lambda item: abs(item[1].work_meV_per_atom) - item[1].error_meV_per_atom,
        )
        return Measured(
            worst.work_meV_per_atom,
            worst.error_meV_per_atom,
            f"worst of {len(self.loops)} structures: {name}; ± what half of the points change",
        )

    @property
    def extensivity(self) -> Measured:
        """By how much the energy of a doubled crystal is not double, in meV per atom."""
        return self._of_kit("supercell extensivity")

    @property
    def size_consistency(self) -> Measured:
        """By how much the energy of two far clusters is not the sum of theirs, in meV per atom."""
        return self._of_kit("size consistency")

    def _of_kit(self, check_name: str) -> Measured:
        found = [
            (name, check)
            for name, each in self.conformance.items()
            for check in each.checks
            if check.name == check_name
        ]
        measured = {n: 1000 * c.measured for n, c in found if c.measured is not None}
        if measured:
            return worst_of(measured, "structures")
        reasons = dict.fromkeys(check.detail for _, check in found)
        return Measured(None, detail="; ".join(reasons) or "no structure to tell by")

    @property
    def atomization_error(self) -> Measured:
        """How far atomization energies are from those of PBE, in eV per atom."""
        reference = reference_energies()
        expected = atomization_eV(reference.atoms_eV, reference.molecules_eV)
        return self._errors(
            "molecules", lambda e: atomization_eV(e.atoms_eV, e.molecules_eV), expected
        )

    @property
    def reaction_error(self) -> Measured:
        """How far energies of reactions are from those of PBE, in eV."""
        expected = reaction_eV(reference_energies().molecules_eV)
        return self._errors("reactions", lambda e: reaction_eV(e.molecules_eV), expected)

    def _errors(
        self,
        of: str,
        energies_of: Callable[[Energies], dict[str, float]],
        expected: dict[str, float],
    ) -> Measured:
        found = {} if self.energies is None else energies_of(self.energies)
        return mean_of({name: abs(found[name] - expected[name]) for name in found}, of)

    @property
    def force_reach(self) -> Measured:
        """The distance up to which the force on an atom feels another one, in Å."""
        farthest = {
            name: max(
                (
                    distance
                    for distance, norm in zip(each.distances_A, each.norms_eV_per_A2, strict=True)
                    if norm >= NEGLIGIBLE_EV_PER_A2
                ),
                default=0.0,
            )
            for name, each in self.reaches.items()
        }
        return worst_of(farthest, "structures")

    @property
    def far_interaction(self) -> Measured:
        """Which share of all ‖h_AB‖ is with atoms beyond 6 Å."""
        shares = {}
        for name, each in self.reaches.items():
            norms, far = np.array(each.norms_eV_per_A2), np.array(each.distances_A) > 6.0
            if far.any() and norms.sum() > 0:
                shares[name] = 100 * float(norms[far].sum() / norms.sum())
        return worst_of(shares, "structures")

    @property
    def curvature_jump(self) -> Measured:
        """The largest jump of curvature along a path, in eV/Å²."""
        jumps = {
            name: largest_jump(np.array(each.curvatures_eV_per_A2))
            for name, each in self.paths.items()
        }
        return worst_of(jumps, "structures")
