"""A quadratic energy that misbehaves on request, and a worker that loads it.

What it is to do stands in `Atoms.info`: ``do`` names it, ``at`` is the row or product before which
it does so (counted over the life of the process), ``once`` a file that lets it do so only once.
"""

import builtins
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
from ase import Atoms

import nearsight.errors
from nearsight.models.contract import Capabilities, Evaluation, Seed
from nearsight.models.facts import Facts
from nearsight.models.worker import in_worker
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs

MEGABYTE = 10**6


def stiffness(n_atoms: int) -> np.ndarray:
    """Return the Hessian of the model, shape ``(n_atoms, 3, n_atoms, 3)``: the same everywhere."""
    half = np.random.default_rng(n_atoms).normal(size=(3 * n_atoms, 3 * n_atoms))
    return (half + half.T).reshape(n_atoms, 3, n_atoms, 3)


class FarModel:
    """E = ½ r·K·r, with K drawn at random for each number of atoms."""

    def __init__(self, name: str) -> None:
        self.identity = ModelIdentity(name, "test", "ab12", "float64", "cpu", {"charge": 1})
        self.capabilities = Capabilities(
            cutoff_A=4.0,
            receptive_field_A=None,
            elements=frozenset({6, 8}),
            conservative=True,
            equivariant=False,
            atomic_energies=True,
            size_consistent=None,
            differentiable=True,
            curvature_smooth=True,
        )
        self.facts = Facts(citation="doi:10/1")
        self.n_done = 0
        self.n_open = 0

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        self.pairs = pairs
        return [self._evaluation(atoms, forces, stress) for atoms in structures]

    def _evaluation(self, atoms: Atoms, with_forces: bool, stress: bool) -> Evaluation:
        scale = misbehave(atoms, self)
        forces = -np.einsum("iajb,jb->ia", stiffness(len(atoms)), atoms.positions)
        atomic = -np.einsum("ia,ia->i", atoms.positions, forces) / 2
        return Evaluation(
            energy_eV=scale * float(atomic.sum()),
            forces_eV_per_A=forces if with_forces else None,
            stress_eV_per_A3=np.arange(6.0) if stress else None,
            atomic_energies_eV=atomic,
            extrapolations=atoms.numbers % 3,
        )

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[np.ndarray]:
        matrix = stiffness(len(atoms))
        self.n_open += 1
        try:
            for atom, direction in seeds:
                scale = misbehave(atoms, self)
                self.n_done += 1
                yield scale * np.tensordot(direction, matrix[atom], 1)
        finally:
            self.n_open -= 1

    def linearize(
        self, atoms: Atoms, *, strain: bool = False, centres: np.ndarray | None = None
    ) -> Callable[[np.ndarray], np.ndarray]:
        matrix = stiffness(len(atoms))
        if centres is not None:
            matrix = matrix[centres].sum(axis=0) + np.zeros_like(matrix)
        misbehave(atoms, self)
        return _Multiply(self, atoms, matrix, strain)


class _Multiply:
    """Products that count how many of their kind are kept."""

    def __init__(self, model: FarModel, atoms: Atoms, matrix: np.ndarray, strain: bool) -> None:
        self.model, self.atoms, self.matrix, self.strain = model, atoms, matrix, strain
        model.n_open += 1

    def __del__(self) -> None:
        self.model.n_open -= 1

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        misbehave(self.atoms, self.model)
        self.model.n_done += 1
        if self.strain:
            return 2.0 * vectors
        return np.einsum("iajb,njb->nia", self.matrix, vectors)


def misbehave(atoms: Atoms, model: FarModel) -> float:
    """Do what is asked for and return a factor for the energy or row."""
    what, _, value = atoms.info.get("do", "").partition(":")
    if not what or model.n_done < atoms.info.get("at", 0):
        return 1.0
    if once := atoms.info.get("once"):
        if Path(once).exists():
            return 1.0
        Path(once).touch()
    return float(ACTIONS[what](value, atoms, model) or 1.0)


def allocate(megabytes: str, *_: Any) -> None:
    block = np.ones(int(megabytes) * MEGABYTE // 8)
    sleep(0.02)  # several samples
    del block


def fail(kind: str, *_: Any) -> None:
    raise (vars(nearsight.errors) | vars(builtins))[kind]("as it was told to")


def run_out_as_torch_does(*_: Any) -> None:
    raise type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory")


def say(text: str, *_: Any) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stderr.write(f"{text}\n")


def end(signal_or_code: str, *_: Any) -> None:
    sys.stderr.write("these are\nmy last words\n")
    sys.stderr.flush()
    if signal_or_code.isdigit():
        os._exit(int(signal_or_code))
    os.kill(os.getpid(), getattr(signal, signal_or_code))
    sleep(1)


def meet(folder: str, _: Atoms, model: FarModel) -> float:
    """Wait until four models are here at the same time; each has its own factor."""
    (Path(folder) / model.identity.name).touch()
    for _attempt in range(6000):
        if len(list(Path(folder).iterdir())) == 4:
            return float(model.identity.name.rpartition("-")[2])
        sleep(0.01)
    raise nearsight.errors.ModelError("nobody else came.")


ACTIONS: dict[str, Callable[..., Any]] = {
    "end": end,
    "fail": fail,
    "torch memory": run_out_as_torch_does,
    "allocate": allocate,
    "say": say,
    "meet": meet,
    "sleep": lambda seconds, *_: sleep(float(seconds)),
    "nan": lambda *_: np.nan,
    # answer with a number that is known over there only
    "open": lambda _, atoms, model: model.n_open,
    "done": lambda _, atoms, model: 1000 + model.n_done,
    "place": lambda *_: 2.0 + in_worker(),
    "charges": lambda _, atoms, model: float(atoms.get_initial_charges().sum()),
    "masses": lambda _, atoms, model: float(atoms.get_masses().sum()),
    "magmoms": lambda _, atoms, model: float(np.sum(atoms.get_initial_magnetic_moments())),
    "spin": lambda _, atoms, model: float(atoms.info["spin"]),
    "hidden": lambda _, atoms, model: float("hidden" in atoms.info) + 2.0,
}


def load(name: str, *, dtype: str, device: str, trust: bool) -> FarModel:
    """Load the model; one whose name says so cannot be loaded."""
    if name == "missing":
        raise nearsight.errors.ModelError("there is no such checkpoint.")
    if name.startswith("changing:"):
        count = Path(name.partition(":")[2])
        count.write_text(count.read_text() + "x" if count.exists() else "x")
        model = FarModel(name)
        digest = str(len(count.read_text()))
        model.identity = ModelIdentity(name, "test", digest, "float64", "cpu")
        return model
    if name.startswith("dying"):
        end("3")
    return FarModel(name)


if __name__ == "__main__":
    from nearsight.models.worker.server import main

    sys.exit(main(load))
