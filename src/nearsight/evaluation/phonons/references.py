"""Crystals of a user's folder, and those that are examined without one."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ase import Atoms
from ase.build import bulk

from nearsight.errors import CheckpointError, SettingError
from nearsight.hessian.files.phonopy_archive import ARCHIVES, read_phonopy_archive
from nearsight.hessian.files.phonopy_results import read_phonopy
from nearsight.hessian.files.phonopy_yaml import SUFFIXES
from nearsight.hessian.force_constants import ForceConstants

UNREADABLE = "the file cannot be read"
_PREFIX = "materials-id-"
_MOST_TOLD = 3

# Lattice constants of PBE, near where most models have their minimum.
BUILT: Mapping[str, Callable[[], Atoms]] = {
    "Si": lambda: bulk("Si", "diamond", a=5.469),
    "MgO": lambda: bulk("MgO", "rocksalt", a=4.25),
    "NaCl": lambda: bulk("NaCl", "rocksalt", a=5.70),
    "C": lambda: bulk("C", "diamond", a=3.573),
    "GaAs": lambda: bulk("GaAs", "zincblende", a=5.75),
    "Al": lambda: bulk("Al", "fcc", a=4.04),
    "CaF2": lambda: bulk("CaF2", "fluorite", a=5.51),
}
"""Crystals that are known in closed form."""


def reference_files(folder: str) -> dict[str, Path]:
    """Return the files of a folder by the names of their crystals.

    Raises
    ------
    SettingError
        There is none, two have one name, or it is no folder.
    """
    if not Path(folder).is_dir():
        raise SettingError(f"{folder} is no folder; give one of phonopy's files.", "phonon_data")
    found: dict[str, Path] = {}
    for path in sorted(Path(folder).iterdir()):
        ending = next((each for each in (*SUFFIXES, *ARCHIVES) if path.name.endswith(each)), None)
        if ending is None:
            continue
        name = path.name.removesuffix(ending).removeprefix(_PREFIX)
        if name in found:
            raise SettingError(
                f"{found[name]} and {path} have the same name; rename one of them.", "phonon_data"
            )
        found[name] = path
    if not found:
        raise SettingError(
            f"{folder} has no file of phonopy; give a folder of {', '.join(SUFFIXES)} or archives "
            f"{', '.join(ARCHIVES)}.",
            "phonon_data",
        )
    return found


def read_reference(path: Path) -> ForceConstants | str:
    """Return the force constants of a file, or why it is none that can be read."""
    try:
        if path.name.endswith(ARCHIVES):
            return read_phonopy_archive(path)
        return read_phonopy(path)
    except CheckpointError as error:
        return " ".join(str(error).split())


def require_reference(folder: str) -> None:
    """Check that a file of a folder can be read, of which the smallest are tried first.

    Raises
    ------
    SettingError
        None can be read, there is none, or two have one name.
    """
    files = reference_files(folder)
    reasons = []
    for path in sorted(files.values(), key=lambda each: each.stat().st_size):
        found = read_reference(path)
        if not isinstance(found, str):
            return
        reasons.append(f"{path.name}: {found}")
    raise SettingError(
        f"no file of {folder} can be read as phonons by phonopy; {'; '.join(reasons[:_MOST_TOLD])}",
        "phonon_data",
    )
