"""``nearsight report``: a page about Hessians and records that were saved."""

import argparse
import zipfile
from pathlib import Path

from nearsight.cli.batch import run_each
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.errors import CheckpointError
from nearsight.hessian.other_programs import is_hessian_of_other_program, read_hessian
from nearsight.hessian.phonopy_results import is_phonopy_file
from nearsight.hessian.result import Hessian
from nearsight.records import Record, read_contents
from nearsight.records.making import heat_capacity_record
from nearsight.records.results import HarmonicResults
from nearsight.runs.outputs import Outcome
from nearsight.terminal.streams import say
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.thermodynamics import thermodynamics
from nearsight.workflows.settings import SavedSettings

_BEGINNINGS_OF_JSON = (b"{", b"[")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    settings = requested(arguments, SavedSettings()).settings
    shown: dict[str, Record | CheckpointError | None] = {}
    for path in arguments.structures:
        shown |= _records_of(path)

    def one(name: str) -> Outcome:
        record = shown[name]
        if isinstance(record, CheckpointError):
            raise record
        if record is None:
            made = _record_of_hessian(name, settings)
            return Outcome(made.to_json(), show=lambda: None, entry=made)
        # What failed when it was computed is shown as such: making the page of it has not failed.
        return Outcome({"structure": record.structure}, show=lambda: None, entry=record)

    status = run_each(argparse.Namespace(**{**vars(arguments), "structures": list(shown)}), one)
    print(f"saved as {arguments.report}")
    return status


def _records_of(path: str) -> dict[str, Record | CheckpointError | None]:
    """Return the records of a file by names of their own, or None for what has a Hessian."""
    if not is_file_of_records(path):
        return {path: None}
    try:
        contents = read_contents(path)
    except CheckpointError as error:
        return {path: error}
    if not contents.records:
        return {path: CheckpointError(f"{path} holds no finished record; give one that does.")}
    for remark in contents.remarks:
        say(remark)
    return {f"{path}, record {n}": record for n, record in enumerate(contents.records, start=1)}


def is_file_of_records(path: str) -> bool:
    """Tell whether a file is JSON, as records are, by how it begins."""
    file = Path(path)
    if not file.is_file() or is_hessian_of_other_program(path):
        return False
    with file.open("rb") as stream:
        return stream.read(4096).lstrip().startswith(_BEGINNINGS_OF_JSON)


def _record_of_hessian(path: str, settings: SavedSettings) -> Record:
    hessian, asked = _read(path), settings.thermodynamics
    modes = vibrations(hessian)
    thermal = thermodynamics(modes, asked.temperatures_K, asked.acoustic, asked.scale_factor)
    return heat_capacity_record(
        HarmonicResults(path, hessian, modes, thermal, presentation=settings.presentation)
    )


def _read(path: str) -> Hessian:
    if is_hessian_of_other_program(path):
        return read_hessian(path)
    require_saved_hessian(path)
    return Hessian.load(path)


def require_saved_hessian(path: str) -> None:
    """Check that `path` is no structure or YAML of phonopy, which hold no Hessian.

    Raises
    ------
    CheckpointError
        It is one of them; the message says what to do.
    """
    file = Path(path)
    if file.suffix == ".npz" or not file.is_file() or zipfile.is_zipfile(file):
        return  # an archive, or for Hessian.load to say what is wrong with it
    if is_phonopy_file(path):
        raise CheckpointError(
            f"{path} holds phonopy's force constants, of which `nearsight report` makes no page: "
            f"use `nearsight heat-capacity {path} --report FILE.html`."
        )
    raise CheckpointError(
        f"{path} is no saved Hessian and no file of records, and `nearsight report` computes "
        f"nothing: use `nearsight heat-capacity {path} --report FILE.html`, or save its Hessian "
        f"first with `nearsight hessian {path}`."
    )
