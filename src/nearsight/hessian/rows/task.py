"""What is to be computed, and how, as one value for all who take part in it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.hessian.rows.kinds import RowMethod
from nearsight.hessian.rows.plan import Plan
from nearsight.memory import Meter
from nearsight.models.contract import Model, Seed
from nearsight.provenance import Setting


@dataclass(frozen=True)
class Task:
    """The rows of a plan, and the way in which they are computed."""

    atoms: Atoms
    model: Model
    plan: Plan
    way: RowMethod
    memory_budget_bytes: int
    meter: Meter

    @property
    def may_leave_rows_out(self) -> bool:
        """Whether rows may follow from the sum rule: where nobody has asked for them one by one.

        Single precision keeps neither the rule nor the symmetry well enough; direct forces have
        none.
        """
        conservative = self.model.capabilities.conservative is True
        return self.way.automatic and conservative and self.model.identity.dtype == "float64"

    def settings(self) -> dict[str, Setting]:
        """Return what decides the numbers; rows of equal settings may be mixed."""
        digest = hashlib.sha256()
        for atom, direction in self.plan.seeds:
            digest.update(f"{atom} {np.round(direction, 9).tolist()}".encode())
        return {**self.way.settings(), "seeds": digest.hexdigest()}

    def rows(self, seeds: Sequence[Seed]) -> list[FloatArray]:
        """Return some rows, of the plan or not, one by one."""
        return list(self.way.rows(self.atoms, self.model, seeds))


def name_of(seed: Seed) -> str:
    """Return a row as messages name it."""
    atom, direction = seed
    axis = int(np.argmax(np.abs(direction)))
    if direction[axis] == 1.0:
        return f"atom {atom}, direction {'xyz'[axis]}"
    return f"atom {atom}, direction ({', '.join(f'{part:.3f}' for part in direction)})"
