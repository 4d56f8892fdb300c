"""From a structure file to a Hessian, as every command needs it."""

import argparse
import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ase import Atoms

from nearsight.errors import StorageError
from nearsight.fingerprint import fingerprint
from nearsight.hessian.compute import hessian
from nearsight.hessian.result import Hessian
from nearsight.models.contract import Model, require_elements
from nearsight.provenance import Setting
from nearsight.relaxation.relax import relax
from nearsight.relaxation.result import Relaxation
from nearsight.structures.checking import check_structure
from nearsight.structures.reading import NOTES_KEY, read_structure
from nearsight.structures.supercell import make_supercell

UNRELAXED = "the structure was not relaxed: harmonic results hold at a minimum of the model only."


@dataclass(frozen=True)
class Calculated:
    """One structure with its relaxation and Hessian."""

    path: str
    relaxation: Relaxation | None
    hessian: Hessian
    warnings: tuple[str, ...]

    @property
    def formula(self) -> str:
        """Chemical formula of the cell, in Hill order."""
        return str(self.hessian.atoms.get_chemical_formula())

    @property
    def label(self) -> str:
        """What a figure calls the structure, with what must be known about it."""
        unconverged = self.relaxation is not None and not self.relaxation.converged
        return f"{Path(self.path).stem}{', NOT CONVERGED' if unconverged else ''}"

    def record(self) -> dict[str, Any]:
        """Return the part of the JSON output that all commands share, warnings aside."""
        identity = self.hessian.provenance.model
        symmetry = self.relaxation.symmetry if self.relaxation else None
        return {
            "structure": self.path,
            "formula": self.formula,
            "n_atoms": self.hessian.n_atoms,
            "model": {
                "name": identity.name,
                "checkpoint_sha256": identity.checkpoint_sha256,
                "dtype": identity.dtype,
                "device": identity.device,
            },
            "relaxation": self.relaxation.summary() if self.relaxation else None,
            "symmetrization": None
            if symmetry is None
            else {
                "tolerance_A": symmetry.tolerance_A,
                "space_group": symmetry.symbol_after,
                "energy_change_eV_per_atom": symmetry.energy_change_eV_per_atom,
            },
            "hessian": self.hessian.summary(),
            "versions": dict(self.hessian.provenance.versions),
        }


def calculate(path: str, model: Model, arguments: argparse.Namespace) -> Calculated:
    """Read, check and relax a structure and compute its Hessian, going on with unfinished work.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.
    """
    atoms = read_structure(path)
    warnings = [str(note) for note in atoms.info.pop(NOTES_KEY, [])]
    check_structure(atoms)
    require_elements(atoms, model)
    repeats = arguments.supercell or (1, 1, 1)
    make_supercell(atoms, repeats)  # an impossible one must not cost a relaxation
    with _work_directory(arguments.work_dir):
        relaxation, relaxation_file = None, None
        if arguments.no_relax:
            warnings.append(UNRELAXED)
        else:
            relaxation_file = _work_file(path, atoms, model, arguments, "relaxation")
            relaxation = _relax(atoms, model, arguments, relaxation_file)
            warnings.extend(relaxation.warnings)
            atoms = relaxation.atoms
        atoms = make_supercell(atoms, repeats)
        result = hessian(
            atoms,
            model,
            arguments.method,
            step_A=arguments.step,
            memory_budget_bytes=int(arguments.memory * 2**30) if arguments.memory else None,
            checkpoint=_work_file(path, atoms, model, arguments, "rows"),
        )
        if relaxation_file is not None:
            relaxation_file.unlink(missing_ok=True)
    return Calculated(path, relaxation, result, tuple(warnings))


def _relax(
    atoms: Atoms, model: Model, arguments: argparse.Namespace, checkpoint: Path
) -> Relaxation:
    return relax(
        atoms,
        model,
        fmax=arguments.fmax,
        max_steps=arguments.max_steps,
        symmetry_tolerance_A=arguments.symmetrize,
        checkpoint=checkpoint,
    )


@contextlib.contextmanager
def _work_directory(path: str) -> Iterator[None]:
    """Make the directory of unfinished work, and remove it if nothing unfinished is left in it."""
    directory = Path(path)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot make the folder {path} for unfinished work: {error.strerror or error}. "
            f"Choose another one with --work-dir."
        ) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # not empty
            directory.rmdir()


def _work_file(
    path: str, atoms: Atoms, model: Model, arguments: argparse.Namespace, kind: str
) -> Path:
    """Return where unfinished work is kept: another file for every structure, model and setting."""
    settings: dict[str, Setting] = {
        name: getattr(arguments, name)
        for name in ("fmax", "max_steps", "symmetrize", "method", "step")
    }
    digests = json.dumps(fingerprint(atoms, model.identity, settings), sort_keys=True)
    key = hashlib.sha256(digests.encode()).hexdigest()[:12]
    return Path(arguments.work_dir) / f"{Path(path).stem}-{key}.{kind}"
