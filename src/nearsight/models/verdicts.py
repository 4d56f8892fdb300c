"""The last examination of each model, kept on this machine."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from nearsight.bounded_json import parse_json
from nearsight.errors import StorageError
from nearsight.models.environments.places import data_directory
from nearsight.storage import write_text


@dataclass(frozen=True)
class Verdict:
    """What an examination by `nearsight.testing.check_model` came to."""

    passed: bool
    n_passed: int
    n_failed: int
    n_not_applicable: int
    failures: tuple[str, ...]
    """Property and structure of each check that failed."""
    model: Mapping[str, Any]
    """Identity of the model, as JSON."""
    nearsight: str
    """Version."""
    date: str
    """ISO 8601, UTC."""

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as JSON-compatible values."""
        return {**asdict(self), "failures": list(self.failures), "model": dict(self.model)}

    def save(self) -> Path:
        """Keep it as the last verdict on its model, and return the file.

        Raises
        ------
        StorageError
            The folder or the file cannot be written.
        """
        path = _file(str(self.model["name"]))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"the verdict cannot be kept: {path.parent} cannot be made ({error.strerror}); set "
                f"XDG_DATA_HOME to a folder that can be written."
            ) from error
        write_text(path, json.dumps(self.to_json(), indent=2) + "\n")
        return path


def last_verdict(name: str) -> Verdict | None:
    """Return the last verdict on the model of this name; None if there is none that can be read."""
    try:
        values = parse_json(_file(name).read_text(encoding="utf-8"))
        if set(values) != {field.name for field in fields(Verdict)}:
            return None  # another Nearsight wrote it
        return Verdict(**{**values, "failures": tuple(values["failures"])})
    except (OSError, ValueError, TypeError):
        return None


def _file(name: str) -> Path:
    plain = re.fullmatch(r"[\w.+-]{1,100}", name, flags=re.ASCII)
    stem = name if plain else hashlib.sha256(name.encode()).hexdigest()[:24]
    return data_directory() / "conformance" / f"{stem}.json"
