"""Many structures in one run: a failed one is a record, never a lost run."""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nearsight.errors import NearsightError, StorageError
from nearsight.models.contract import Model
from nearsight.models.registry import load_model
from nearsight.storage import write_text

Record = dict[str, Any]


def load_requested_model(arguments: argparse.Namespace) -> Model:
    """Load the model that the options ask for."""
    return load_model(
        arguments.model,
        dtype=arguments.dtype,
        device=arguments.device,
        trust=arguments.trust_checkpoint,
    )


def run_batch(arguments: argparse.Namespace, calculate: Callable[[str], Record]) -> int:
    """Call `calculate` for each structure and write the JSON after each one.

    Returns
    -------
    int
        Exit status: 1 if a structure failed.
    """
    output = JsonOutput(arguments.json, many=len(arguments.structures) > 1)
    output.require_writable()
    failed = 0
    for path in arguments.structures:
        try:
            record = calculate(path)
        except Exception as error:
            # One boundary for everything: in a long run the other structures must go on.
            failed += 1
            record = {
                "structure": path,
                "error": {"type": type(error).__name__, "message": str(error)},
            }
            print(f"nearsight: {path}: {error}", file=sys.stderr)
            if not isinstance(error, NearsightError):
                traceback.print_exc()
        output.add(record)
    if failed and len(arguments.structures) > 1:
        print(
            f"nearsight: {failed} of {len(arguments.structures)} structures failed.",
            file=sys.stderr,
        )
    output.finish()
    return 1 if failed else 0


@dataclass
class JsonOutput:
    """The JSON of a run: an object for one structure, a list for several."""

    target: str | None
    """A path, ``-`` for standard output, or None for no JSON."""
    many: bool
    records: list[Record] = field(default_factory=list)

    def require_writable(self) -> None:
        """Check before anything is computed that the results can be written."""
        if self.target not in {None, "-"}:
            require_writable(str(self.target))

    def add(self, record: Record) -> None:
        """Add the record of a structure, and write the file with all records so far."""
        self.records.append(record)
        if self.target not in {None, "-"}:
            write_text(str(self.target), self._text())

    def finish(self) -> None:
        """Write to standard output where that was asked for."""
        if self.target == "-":
            sys.stdout.write(self._text())

    def _text(self) -> str:
        content = self.records if self.many else self.records[0]
        return json.dumps(content, indent=2, allow_nan=False) + "\n"


def require_writable(path: str) -> None:
    """Check that a file can be written at `path`.

    Raises
    ------
    StorageError
        The folder does not exist or may not be written.
    """
    target = Path(path)
    if target.is_dir():
        raise StorageError(f"{path} is a folder; give the name of a file.")
    if not target.absolute().parent.is_dir():
        raise StorageError(f"cannot write {path}: the folder {target.parent} does not exist.")
    if not os.access(target.absolute().parent, os.W_OK):
        raise StorageError(f"cannot write {path}: the folder {target.parent} may not be written.")
