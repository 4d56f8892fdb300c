"""What was found of porous solids, and what follows from it by name."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from nearsight.adsorption.offset import InteractionErrors
from nearsight.dynamics.analysis.block_averages import block_average
from nearsight.elasticity.stability import NEGLIGIBLE_STRESS_GPA
from nearsight.errors import MethodError
from nearsight.evaluation.failure import Failure
from nearsight.evaluation.measured import Measured, mean_of, number_of, worst_of
from nearsight.evaluation.porous.parts import (
    BAROSTAT_TIME_PS,
    GasInteractions,
    Motion,
    SolidHeat,
    Stiffness,
    Uptake,
)
from nearsight.records.described import Says
from nearsight.units import EV_PER_CELL_IN_J_PER_MOL

NO_HEAT = "not examined: give `heat_capacity_data`, a folder of heat capacities by a reference"
NO_INTERACTIONS = "not examined: give `interaction_data`, a file of GoldDAC"
NOT_IN_SUITE = "no result: not in this suite, an element the model does not know, or it failed"

_BULK_MODULI_GPA = {"MOF-5": 16.1}
"""By DFT: arXiv:2507.11806, table S.1."""
_HEAT_KJ_PER_MOL = 45.0
"""Experiments have 43 to 47 for CO2 in Mg-MOF-74 (Queen et al., doi:10.1039/c4sc02064b; Caskey et
al., doi:10.1021/ja8036096)."""
_WITHOUT = {
    "unstable": "some strain lowers its energy",
    "no stiffness": "some strain costs nothing",
}
_FEWEST_SAMPLES = 8
_SHORTEST_PS = 3 * BAROSTAT_TIME_PS
"""In less a cell has hardly begun to follow the pressure."""
_FEWEST_EFFECTIVE = 10
"""Fewer insertions that carry the weight give no mean, and no error of it either."""


@dataclass(frozen=True, kw_only=True)
class PorousSolids:
    """All parts that were examined."""

    has_heat_capacities: Annotated[bool, Says("Whether there are data for heat capacities.")]
    has_interactions: Annotated[bool, Says("Whether there are data for interaction energies.")]
    solids: Annotated[Mapping[str, SolidHeat], Says("Heat capacities, by solid.")]
    stiff: Annotated[Mapping[str, Stiffness], Says("Bulk moduli, by framework.")]
    moving: Annotated[Mapping[str, Motion], Says("Runs, by framework.")]
    gases: Annotated[Mapping[str, GasInteractions], Says("Interaction energies, by gas.")]
    uptake: Annotated[Uptake | None, Says("CO2 in Mg-MOF-74; null if there is none.")]
    failures: Annotated[Mapping[str, Failure], Says("How the model failed at others.")]

    @property
    def parts_failed(self) -> Measured:
        """How many parts have no result since the model failed."""
        done = len(self.solids) + len(self.stiff) + len(self.moving) + len(self.gases)
        done += self.uptake is not None
        return number_of(self.failures, done + len(self.failures), "parts")

    @property
    def heat_capacity_error(self) -> Measured:
        """How far heat capacities are from those of the reference, in %."""
        if not self.has_heat_capacities:
            return Measured(None, detail=NO_HEAT)
        moving = [n for n, each in self.solids.items() if not each.has_converged]
        soft = [n for n, each in self.solids.items() if each.n_imaginary and n not in moving]
        errors = {
            name: 100 * (each.heat_capacity_J_per_g_K / each.reference_J_per_g_K - 1)
            for name, each in self.solids.items()
            if name not in {*moving, *soft}
        }
        said = "".join(
            f"; left out, {why}: {', '.join(names)}"
            for why, names in (("not relaxed to the end", moving), ("with imaginary modes", soft))
            if names
        )
        found = mean_of({name: abs(error) for name, error in errors.items()}, "solids")
        if found.value is None:
            return Measured(None, detail=f"{found.detail}{said}")
        mean = sum(errors.values()) / len(errors)
        return replace(found, detail=f"{found.detail}; with its sign {mean:+.2g}{said}")

    @property
    def imaginary_modes(self) -> Measured:
        """How many of the relaxed solids have imaginary modes."""
        if not self.has_heat_capacities:
            return Measured(None, detail=NO_HEAT)
        found = [name for name, each in self.solids.items() if each.n_imaginary]
        return number_of(found, len(self.solids), "solids")

    @property
    def bulk_modulus_error(self) -> Measured:
        """How far the bulk modulus is from that of DFT, in %."""
        if not self.stiff:
            return Measured(None, detail=NOT_IN_SUITE)
        moduli_GPa, said = {}, []
        for name, each in self.stiff.items():
            why_none = _no_modulus(each)
            if each.bulk_modulus_GPa is None or why_none:
                said.append(f"{name} has none: {why_none}")
                continue
            moduli_GPa[name] = each.bulk_modulus_GPa
            said.append(f"{name} {each.bulk_modulus_GPa:.2f} GPa, DFT {_BULK_MODULI_GPA[name]:g}")
        errors = {
            name: 100 * (found / _BULK_MODULI_GPA[name] - 1) for name, found in moduli_GPa.items()
        }
        worst = worst_of(errors, "frameworks")
        return Measured(worst.value, worst.spread, ", ".join(said))

    @property
    def unstable_frameworks(self) -> Measured:
        """How many relaxed frameworks some strain takes from their shape."""
        if not self.stiff:
            return Measured(None, detail=NOT_IN_SUITE)
        relaxed = {name: each for name, each in self.stiff.items() if each.has_converged}
        found = [name for name, each in relaxed.items() if each.stability != "stable"]
        return number_of(found, len(relaxed), "frameworks")

    @property
    def volume_change(self) -> Measured:
        """By how much frameworks change their volume in a run, in %."""
        changes = {}
        errors = {}
        for name, each in self._long_runs.items():
            kept = each.volumes_A3[len(each.volumes_A3) // 2 :]
            changes[name] = 100 * (float(np.mean(kept)) / each.start_volume_A3 - 1)
            if len(kept) >= _FEWEST_SAMPLES:
                errors[name] = 100 * block_average(kept).error / each.start_volume_A3
        if not changes:
            return Measured(None, detail=self._why_no_run)
        name = max(changes, key=lambda each: abs(changes[each]) - errors.get(each, 0.0))
        length = self.moving[name].lasts_ps
        blocks = "; ± from blocks" if name in errors else ""
        said = f"{name}, second half of {length:g} ps at 300 K, 1 bar{blocks}"
        return Measured(changes[name], errors.get(name), said)

    @property
    def lost_coordination(self) -> Measured:
        """Which share of the atoms have another number of bonds after a run, in %."""
        if not self._long_runs:
            return Measured(None, detail=self._why_no_run)
        lost = {name: 100 * (1 - each.kept_coordination) for name, each in self._long_runs.items()}
        return worst_of(lost, "frameworks")

    @property
    def _long_runs(self) -> dict[str, Motion]:
        """The runs in which a framework has had time to change."""
        return {name: each for name, each in self.moving.items() if each.lasts_ps >= _SHORTEST_PS}

    @property
    def _why_no_run(self) -> str:
        if not self.moving:
            return NOT_IN_SUITE
        longest_ps = max(each.lasts_ps for each in self.moving.values())
        return (
            f"runs of {longest_ps:g} ps are too short to tell by: three times that of the barostat "
            f"are {_SHORTEST_PS:g} ps"
        )

    @property
    def co2_offset(self) -> Measured:
        """The median error of interaction energies of CO2 at weak attraction, in meV."""
        return self._offset("CO2")

    @property
    def h2o_offset(self) -> Measured:
        """The same of water, in meV."""
        return self._offset("H2O")

    @property
    def co2_interaction_error(self) -> Measured:
        """What errors of CO2 are left at attraction without the offset, in meV."""
        return self._left("CO2")

    @property
    def h2o_interaction_error(self) -> Measured:
        """The same of water, in meV."""
        return self._left("H2O")

    def errors_of(self, gas: str) -> InteractionErrors | None:
        """Return the interaction energies of a gas; None where there are none."""
        if gas not in self.gases:
            return None
        found = self.gases[gas]
        references, errors = np.array(found.references_eV), np.array(found.errors_eV)
        return InteractionErrors(gas, found.kinds, references, errors)

    def offset_eV(self, gas: str) -> float | None:
        """Return the offset of a gas; None where it is not known."""
        errors = self.errors_of(gas)
        if errors is None:
            return None
        try:
            return errors.offset_eV
        except MethodError:
            return None

    def _offset(self, gas: str) -> Measured:
        errors, offset = self.errors_of(gas), self.offset_eV(gas)
        if errors is None or offset is None:
            return Measured(None, detail=self._why_none(gas))
        weak = errors.of("weak")
        spread = float(np.subtract(*np.quantile(weak, [0.75, 0.25]))) / 2
        said = f"median of {len(weak)} places at weak attraction; ± half of what quartiles differ"
        return Measured(1000 * offset, 1000 * spread, said)

    def _left(self, gas: str) -> Measured:
        errors, offset = self.errors_of(gas), self.offset_eV(gas)
        if errors is None or offset is None:
            return Measured(None, detail=self._why_none(gas))
        attracted = np.array(errors.kinds) != "repulsive"
        left = 1000 * np.abs(errors.errors_eV[attracted] - offset)
        said = f"median of {len(left)} places; nine of ten below {np.quantile(left, 0.9):.0f} meV"
        return Measured(float(np.median(left)), float(left.std(ddof=1)), said)

    def _why_none(self, gas: str) -> str:
        if not self.has_interactions:
            return NO_INTERACTIONS
        if f"interactions, {gas}" in self.failures:
            return f"the model failed at {gas}"
        if gas not in self.gases:
            return "the model knows all elements of no framework of GoldDAC"
        return f"fewer than five places of {gas} at weak attraction"

    @property
    def henry_coefficient(self) -> Measured:
        """The decadic logarithm of the Henry coefficient of CO2 in Mg-MOF-74, mol/(kg Pa)."""
        if self.uptake is None:
            return Measured(None, detail=NOT_IN_SUITE)
        if self.uptake.henry_mol_per_kg_Pa <= 0:
            return Measured(None, detail="no insertion has a weight")
        return Measured(
            math.log10(self.uptake.henry_mol_per_kg_Pa),
            self.uptake.henry_relative_error / math.log(10),
            f"298 K; {self.uptake.n_effective:.0f} insertions carry the weight of "
            f"{self.uptake.n_calls} that were computed; ± standard error",
        )

    @property
    def heat_of_adsorption_error(self) -> Measured:
        """How far the heat of CO2 in Mg-MOF-74 is from that of experiments, in kJ/mol."""
        if self.uptake is None:
            return Measured(None, detail=NOT_IN_SUITE)
        if self.uptake.n_effective < _FEWEST_EFFECTIVE:
            said = (
                f"{self.uptake.n_effective:.1f} insertions carry the weight, too few to tell by: "
                f"{self.uptake.heat_kJ_per_mol:.0f} kJ/mol"
            )
            return Measured(None, detail=said)
        return Measured(
            self.uptake.heat_kJ_per_mol - _HEAT_KJ_PER_MOL,
            self.uptake.heat_error_kJ_per_mol,
            f"{self.uptake.heat_kJ_per_mol:.1f} kJ/mol as it is{self._without_offset()}",
        )

    def _without_offset(self) -> str:
        offset = self.offset_eV("CO2")
        if offset is None or self.uptake is None:
            return ""
        without = self.uptake.heat_kJ_per_mol + 1e-3 * EV_PER_CELL_IN_J_PER_MOL * offset
        return f", {without:.1f} with the offset of CO2 taken off"

    @property
    def zero_of_gas(self) -> Measured:
        """Interaction energy of CO2 less that of a force field at weak attraction, in meV."""
        if self.uptake is None:
            return Measured(None, detail=NOT_IN_SUITE)
        if self.uptake.zero_meV is None:
            return Measured(None, detail="too few insertions at weak attraction")
        said = "CO2 in Mg-MOF-74, less UFF; ± standard error of the median"
        return Measured(self.uptake.zero_meV, self.uptake.zero_error_meV, said)


def _no_modulus(found: Stiffness) -> str:
    """Return why the second derivatives of a framework are no bulk modulus; empty if they are."""
    if not found.has_converged:
        return "its relaxation did not come to its end"
    if found.stress_GPa > NEGLIGIBLE_STRESS_GPA:
        return f"{found.stress_GPa:.2g} GPa of stress are left"
    return "" if found.stability == "stable" else _WITHOUT[found.stability]
