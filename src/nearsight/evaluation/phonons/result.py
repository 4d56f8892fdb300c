"""What was found of crystals that vibrate, and what follows from it by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from nearsight.evaluation.failure import Failure
from nearsight.evaluation.measured import Measured, mean_of, number_of, worst_of
from nearsight.evaluation.phonons.parts import CrystalPhonons, PhononValues, Routes
from nearsight.evaluation.phonons.references import UNREADABLE
from nearsight.records.described import Says

Geometry = Literal["as_given", "relaxed"]

RELAXED = ", relaxed"
"""Behind the name of a crystal: a failure on the way to the minimum of the model, or there."""
FEW_MODES = 1e-3
"""So many of the mesh may be imaginary: they change no function in a digit that counts."""
NO_REFERENCE = "not examined: give `phonon_data`, a folder of phonons by a reference"
NO_STRESS = "the model has no stress, by which cells could be relaxed"
NOT_RELAXED = "no relaxation came to its end"
NO_ROWS = "the model has no exact rows: all of its force constants are differences"


@dataclass(frozen=True, kw_only=True)
class Phonons:
    """Phonons of all crystals that were examined."""

    has_references: Annotated[bool, Says("Whether crystals are those of a user's folder.")]
    crystals: Annotated[Mapping[str, CrystalPhonons], Says("By name.")]
    failures: Annotated[Mapping[str, Failure], Says("How the model failed at others.")]
    left_out: Annotated[Mapping[str, str], Says("Why others of the folder were not examined.")]

    @property
    def crystals_failed(self) -> Measured:
        """How many crystals have no phonons, as given or relaxed, since the model failed."""
        examined = {*self.crystals, *(name.removesuffix(RELAXED) for name in self.failures)}
        found = number_of(self.failures, len(examined), "crystals")
        unread = [
            f"{name} ({why})" for name, why in self.left_out.items() if why.startswith(UNREADABLE)
        ]
        said = f"; {', '.join(unread)}" if unread else ""
        return replace(found, detail=f"{found.detail}{said}")

    @property
    def imaginary_as_given(self) -> Measured:
        """How many crystals have imaginary modes where the reference has none, as given, in %."""
        return self._imaginary("as_given")

    @property
    def imaginary_relaxed(self) -> Measured:
        """The same at the minimum of the model, in %."""
        return self._imaginary("relaxed")

    def _imaginary(self, geometry: Geometry) -> Measured:
        stable = {
            name: each
            for name, each in self.crystals.items()
            if each.reference is None or each.reference.imaginary_share == 0
        }
        values = {name: _at(each, geometry) for name, each in stable.items()}
        known = {name: each for name, each in values.items() if each is not None}
        if self.crystals and not known:
            why_none = self._not_relaxed if stable else "no crystal to tell by"
            return Measured(None, detail=why_none)
        found = [name for name, each in known.items() if each.imaginary_share > 0]
        counted = number_of(found, len(known), "crystals")
        if counted.value is None:
            return counted
        said = f"{len(found)} {counted.detail}{self._unfinished(geometry)}"
        return Measured(100 * counted.value / len(known), None, said)

    @property
    def _not_relaxed(self) -> str:
        """Why there is no crystal at the minimum of the model."""
        has_stress = any(each.relaxed is not None for each in self.crystals.values())
        return NOT_RELAXED if has_stress or self._failed_to_relax else NO_STRESS

    @property
    def _failed_to_relax(self) -> list[str]:
        """The crystals at which the model failed on the way to its minimum."""
        return [n.removesuffix(RELAXED) for n in self.failures if n.endswith(RELAXED)]

    def _unfinished(self, geometry: Geometry) -> str:
        """Return which crystals are left out since their relaxation did not come to its end."""
        if geometry == "as_given":
            return ""
        names = [
            name
            for name, each in self.crystals.items()
            if (each.relaxed is not None and not each.has_converged)
            or name in self._failed_to_relax
        ]
        return f"; not relaxed to the end, and left out: {', '.join(names)}" if names else ""

    @property
    def highest_frequency_error(self) -> Measured:
        """How far the highest frequency is from that of the reference, as given, in THz."""
        return self._error("as_given", lambda each: each.highest_THz)

    @property
    def free_energy_error(self) -> Measured:
        """How far the free energy is from that of the reference, as given, in kJ/mol."""
        return self._error("as_given", lambda each: each.free_energy_kJ_per_mol)

    @property
    def entropy_error(self) -> Measured:
        """How far the entropy is from that of the reference, as given, in J/(mol K)."""
        return self._error("as_given", lambda each: each.entropy_J_per_mol_K)

    @property
    def heat_capacity_error(self) -> Measured:
        """How far the heat capacity is from that of the reference, as given, in J/(mol K)."""
        return self._error("as_given", lambda each: each.heat_capacity_J_per_mol_K)

    @property
    def highest_frequency_error_relaxed(self) -> Measured:
        """How far the highest frequency is from that of the reference, relaxed, in THz."""
        return self._error("relaxed", lambda each: each.highest_THz)

    @property
    def free_energy_error_relaxed(self) -> Measured:
        """How far the free energy is from that of the reference, relaxed, in kJ/mol."""
        return self._error("relaxed", lambda each: each.free_energy_kJ_per_mol)

    @property
    def entropy_error_relaxed(self) -> Measured:
        """How far the entropy is from that of the reference, relaxed, in J/(mol K)."""
        return self._error("relaxed", lambda each: each.entropy_J_per_mol_K)

    @property
    def heat_capacity_error_relaxed(self) -> Measured:
        """How far the heat capacity is from that of the reference, relaxed, in J/(mol K)."""
        return self._error("relaxed", lambda each: each.heat_capacity_J_per_mol_K)

    @property
    def volume_error(self) -> Measured:
        """How far the volume of the relaxed crystal is from that of the reference, in %."""
        if not self.has_references:
            return Measured(None, detail=NO_REFERENCE)
        changes = {
            name: 100 * (relaxed.volume_A3_per_atom / each.as_given.volume_A3_per_atom - 1)
            for name, each in self.crystals.items()
            if (relaxed := _at(each, "relaxed")) is not None
        }
        if self.crystals and not changes:
            return Measured(None, detail=self._not_relaxed)
        return self._mean_size(changes, "relaxed")

    def errors(
        self, geometry: Geometry, value_of: Callable[[PhononValues], float]
    ) -> dict[str, float]:
        """Return model less reference for each crystal without imaginary modes on both sides.

        Such a mode counts in no quantity, so that what is left out would be compared.
        """
        return {
            name: value_of(one) - value_of(other)
            for name, (one, other) in self._pairs(geometry).items()
            if not _is_soft(one) and not _is_soft(other)
        }

    def _pairs(self, geometry: Geometry) -> dict[str, tuple[PhononValues, PhononValues]]:
        """Return model and reference of each crystal that has both."""
        return {
            name: (one, crystal.reference)
            for name, crystal in self.crystals.items()
            if (one := _at(crystal, geometry)) is not None and crystal.reference is not None
        }

    def _soft(self, geometry: Geometry) -> str:
        """Return which crystals are left out since they have imaginary modes on either side."""
        names = [
            name
            for name, (one, other) in self._pairs(geometry).items()
            if _is_soft(one) or _is_soft(other)
        ]
        return f"; left out for imaginary modes: {', '.join(names)}" if names else ""

    def _error(self, geometry: Geometry, value_of: Callable[[PhononValues], float]) -> Measured:
        if not self.has_references:
            return Measured(None, detail=NO_REFERENCE)
        errors = self.errors(geometry, value_of)
        if self.crystals and not errors:
            has_none = all(_at(each, geometry) is None for each in self.crystals.values())
            said = self._not_relaxed if has_none else "no crystal without imaginary modes"
            return Measured(None, detail=said)
        found = self._mean_size(errors, geometry)
        return replace(found, detail=f"{found.detail}{self._soft(geometry)}")

    def _mean_size(self, errors: dict[str, float], geometry: Geometry) -> Measured:
        """Return the mean size of errors, with the mean that has its sign beside it."""
        found = mean_of({name: abs(error) for name, error in errors.items()}, "crystals")
        if found.value is None:
            return found
        mean = sum(errors.values()) / len(errors)
        said = f"{found.detail}; with its sign {mean:+.3g}{self._unfinished(geometry)}"
        return Measured(found.value, found.spread, said)

    @property
    def rows_against_differences(self) -> Measured:
        """How far force constants by differences at 0.01 Å are from exact ones."""
        return self._of_routes({n: r.rows_difference for n, r in self._routes.items()})

    @property
    def method_free_energy(self) -> Measured:
        """How far the free energy by differences is from that by exact rows, in kJ/mol."""
        return self._of_routes(
            {n: abs(r.free_energy_difference_kJ_per_mol) for n, r in self._routes.items()}
        )

    @property
    def method_highest_frequency(self) -> Measured:
        """The same of the highest frequency, in THz."""
        return self._of_routes({n: abs(r.highest_difference_THz) for n, r in self._routes.items()})

    @property
    def _routes(self) -> dict[str, Routes]:
        return {n: each.routes for n, each in self.crystals.items() if each.routes is not None}

    def _of_routes(self, values: dict[str, float]) -> Measured:
        if self.crystals and not values:
            return Measured(None, detail=NO_ROWS)
        return worst_of(values, "crystals")

    @property
    def acoustic_sum_rule(self) -> Measured:
        """The largest force on an atom when all move alike, in eV/Å²."""
        found = {name: each.sum_rule_eV_per_A2 for name, each in self.crystals.items()}
        return worst_of(found, "crystals")

    @property
    def force_constant_asymmetry(self) -> Measured:
        """The antisymmetric part of the force constants over the whole."""
        found = worst_of({n: each.asymmetry for n, each in self.crystals.items()}, "crystals")
        by_differences = [n for n, each in self.crystals.items() if each.routes is None]
        return replace(found, detail=f"{found.detail}, of differences") if by_differences else found


def _is_soft(values: PhononValues) -> bool:
    """Tell whether more modes of the mesh are imaginary than may be left out."""
    return values.imaginary_share > 0 or values.imaginary_share_of_mesh > FEW_MODES


def _at(crystal: CrystalPhonons, geometry: Geometry) -> PhononValues | None:
    """Return the phonons of a geometry; None where that was not reached."""
    if geometry == "as_given":
        return crystal.as_given
    return crystal.relaxed if crystal.has_converged else None
