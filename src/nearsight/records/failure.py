"""The record of a structure that gave no result."""

from dataclasses import dataclass
from typing import Any

from nearsight import errors


@dataclass(frozen=True)
class FailureRecord:
    """One structure that gave no result, and why."""

    name: str
    error: str
    """The kind of error, such as ``StructureError``."""
    message: str
    """What was wrong and, for an error of Nearsight's own, what to do."""

    @property
    def is_defect(self) -> bool:
        """Whether the error is none that the user is meant to act on."""
        kind = getattr(errors, self.error, None)
        return not (isinstance(kind, type) and issubclass(kind, errors.NearsightError))

    def to_json(self) -> dict[str, Any]:
        """Return the record, with the fields of the command line's ``--json``."""
        return {"structure": self.name, "error": {"type": self.error, "message": self.message}}
