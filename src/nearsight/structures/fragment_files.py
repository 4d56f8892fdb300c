"""Fragments as extended XYZ, with everything that they know."""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
from ase import Atoms

import nearsight
from nearsight.errors import StorageError, StructureError
from nearsight.storage import write_text
from nearsight.structures.charge import electrons_said
from nearsight.structures.fragments import Fragment
from nearsight.structures.selection import structure_stem

_KIND = "nearsight fragment"


def write_fragment(path: str | os.PathLike[str], fragment: Fragment, parent: str = "") -> None:
    """Write a fragment as extended XYZ.

    Beside species and positions in Å each atom has ``parent`` and ``image`` (where it is from),
    ``central``, and ``anchor`` (for a cap the atom it is bonded to, else -1). The comment line has
    ``charge``, ``multiplicity``, ``site``, ``n_caps``, ``radius_A`` unless cut by shells,
    ``groups`` (group and lattice vector of each), and how charge and multiplicity were decided.

    Parameters
    ----------
    path
        The file, replaced if it exists.
    fragment
        What to write.
    parent
        What to call the structure it was cut from, as ``parent_structure``; nothing if empty.

    Raises
    ------
    StorageError
        The file could not be written.
    """
    atoms = Atoms(fragment.atoms.numbers, fragment.atoms.positions)
    atoms.arrays["parent"] = fragment.parents
    atoms.arrays["image"] = fragment.images
    atoms.arrays["central"] = fragment.central
    kept = np.full(fragment.n_kept, -1, dtype=np.int64)
    atoms.arrays["anchor"] = np.concatenate([kept, fragment.anchors])
    atoms.info = {
        "kind": _KIND,
        "made_by": f"nearsight {nearsight.__version__}",
        "charge": fragment.charge,
        "multiplicity": fragment.multiplicity,
        "site": fragment.site,
        "n_caps": fragment.n_caps,
        "charge_reason": fragment.reasons[0],
        "multiplicity_reason": fragment.reasons[1],
        "groups": " ".join(f"{group}:{a},{b},{c}" for group, (a, b, c) in fragment.groups),
    }
    if parent:
        atoms.info["parent_structure"] = parent
    if fragment.radius_A is not None:
        atoms.info["radius_A"] = fragment.radius_A
    text = io.StringIO()
    ase.io.write(text, atoms, format="extxyz")
    write_text(path, text.getvalue())


def read_fragment(path: str | os.PathLike[str]) -> Fragment:
    """Read a fragment that `write_fragment` wrote.

    Raises
    ------
    StructureError
        There is no such file, or it holds no fragment.
    """
    file = Path(path)
    if not file.is_file():
        raise StructureError(f"{file} does not exist; give the path of a fragment.")
    try:
        (found,) = ase.io.iread(file, format="extxyz")
        return _fragment(found, found.info)
    except (KeyError, ValueError, OSError, IndexError) as error:
        raise StructureError(
            f"{file} is no fragment as `write_fragment` writes it ({error})."
        ) from error


def _fragment(found: Atoms, info: dict[str, Any]) -> Fragment:
    if info["kind"] != _KIND:
        raise KeyError(_KIND)
    n_kept = len(found) - int(info["n_caps"])
    groups = []
    for entry in str(info["groups"]).split():
        group, image = entry.split(":")
        a, b, c = (int(number) for number in image.split(","))
        groups.append((int(group), (a, b, c)))
    electrons = electrons_said(int(info["charge"]), int(info["multiplicity"]))
    return Fragment(
        atoms=Atoms(found.numbers, found.positions, info=electrons),
        site=int(info["site"]),
        parents=found.arrays["parent"].astype(np.int64),
        images=found.arrays["image"].astype(np.int64),
        n_caps=int(info["n_caps"]),
        anchors=found.arrays["anchor"][n_kept:].astype(np.int64),
        central=found.arrays["central"].astype(bool),
        radius_A=float(info["radius_A"]) if "radius_A" in info else None,
        charge=int(info["charge"]),
        multiplicity=int(info["multiplicity"]),
        groups=tuple(groups),
        reasons=(str(info["charge_reason"]), str(info["multiplicity_reason"])),
    )


def make_folder(name: str) -> Path:
    """Make the folder for fragments, before anything is computed.

    Raises
    ------
    StorageError
        It cannot be made.
    """
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot make the folder {folder}: {error.strerror or error}; choose another place."
        ) from error
    return folder


def write_fragments(folder: Path, structure: str, fragments: Sequence[Fragment]) -> tuple[str, ...]:
    """Write each fragment as ``STEM-ATOM.extxyz`` into a folder, and return the files.

    Raises
    ------
    StorageError
        A file cannot be written.
    """
    stem = structure_stem(structure)
    files = tuple(str(folder / f"{stem}-{found.centre}.extxyz") for found in fragments)
    for file, found in zip(files, fragments, strict=True):
        write_fragment(file, found, parent=structure)
    return files
