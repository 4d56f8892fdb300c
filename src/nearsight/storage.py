"""Result files: NumPy archives with a JSON header, written whole or not at all."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar

import numpy as np
from ase import Atoms

from nearsight.archives import read_archive, require_structure
from nearsight.errors import CheckpointError, StorageError, StructureError

P = ParamSpec("P")
Result = TypeVar("Result")

_FORMAT = 1


def write_atomically(path: str | os.PathLike[str], write: Callable[[IO[bytes]], None]) -> None:
    """Call `write` on a new file beside `path` and move it there once it is complete and on disk.

    A link stays a link; the file that it points to is replaced. What is there but no regular file,
    such as a pipe or ``/dev/stdout``, is written to directly.

    Raises
    ------
    StorageError
        The file could not be written (a full disk, say); an older file at `path` is intact.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        _write_directly(path, write)
        return
    target = Path(os.path.realpath(path))
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            write(file.file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise StorageError(
            f"cannot write {Path(path)}: {error.strerror or error}. Nothing there was changed; "
            f"free some space or choose another place."
        ) from error
    except BaseException:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise


def _write_directly(path: str | os.PathLike[str], write: Callable[[IO[bytes]], None]) -> None:
    try:
        with open(path, "wb") as file:
            write(file)
    except OSError as error:
        raise StorageError(
            f"cannot write to {Path(path)}: {error.strerror or error}. It is no regular file; "
            f"choose another place."
        ) from error


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` as UTF-8 through `write_atomically`."""
    write_atomically(path, lambda file: _write_all(file, text.encode("utf-8")))


def save_archive(
    path: str | os.PathLike[str],
    kind: str,
    header: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Save `arrays` and a JSON `header` as one archive of the given `kind`.

    Raises
    ------
    StorageError
        See `write_atomically`.
    """
    text = json.dumps({"kind": kind, "format": _FORMAT, **header})
    content = {"header": np.array(text), **arrays}
    write_atomically(path, lambda file: np.savez_compressed(file, **content))  # type: ignore[arg-type]  # numpy's stub mistakes ** for its own keyword


def load_archive(
    path: str | os.PathLike[str], kind: str
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the header and the arrays of an archive written by `save_archive`.

    Raises
    ------
    CheckpointError
        The file is missing, damaged, or holds something other than `kind`.
    """
    target = Path(path)
    if not target.is_file():
        raise CheckpointError(f"{target} does not exist; give the path of a saved {kind}.")
    try:
        header, arrays = read_archive(target)
    except ValueError as error:
        raise _unreadable(target, kind, f" ({error})") from error
    if header.get("kind") != kind or header.get("format") != _FORMAT:
        raise CheckpointError(
            f"{target} holds a {header.get('kind')!r} of format {header.get('format')}, "
            f"not a {kind!r} of format {_FORMAT}."
        )
    return header, arrays


def rebuilds(kind: str) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """Decorate a class method that loads a file: whatever is wrong in the file is an error of it.

    Its first argument behind the class is the path. What it meets that is missing, of another type
    or shape, or impossible becomes a CheckpointError.
    """

    def decorate(load: Callable[P, Result]) -> Callable[P, Result]:
        @wraps(load)
        def rebuild(*arguments: P.args, **named: P.kwargs) -> Result:
            path = named.get("path", arguments[-1])
            try:
                return load(*arguments, **named)
            except (KeyError, IndexError) as error:
                raise _unreadable(path, kind, f": it lacks {error}") from error
            except (ValueError, TypeError, AttributeError, StructureError) as error:
                raise _unreadable(path, kind, f" ({error})") from error

        return rebuild

    return decorate


def _unreadable(path: object, kind: str, why: str) -> CheckpointError:
    return CheckpointError(f"{path} is not a readable {kind} file{why}; compute it again.")


def atoms_to_arrays(atoms: Atoms) -> dict[str, np.ndarray]:
    """Return what defines a structure here.

    Species, masses, positions, cell, periodicity, initial charges and magnetic moments.
    """
    return {
        "numbers": atoms.numbers.copy(),
        "masses_amu": atoms.get_masses(),
        "positions_A": atoms.positions.copy(),
        "cell_A": atoms.cell.array.copy(),
        "pbc": atoms.pbc.copy(),
        "initial_charges": atoms.get_initial_charges(),
        "initial_magmoms": atoms.get_initial_magnetic_moments(),
    }


def atoms_from_arrays(arrays: Mapping[str, np.ndarray]) -> Atoms:
    """Rebuild the structure that `atoms_to_arrays` described.

    Raises
    ------
    ValueError
        The arrays are of no structure; a missing one is a KeyError.
    """
    require_structure(arrays)
    return Atoms(
        numbers=arrays["numbers"],
        masses=arrays["masses_amu"],
        positions=arrays["positions_A"],
        cell=arrays["cell_A"],
        pbc=arrays["pbc"],
        charges=arrays["initial_charges"],
        magmoms=arrays["initial_magmoms"],
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_all(file: IO[bytes], content: bytes) -> None:
    file.write(content)
