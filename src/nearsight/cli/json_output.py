"""Results as JSON, in a file or on standard output."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nearsight.errors import StorageError
from nearsight.storage import write_text
from nearsight.structures.selection import split_selection

Record = dict[str, Any]


@dataclass
class JsonOutput:
    """The JSON of a run: an object for one structure, a list for several."""

    target: str | None
    """A path, ``-`` for standard output, or None for no JSON."""
    many: bool
    records: list[Record] = field(default_factory=list)
    n_written: int = 0

    def add(self, record: Record) -> None:
        """Add the record of a structure, and write the file with all records so far."""
        self.records.append(record)
        if self.target in {None, "-"}:
            return
        try:
            self._write()
        except StorageError as error:
            # The other structures must go on; `finish` writes it again, or fails for good.
            print(f"nearsight: {error} The run goes on.", file=sys.stderr)

    def finish(self) -> None:
        """Write what has not been written yet.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        if self.target == "-" and self.records:
            sys.stdout.write(self._text())
        elif self.target is not None and self.n_written < len(self.records):
            self._write()

    def _write(self) -> None:
        write_text(str(self.target), self._text())
        self.n_written = len(self.records)

    def _text(self) -> str:
        content = self.records if self.many else self.records[0]
        return json.dumps(content, indent=2, allow_nan=False) + "\n"


def require_writable(path: str | None, inputs: Sequence[str]) -> None:
    """Check before anything is computed that a file can be written at `path`.

    Raises
    ------
    StorageError
        The folder does not exist or may not be written, or `path` is one of the `inputs`.
    """
    if path in {None, "-"}:
        return
    target = Path(str(path)).absolute()
    if target.is_dir():
        raise StorageError(f"{path} is a folder; give the name of a file.")
    if not target.parent.is_dir():
        raise StorageError(f"cannot write {path}: the folder {target.parent} does not exist.")
    if not os.access(target.parent, os.W_OK):
        raise StorageError(f"cannot write {path}: the folder {target.parent} may not be written.")
    if any(target.resolve() == split_selection(given)[0].resolve() for given in inputs):
        raise StorageError(f"{path} is one of the structures; give the result another name.")
