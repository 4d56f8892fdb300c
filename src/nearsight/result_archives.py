"""Result files: NumPy archives with a JSON header, and structures as arrays of them."""

import json
import os
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
from ase import Atoms

from nearsight.archives import (
    ELECTRONS,
    MOLECULE,
    SITE_TYPE,
    read_archive,
    require_structure,
)
from nearsight.errors import CheckpointError, StructureError
from nearsight.storage import write_atomically

P = ParamSpec("P")
Result = TypeVar("Result")

_FORMAT = 1


def save_archive(
    path: str | os.PathLike[str],
    kind: str,
    header: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    *,
    compress: bool = True,
) -> None:
    """Save `arrays` and a JSON `header` as one archive of the given `kind`.

    With `compress` false it is larger, and written at once: for numbers without a pattern.

    Raises
    ------
    StorageError
        See `write_atomically`.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.result_archives import load_archive, save_archive
    >>> save_archive("run.npz", "note", {"unit": "eV"}, {"energies": np.array([-1.0, -2.0])})
    >>> header, arrays = load_archive("run.npz", "note")
    >>> print(arrays["energies"], header["unit"])
    [-1. -2.] eV
    """
    text = json.dumps({"kind": kind, "format": _FORMAT, **header})
    content = {"header": np.array(text), **arrays}
    save = np.savez_compressed if compress else np.savez
    write_atomically(path, lambda file: save(file, **content))  # type: ignore[arg-type]  # numpy's stub mistakes ** for its own keyword


def load_archive(
    path: str | os.PathLike[str], kind: str
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the header and the arrays of an archive written by `save_archive`.

    Raises
    ------
    CheckpointError
        The file is missing, damaged, or holds something other than `kind`.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.result_archives import load_archive, save_archive
    >>> save_archive("run.npz", "note", {"unit": "eV"}, {"energies": np.array([-1.0, -2.0])})
    >>> header, arrays = load_archive("run.npz", "note")
    >>> header["unit"]
    'eV'
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

    Examples
    --------
    >>> from nearsight.errors import CheckpointError
    >>> from nearsight.result_archives import rebuilds
    >>> class Note:
    ...     @classmethod
    ...     @rebuilds("note")
    ...     def load(cls, path):
    ...         raise KeyError("unit")
    ...
    >>> try:
    ...     Note.load("run.npz")
    ... except CheckpointError as error:
    ...     print(error)
    ...
    run.npz is not a readable note file: it lacks 'unit'; compute it again.
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

    Species, masses, positions, cell, periodicity, initial charges and magnetic moments; and what it
    says of the charge and the multiplicity of the whole, and of molecules and types of sites, if it
    does.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.result_archives import atoms_to_arrays
    >>> sorted(atoms_to_arrays(bulk("Cu")))
    ['cell_A', 'initial_charges', 'initial_magmoms', 'masses_amu', 'numbers', 'pbc', 'positions_A']
    """
    sites = {name: atoms.arrays[name].copy() for name in (MOLECULE, SITE_TYPE) if atoms.has(name)}
    electrons = {name: np.array(atoms.info.get(name)) for name in ELECTRONS}
    said = {name: value for name, value in electrons.items() if value.dtype.kind in "iuf"}
    return (
        said
        | sites
        | {
            "numbers": atoms.numbers.copy(),
            "masses_amu": atoms.get_masses(),
            "positions_A": atoms.positions.copy(),
            "cell_A": atoms.cell.array.copy(),
            "pbc": atoms.pbc.copy(),
            "initial_charges": atoms.get_initial_charges(),
            "initial_magmoms": atoms.get_initial_magnetic_moments(),
        }
    )


def atoms_from_arrays(arrays: Mapping[str, np.ndarray]) -> Atoms:
    """Rebuild the structure that `atoms_to_arrays` described.

    Raises
    ------
    ValueError
        The arrays are of no structure; a missing one is a KeyError.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.result_archives import atoms_from_arrays, atoms_to_arrays
    >>> atoms = atoms_from_arrays(atoms_to_arrays(bulk("Cu")))
    >>> print(f"{atoms.get_volume():.2f} Å³")
    11.76 Å³
    """
    require_structure(arrays)
    atoms = Atoms(
        numbers=arrays["numbers"],
        masses=arrays["masses_amu"],
        positions=arrays["positions_A"],
        cell=arrays["cell_A"],
        pbc=arrays["pbc"],
        charges=arrays["initial_charges"],
        magmoms=arrays["initial_magmoms"],
        info={name: arrays[name].item() for name in ELECTRONS if name in arrays},
    )
    for name in (MOLECULE, SITE_TYPE):
        if name in arrays:
            atoms.set_array(name, arrays[name])
    return atoms
