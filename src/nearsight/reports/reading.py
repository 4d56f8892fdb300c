"""What a page is made of that was computed before: records, and saved Hessians."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from nearsight.errors import CheckpointError
from nearsight.hessian.files import is_hessian_of_other_program, read_hessian
from nearsight.hessian.files.phonopy_yaml import is_phonopy_file
from nearsight.hessian.matrix import Hessian
from nearsight.records import Record, read_contents
from nearsight.records.making import heat_capacity_record
from nearsight.records.results import HarmonicResults
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.thermodynamics import thermodynamics
from nearsight.workflows.settings import SavedSettings

_BEGINNINGS_OF_JSON = (b"{", b"[")


def records_of(
    path: str, say: Callable[[str], object]
) -> dict[str, Record | CheckpointError | None]:
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


def record_of_hessian(path: str, settings: SavedSettings) -> Record:
    """Return the record of the heat capacity by a saved Hessian.

    Raises
    ------
    NearsightError
        There is none in the file, or it has no heat capacity.
    """
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
            f"{path} holds phonopy's force constants: compute its heat capacity, with a `report`."
        )
    raise CheckpointError(
        f"{path} is no saved Hessian and no file of records, and a page of what is saved computes "
        f"nothing: compute its heat capacity, with a `report`, or save its Hessian first."
    )
