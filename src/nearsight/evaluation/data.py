"""Data of references that users have: whether they are there, and what tells them from others."""

import hashlib
from pathlib import Path

from nearsight.errors import SettingError
from nearsight.evaluation.settings import ReferenceData
from nearsight.fingerprint import file_sha256

_DIGITS = 16


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
