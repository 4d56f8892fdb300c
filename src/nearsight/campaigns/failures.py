"""Why there is no record of a structure, in a way that can be counted."""

from dataclasses import dataclass

from nearsight import errors
from nearsight.errors import MemoryBudgetError, StorageError, system_message
from nearsight.memory import is_out_of_memory, out_of_memory_message

_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (errors.StructureError, "structure"),
    (errors.ModelError, "model"),
    (errors.MemoryBudgetError, "memory"),
    (errors.MethodError, "method"),
    (errors.CheckpointError, "storage"),
    (errors.StorageError, "storage"),
)

UNREADABLE = "unreadable"
"""The reason of what never became a structure."""
QUARANTINED = "quarantined"
"""The reason of what has ended its worker more than once."""
MEMORY = "memory"


@dataclass(frozen=True)
class Failure:
    """Why a structure has no record."""

    kind: str
    """Class of the error."""
    reason: str
    """What failures are counted by, in a word; ``defect`` is none that a user can act on."""
    message: str

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        """Return what an error says."""
        if isinstance(error, SystemExit):
            said = f"a package wanted to end the program (exit status {error.code})."
            return cls("SystemExit", "defect", said)
        if not isinstance(error, errors.NearsightError) and is_out_of_memory(error):
            return cls(MemoryBudgetError.__name__, MEMORY, out_of_memory_message(error))
        if isinstance(error, OSError):
            return cls(StorageError.__name__, "storage", system_message(error))
        if error.__cause__ is not None and is_out_of_memory(error.__cause__):
            return cls(type(error).__name__, MEMORY, str(error))  # of a model that wraps errors
        named = (reason for kind, reason in _REASONS if isinstance(error, kind))
        return cls(type(error).__name__, next(named, "defect"), str(error))
