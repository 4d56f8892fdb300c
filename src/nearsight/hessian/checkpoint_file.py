"""A file from which interrupted work goes on, if it is of that work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nearsight.errors import CheckpointError
from nearsight.hessian.same_model import differing_settings, require_same_calculation
from nearsight.result_archives import load_archive, save_archive

State = TypeVar("State")
Header = Mapping[str, Any]
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class CheckpointFile:
    """The file of one piece of work; without a path nothing is read or written."""

    path: Path | None
    kind: str
    """What the archive is called inside, so that no other file is taken for it."""
    work: str
    """What goes on, such as ``relaxation``."""
    reasons: Mapping[str, str]
    """For each part of the fingerprint a clause that says what differs."""
    fingerprint: Mapping[str, str]
    """Digests of what the work is about."""
    versions: Mapping[str, str]
    """Of the packages behind it."""
    place: str = "path"
    """What another one is given of, to begin anew."""
    beside: str = ""
    """The name of a file beside it that is to be deleted with it."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """JSON values by the name of the setting, all of which are in the part ``settings`` of the
    fingerprint: where that differs, those that do are named with both values."""

    def resume(self, state_of: Callable[[Header, Arrays], State]) -> State | None:
        """Return the state in the file, or None if there is no file yet.

        Parameters
        ----------
        state_of
            Makes it of header and arrays; a KeyError where they lack something.

        Raises
        ------
        CheckpointError
            The file is damaged, or belongs to other work or to other versions.
        """
        if self.path is None or not self.path.exists():
            return None
        and_more = f" and {self.path.with_name(self.beside)}" if self.beside else ""
        remedy = (
            f"delete {self.path}{and_more} or give another {self.place} to start from the "
            f"beginning."
        )
        try:
            header, arrays = load_archive(self.path, self.kind)
            require_same_calculation(
                self.path,
                header,
                self.fingerprint,
                self.versions,
                reasons=self._reasons(header),
                kind=self.work,
            )
            return state_of(header, arrays)
        except KeyError as error:
            raise CheckpointError(f"The checkpoint {self.path} lacks {error}; {remedy}") from error
        except (TypeError, ValueError) as error:
            raise CheckpointError(
                f"The checkpoint {self.path} is damaged ({error}); {remedy}"
            ) from error
        except CheckpointError as error:
            raise CheckpointError(f"{error} Otherwise {remedy}") from error

    def _reasons(self, header: Header) -> Mapping[str, str]:
        """Return the clauses, that of settings with those that differ."""
        if not self.settings:
            return self.reasons
        differing = differing_settings(header["settings"], self.settings)
        clause = self.reasons["settings"]
        return {**self.reasons, "settings": f"{clause} ({differing})" if differing else clause}

    def write(self, header: Header, arrays: Arrays, *, compress: bool = True) -> None:
        """Write a state; an interruption leaves the former one.

        Raises
        ------
        StorageError
            The file cannot be written; the older one is intact.
        """
        if self.path is None:
            return
        of_work = {
            "fingerprint": dict(self.fingerprint),
            "versions": dict(self.versions),
            "settings": dict(self.settings),
        }
        save_archive(self.path, self.kind, {**of_work, **header}, arrays, compress=compress)
