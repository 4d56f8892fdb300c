"""What structures will cost with a model that was measured on a device, before any is computed."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from ase import Atoms

from nearsight.campaigns.plan import Predicted
from nearsight.errors import MethodError, StructureError
from nearsight.hessian.rows.plan import plan
from nearsight.models.contract import Capabilities
from nearsight.structures.pairs import pairs_of
from nearsight.structures.supercell import supercell_for_length

RELAXATION_CALLS = 87
"""Force calls of a relaxation by `newton` with the default settings, products among them: the
median of 25 porous solids, 33 to 168 (`studies/results/relaxation.md`)."""
SUPERCELL_LENGTH_A = 8.0
"""That of force constants by default."""

WORKFLOWS = ("energy", "relax", "heat-capacity", "phonons")
"""Those whose cost is known."""


@dataclass(frozen=True, kw_only=True)
class ModelCost:
    """What a model costs on a device, by numbers of pairs within its cutoff.

    `benchmarks/campaign_costs.py` measures it.
    """

    model: str
    dtype: str
    device: str
    machine: str
    """On which it was measured, with the number of cores."""
    loaded_bytes: int
    """Memory of a process that has loaded the model, and computed once; on a GPU that of the
    processor."""
    cutoff_A: float
    mirror_equivariant: bool
    force_call_s: float
    """What does not depend on the structure."""
    force_call_s_per_pair: float
    row_in_force_calls: float
    row_bytes: float
    row_bytes_per_pair: float

    def predict(self, name: str, atoms: Atoms, workflow: str) -> Predicted:
        """Return what a structure will cost by a workflow with its default settings.

        Rows are those that the space group leaves; those of force constants are of a supercell.

        Raises
        ------
        MethodError
            What the workflow costs is not known.
        """
        if workflow not in WORKFLOWS:
            raise MethodError(
                f"what {workflow} costs is known for no model, only {', '.join(WORKFLOWS)}; screen "
                f"some structures of all sizes, and plan by these."
            )
        n_pairs = len(pairs_of(atoms, self.cutoff_A).first)
        seconds = self.seconds_of_call(n_pairs)
        memory = self.bytes_of_row(n_pairs)
        if workflow != "energy":
            seconds *= RELAXATION_CALLS
        if workflow in {"heat-capacity", "phonons"}:
            matrix = supercell_for_length(atoms, SUPERCELL_LENGTH_A)
            n_cells = abs(round(float(np.linalg.det(matrix))))
            n_pairs *= n_cells
            row_s = self.row_in_force_calls * self.seconds_of_call(n_pairs)
            seconds += self._n_rows(atoms) * row_s
            memory = self.bytes_of_row(n_pairs)
        return Predicted(name, len(atoms), seconds, round(memory))

    def seconds_of_call(self, n_pairs: int) -> float:
        """Return how long a force call takes."""
        return self.force_call_s + self.force_call_s_per_pair * n_pairs

    def bytes_of_row(self, n_pairs: int) -> float:
        """Return the memory that rows take, or products of a relaxation."""
        return self.row_bytes + self.row_bytes_per_pair * n_pairs

    def _n_rows(self, atoms: Atoms) -> int:
        capabilities = Capabilities(
            cutoff_A=self.cutoff_A,
            receptive_field_A=None,
            elements=None,
            conservative=True,
            equivariant=True,
            atomic_energies=True,
            size_consistent=True,
            differentiable=True,
            curvature_smooth=True,
            mirror_equivariant=self.mirror_equivariant,
        )
        try:
            return plan(atoms, capabilities).rows_needed
        except StructureError:  # no consistent space group: the upper limit
            return 3 * len(atoms)


def cost_of_model(model: str, dtype: str, device: str) -> ModelCost:
    """Return what a model costs on a device.

    Raises
    ------
    MethodError
        It was not measured.
    """
    for cost in measured_costs():
        if (cost.model, cost.dtype, cost.device) == (model, dtype, device):
            return cost
    known = ", ".join(f"{each.model} ({each.dtype}, {each.device})" for each in measured_costs())
    raise MethodError(
        f"what {model} costs in {dtype} on {device} was not measured; known are {known}. Screen "
        f"some structures of all sizes, and plan by these."
    )


@cache
def measured_costs() -> tuple[ModelCost, ...]:
    """Return what was measured."""
    text = files("nearsight.campaigns").joinpath("costs.toml").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["cost"]
    return tuple(ModelCost(**entry) for entry in entries)
