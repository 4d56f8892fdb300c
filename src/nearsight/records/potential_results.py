"""Results of a test of a potential on labelled structures, and the record of them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nearsight.charts.chart import Chart
from nearsight.hdnnp.potential import Potential
from nearsight.provenance import ModelIdentity, installed_versions
from nearsight.records.hdnnp_test_record import HdnnpTestRecord
from nearsight.records.potential_parts import (
    ElementErrorsPart,
    ExtrapolatedFunctionPart,
    ExtrapolationPart,
    GroupErrorsPart,
    PotentialErrorsPart,
)
from nearsight.records.shared_fields import UNKNOWN_RUN, Run, model_part
from nearsight.remarks import Remark
from nearsight.settings import Settings
from nearsight.structures.naming import paragraph
from nearsight.training.error_charts import error_charts
from nearsight.training.error_distribution import ErrorDistribution
from nearsight.training.extrapolated import ExtrapolatedFunction
from nearsight.training.prediction_errors import GroupErrors, PotentialErrors


@dataclass(frozen=True, eq=False, repr=False)
class HdnnpTestResults:
    """A potential, and how far it is off for labelled structures."""

    name: str
    """What the data is called, such as the path of its file."""
    potential: Potential
    identity: ModelIdentity
    errors: PotentialErrors
    training: str | None = None
    """Which record said what was kept for tests."""

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        return self.errors.warnings

    def __repr__(self) -> str:
        whole = self.errors.groups[0]
        return paragraph(
            self,
            f"{self.identity.name} on {self.name}",
            f"{1000 * whole.energies.RMSE_eV_per_atom:.2f} meV/atom and "
            f"{whole.forces.RMSE_eV_per_A:.3f} eV/Å for {whole.set}",
        )

    def charts(self) -> dict[str, Chart]:
        """Return what is drawn of it, by name."""
        return error_charts(self.errors)


def hdnnp_test_record(results: HdnnpTestResults, run: Run = UNKNOWN_RUN) -> HdnnpTestRecord:
    """Return the record of a test."""
    asked = run.asked.to_json() if isinstance(run.asked, Settings) else run.asked
    errors = results.errors
    return HdnnpTestRecord(
        structure=results.name,
        model=model_part(results.identity),
        elements=results.potential.symbols,
        cutoff_A=results.potential.cutoff_A,
        n_structures=sum(each.n_structures for each in errors.extrapolations.values()),
        training=results.training,
        errors=potential_errors_part(errors),
        versions=installed_versions(),
        settings=dict(asked or {}),
        seconds=run.seconds,
        warnings=results.warnings,
        results=results,
    )


def potential_errors_part(errors: PotentialErrors) -> PotentialErrorsPart:
    """Return what a record says of the errors of a potential."""
    return PotentialErrorsPart(
        groups=tuple(map(_group, errors.groups)),
        elements=tuple(
            ElementErrorsPart(
                set=each.set,
                element=each.element,
                n_atoms=each.n_atoms,
                **_forces(each.forces),
            )
            for each in errors.elements
        ),
        extrapolations=tuple(_extrapolations(errors)),
        worst_functions=tuple(map(_function, errors.worst_functions)),
        without_offsets=errors.without_offsets,
    )


def _group(errors: GroupErrors) -> GroupErrorsPart:
    energies = errors.energies
    return GroupErrorsPart(
        set=errors.set,
        group=errors.group,
        n_structures=errors.n_structures,
        n_atoms=errors.n_atoms,
        n_energies=len(energies.errors_eV_per_atom),
        n_force_components=errors.forces.n,
        energy_RMSE_eV_per_atom=_number(energies.RMSE_eV_per_atom),
        energy_MAE_eV_per_atom=_number(energies.MAE_eV_per_atom),
        energy_largest_eV_per_atom=_number(energies.largest_eV_per_atom),
        energy_offset_eV_per_atom=_number(energies.offset_eV_per_atom),
        **_forces(errors.forces),
    )


def _forces(errors: ErrorDistribution) -> dict[str, Any]:
    return {
        "force_RMSE_eV_per_A": _number(errors.RMSE_eV_per_A),
        "force_MAE_eV_per_A": _number(errors.MAE_eV_per_A),
        "force_largest_eV_per_A": _number(errors.largest_eV_per_A),
    }


def _extrapolations(errors: PotentialErrors) -> Iterator[ExtrapolationPart]:
    for of_set, counts in errors.extrapolations.items():
        yield ExtrapolationPart(set=of_set, **vars(counts))


def _function(function: ExtrapolatedFunction) -> ExtrapolatedFunctionPart:
    return ExtrapolatedFunctionPart(
        element=function.element,
        index=function.index,
        name=str(function),
        smallest=function.smallest,
        largest=function.largest,
        n_atoms=function.n_atoms,
        farthest=function.farthest,
    )


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
