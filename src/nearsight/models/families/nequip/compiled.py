"""Models that `nequip-compile` has made of a package: energies and forces, and no more.

AOTInductor writes the forward pass and the one reverse pass of the forces as finished kernels.
PyTorch can differentiate neither once more, so rows are central differences of forces. The package
that the model was compiled from has analytic ones.
"""

import contextlib
import random
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import e3nn
import numpy as np
import torch
from ase import Atoms
from ase.data import atomic_numbers
from nequip.integrations.ase import NequIPCalculator
from nequip.integrations.utils import basic_transforms
from nequip.model.inference_models import load_compiled_model

from nearsight.errors import ModelError
from nearsight.models.contract import Capabilities, Evaluation, require_calculable
from nearsight.models.engines.ase_model import AseModel
from nearsight.provenance import ModelIdentity


class CompiledNequIP(AseModel):
    """The calculator of a compiled model, with the file's digest in its identity."""

    def __init__(
        self, calculator: Any, identity: ModelIdentity, capabilities: Capabilities
    ) -> None:
        super().__init__(calculator, identity.name, capabilities, dtype=identity.dtype)
        self._identity = identity

    @property
    def identity(self) -> ModelIdentity:
        """Name, digest of the compiled file, dtype and device."""
        return self._identity

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        """Return energies, forces and stresses; see `Model.evaluate`."""
        for atoms in structures:
            require_calculable(atoms, self)
        return super().evaluate(structures, stress=stress)

    def _evaluate(self, atoms: Atoms, *, stress: bool) -> Evaluation:
        with double_precision_by_default():
            found = super()._evaluate(atoms, stress=stress)
        if self.identity.dtype == "float64":
            return found
        # Geometry and sums are double, the network between them is not: no further digit is known.
        forces = found.forces_eV_per_A.astype(np.float32).astype(np.float64)
        return replace(found, forces_eV_per_A=forces)


def load_compiled(path: Path, identity: ModelIdentity) -> CompiledNequIP:
    """Load a file of `nequip-compile` that the caller trusts.

    Raises
    ------
    ModelError
        The file is damaged, was compiled for another device, precision, or program than ASE, or has
        types of atoms that are no elements.
    """
    target = NequIPCalculator._get_aoti_compile_target()
    try:
        with contextlib.redirect_stdout(sys.stderr), process_kept():
            model, metadata = load_compiled_model(
                str(path), identity.device, list(target["input"]), list(target["output"])
            )
    except Exception as error:  # of what the file's libraries raise, nothing is said anywhere
        raise ModelError(
            f"{path} is not usable here: {error}. Compile the package anew, on this machine: "
            f"nequip-compile <package> {path.name} --mode aotinductor --target ase "
            f"--device {identity.device.partition(':')[0]}; or use the package itself, which has "
            f"analytic rows."
        ) from error
    dtype, symbols = metadata["model_dtype"], metadata["type_names"]
    if dtype != identity.dtype:
        raise ModelError(
            f"{path} was compiled in {dtype} and cannot be {identity.dtype}; choose "
            f"`dtype` {dtype}, or use the package it was compiled from, which can be "
            f"both."
        )
    require_element_names(symbols, path)
    cutoff = float(metadata["r_max"])
    transforms = basic_transforms(metadata, cutoff, symbols, {one: one for one in symbols})
    capabilities = Capabilities(
        cutoff_A=cutoff,
        receptive_field_A=None,  # nothing in the file says what the architecture was
        elements=frozenset(atomic_numbers[symbol] for symbol in symbols),
        conservative=None,
        equivariant=None,
        atomic_energies=False,
        size_consistent=None,
        differentiable=False,
        curvature_smooth=None,
    )
    calculator = NequIPCalculator(model, identity.device, transforms=transforms)
    return CompiledNequIP(calculator, identity, capabilities)


def require_element_names(symbols: Sequence[str], path: Path) -> None:
    """Check that the types of atoms of a model are elements, which nothing says but their names.

    Raises
    ------
    ModelError
        Naming those that are none.
    """
    unknown = [symbol for symbol in symbols if symbol not in atomic_numbers]
    if unknown:
        raise ModelError(
            f"{path} has types of atoms that are no elements ({', '.join(unknown)}); use a model "
            f"whose types are the elements."
        )


@contextlib.contextmanager
def double_precision_by_default() -> Iterator[None]:
    """Let nequip make its data in double precision, which it expects of the whole process."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextlib.contextmanager
def process_kept() -> Iterator[None]:
    """Undo what nequip sets for the whole process when it builds a model or loads a compiled one.

    That is the default precision, the seeds of all random numbers, and how e3nn generates products.
    """
    dtype, products = torch.get_default_dtype(), e3nn.get_optimization_defaults()
    numbers, others = random.getstate(), np.random.get_state()  # noqa: NPY002  # the global one
    try:
        with torch.random.fork_rng(), warnings.catch_warnings():
            # nequip sets the fusion of TorchScript under every PyTorch, and nothing uses it here
            warnings.filterwarnings(
                "ignore", ".*set_fusion_strategy. is deprecated", DeprecationWarning
            )
            yield
    finally:
        torch.set_default_dtype(dtype)
        e3nn.set_optimization_defaults(**products)
        random.setstate(numbers)
        np.random.set_state(others)  # noqa: NPY002
