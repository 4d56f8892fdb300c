"""Digests that tell whether two calculations are the same one."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from ase import Atoms

from nearsight.provenance import ModelIdentity, Setting
from nearsight.result_archives import atoms_to_arrays


def fingerprint(
    atoms: Atoms, model: ModelIdentity, settings: Mapping[str, Setting]
) -> dict[str, str]:
    """Return SHA-256 digests of the structure, the model and the settings, each under its own name.

    They are apart so that a refused checkpoint can say which of the three differs.
    """
    return {
        "structure": structure_sha256(atoms),
        "model": json_sha256(model.deciding()),
        "settings": json_sha256(dict(settings)),
    }


def structure_sha256(atoms: Atoms) -> str:
    """Return the SHA-256 digest of what defines a structure."""
    digest = hashlib.sha256()
    for name, array in sorted(atoms_to_arrays(atoms).items()):
        digest.update(f"{name}{array.dtype}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def json_sha256(values: object) -> str:
    """Return the SHA-256 digest of JSON values, whatever order their names are in."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
