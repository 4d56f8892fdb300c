"""Data of references that users have: where they are, and by what they are told from others."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from nearsight.errors import SettingError
from nearsight.fingerprint import file_sha256
from nearsight.settings import Help, Settings

_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class ReferenceData(Settings):
    """Where data are that examinations compare models with; without them they ask for less."""

    phonon_data: Annotated[
        str | None,
        Help(
            "folder of phonons by a reference, for the examination phonons: YAML of phonopy with "
            "forces or force constants, or archives of the phonon database of Kyoto",
            "DIR",
        ),
    ] = None
    heat_capacity_data: Annotated[
        str | None,
        Help(
            "folder of heat capacities by a reference, for the examination porous: reference.csv "
            "with name and dft_300K in J/(g K), and structures/NAME.cif",
            "DIR",
        ),
    ] = None
    interaction_data: Annotated[
        str | None,
        Help(
            "file of GoldDAC, frameworks with one CO2 or H2O, for the examination porous",
            "FILE",
        ),
    ] = None


def require_data(data: ReferenceData) -> None:
    """Check that all data that are named are there.

    Raises
    ------
    SettingError
        Some are not.
    """
    for name, given in data.to_json().items():
        if given is not None and not Path(given).exists():
            raise SettingError(
                f"`{name}` is {given}, which does not exist; give the path of the data, or leave "
                f"it out.",
                name,
            )


def digests_of(data: ReferenceData, names: tuple[str, ...]) -> dict[str, str]:
    """Return what tells some of the data from others, for those that are given, by name."""
    given = {name: getattr(data, name) for name in names}
    return {name: _digest(Path(path)) for name, path in given.items() if path is not None}


def _digest(path: Path) -> str:
    """Return the digest of a file, or of the names and contents of all files in a folder."""
    if path.is_file():
        return file_sha256(path)[:_DIGITS]
    whole = hashlib.sha256()
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        whole.update(f"{file.relative_to(path)} {file_sha256(file)}\n".encode())
    return whole.hexdigest()[:_DIGITS]
