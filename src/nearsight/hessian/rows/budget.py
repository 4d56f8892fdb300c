"""What rows take of the memory that may be used."""

import sys
from dataclasses import dataclass, replace

from nearsight.errors import MemoryBudgetError
from nearsight.hessian.analytic_or_not import Refusal
from nearsight.memory import gibibytes, require_room
from nearsight.models.contract import Capabilities, Model


def require_room_for_rows(n_rows: int, n_atoms: int, memory_budget_bytes: int | None) -> None:
    """Check that the rows themselves fit: all of them for a Hessian, fewer for force constants.

    Parameters
    ----------
    n_rows, n_atoms
        How many rows, of how many atoms each.
    memory_budget_bytes
        Memory that may be used; never more than 80 % of what is free here.

    Raises
    ------
    MemoryBudgetError
        They do not, whatever the method.
    """
    needed = 3 * 8 * n_rows * 3 * n_atoms  # as computed, as a matrix, and one symmetric copy
    what = f"{n_rows} rows of {n_atoms} atoms, by whatever method,"
    remedy = "Use a smaller cell or a larger `memory_bytes`."
    require_room(needed, what, remedy)
    if memory_budget_bytes is not None:
        require_room(needed, what, remedy, budget_bytes=memory_budget_bytes)


@dataclass(frozen=True)
class Room:
    """What a force call was measured to take, and what may be taken."""

    n_atoms: int
    force_call_bytes: int
    budget_bytes: int
    row_over_force: float = Capabilities.row_over_force_memory
    """What an analytic row takes, over a force call of the same model."""
    row_model_bytes: int | None = None
    """What a force call takes of the model that has the rows, where that is another one."""

    @property
    def analytic_row_bytes(self) -> int:
        """What one analytic row is predicted to take."""
        force_call = self.force_call_bytes if self.row_model_bytes is None else self.row_model_bytes
        return int(self.row_over_force * force_call)

    def boundless(self) -> "Room":
        """Return the same where everything fits."""
        return replace(self, budget_bytes=sys.maxsize)

    def require_force_call(self, model: Model) -> None:
        """Check that a force call fits, which no method can do without.

        Raises
        ------
        MemoryBudgetError
            It does not.
        """
        if self.force_call_bytes > self.budget_bytes:
            raise MemoryBudgetError(
                f"a single force call of {self.n_atoms} atoms with {model.identity.name} took "
                f"{gibibytes(self.force_call_bytes)}, more than the budget of "
                f"{gibibytes(self.budget_bytes)}; no method can avoid that. Use `dtype` float32, a "
                f"smaller cell or a larger `memory_bytes`."
            )

    def refusal_of_analytic_row(self) -> Refusal | None:
        """Return why no analytic row fits; None if one does."""
        if self.analytic_row_bytes <= self.budget_bytes:
            return None
        return Refusal(
            f"one analytic row of {self.n_atoms} atoms is predicted to take "
            f"{gibibytes(self.analytic_row_bytes)}, more than the budget of "
            f"{gibibytes(self.budget_bytes)}",
            "Use `method` fourth-order, `dtype` float32, or a larger `memory_bytes`.",
            MemoryBudgetError,
        )
