"""``nearsight report``: a page about Hessians that were saved."""

import argparse
import zipfile
from pathlib import Path
from typing import Any

from nearsight.bounded_json import parse_json
from nearsight.cli.batch import Outcome, run_each
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.errors import CheckpointError
from nearsight.hessian.other_programs import is_hessian_of_other_program, read_hessian
from nearsight.hessian.phonopy_results import is_phonopy_file
from nearsight.hessian.result import Hessian
from nearsight.records.results import HarmonicResults
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.thermodynamics import thermodynamics
from nearsight.workflows.settings import SavedSettings

_NAMED_AT_MOST = 5
_LONGEST_REASON = 300  # characters of the reasons in a file that anybody may have written


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    settings = requested(arguments, SavedSettings()).settings
    asked = settings.thermodynamics

    def one(path: str) -> Outcome:
        hessian = _read(path)
        modes = vibrations(hessian)
        thermal = thermodynamics(modes, asked.temperatures_K, asked.acoustic, asked.scale_factor)
        entry = HarmonicResults(path, hessian, modes, thermal, presentation=settings.presentation)
        return Outcome(entry.to_json(), show=lambda: None, entry=entry)

    status = run_each(arguments, one)
    print(f"saved as {arguments.report}")
    return status


def _read(path: str) -> Hessian:
    if is_hessian_of_other_program(path):
        return read_hessian(path)
    require_saved_hessian(path)
    return Hessian.load(path)


def require_saved_hessian(path: str) -> None:
    """Check that `path` is no JSON result, structure or YAML of phonopy, which hold no Hessian.

    Raises
    ------
    CheckpointError
        It is one of them; the message says what to do, and for the JSON of a failed run why it
        failed.
    """
    file = Path(path)
    if file.suffix == ".npz" or not file.is_file() or zipfile.is_zipfile(file):
        return  # an archive, or for Hessian.load to say what is wrong with it
    if is_phonopy_file(path):
        raise CheckpointError(
            f"{path} holds phonopy's force constants, of which `nearsight report` makes no page: "
            f"use `nearsight heat-capacity {path} --report FILE.html`."
        )
    records = _records(file)
    if records is None:
        raise CheckpointError(
            f"{path} is no saved Hessian, and `nearsight report` computes nothing: use "
            f"`nearsight heat-capacity {path} --report FILE.html`, or save its Hessian first with "
            f"`nearsight hessian {path}`."
        )
    failures = [record for record in records if "error" in record]
    if failures:
        raise CheckpointError(_about_failures(path, failures, len(records)))
    raise CheckpointError(
        f"{path} is a JSON file, which holds no Hessian: a page is made from the Hessian saved by "
        f"`nearsight hessian STRUCTURE --output FILE.npz`, or by --report during a run of "
        f"heat-capacity or vibrations."
    )


def _records(file: Path) -> list[dict[str, Any]] | None:
    """Return the objects in a JSON file, or None if it is something else."""
    try:
        content = parse_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found = content if isinstance(content, list) else [content]
    return [record for record in found if isinstance(record, dict)]


def _about_failures(path: str, failures: list[dict[str, Any]], n_records: int) -> str:
    named = [
        f"{_short(record.get('structure', 'a structure'))}: {_reason(record['error'])}"
        for record in failures[:_NAMED_AT_MOST]
    ]
    more = len(failures) - len(named)
    which = (
        "the run failed"
        if n_records == 1
        else f"{len(failures)} of {n_records} structures of the run failed"
    )
    return (
        f"{path} is the record of a run and holds no Hessian; {which} ({'; '.join(named)}"
        f"{f'; and {more} more' if more else ''}). Remove the cause that the reason names, run "
        f"`nearsight heat-capacity` again, and give it --report to get a page."
    )


def _reason(error: Any) -> str:
    reason = (error.get("message") or error.get("type")) if isinstance(error, dict) else error
    return _short(reason or "no reason given").rstrip(".")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"
