"""Nequix (Koker et al., arXiv 2508.16067), in JAX and without PyTorch.

Install with ``nearsight models install nequix``, which takes JAX for CPUs; pip alone brings JAX for
CUDA, some 7 GB on Linux.

The named models are downloaded by the `nequix` package when they are first asked for. Those with
``pft`` in their name were tuned on phonons (Koker et al., arXiv 2601.07742): on second derivatives
of the energy.

A checkpoint is a line of JSON and plain arrays, so that loading one runs nothing that is in it. The
kernels of OpenEquivariance stay off: products of e3nn are differentiated here.
"""

import contextlib
import sys
from collections.abc import Callable, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any

import equinox
import jax
import numpy as np
from nequix.calculator import NequixCalculator, from_pretrained
from nequix.model import load_model
from numpy.typing import NDArray

from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.contract import Capabilities
from nearsight.models.engines.jax_model import JaxModel
from nearsight.models.families import MODELS, stated
from nearsight.models.graphs.padded_graph import PaddedGraph
from nearsight.models.loading import LoadRequest
from nearsight.provenance import ModelIdentity

_CACHE = "~/.cache/nequix/models"
"""Where the `nequix` package keeps what it downloads."""


class NequixEnergy:
    """The atomic energies of a Nequix model as a function of positions and strain."""

    def __init__(
        self,
        model: Any,
        elements: Sequence[int],
        identity: ModelIdentity,
        capabilities: Capabilities,
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self.cutoff_A = float(model.cutoff)
        arrays, self._without_arrays = equinox.partition(model, equinox.is_array)
        leaves, self._structure = jax.tree.flatten(arrays)
        self.weights: list[NDArray[Any]] = [
            np.asarray(leaf, dtype=identity.dtype) for leaf in leaves
        ]
        # For each atomic number its place among the model's elements.
        self._places = np.zeros(max(elements) + 1, dtype=np.int32)
        self._places[sorted(elements)] = np.arange(len(elements))

    def energy(
        self, weights: Sequence[Any], graph: PaddedGraph, positions: Any, strain: Any
    ) -> Any:
        """Return atomic energies in eV, shape ``(n_atoms,)``; see `JaxEnergy.energy`."""
        arrays = jax.tree.unflatten(self._structure, list(weights))
        model = equinox.combine(arrays, self._without_arrays)
        places = jax.numpy.asarray(self._places)[graph.numbers]
        # A message goes from the second atom of a pair to the first one.
        energies = model.node_energies(
            graph.edge_vectors(positions, strain), places, graph.receivers, graph.senders
        )
        return energies[:, 0]


def load(request: LoadRequest) -> JaxModel:
    """Load a Nequix model by name, or a file that `nequix` saved (``.nqx``).

    Raises
    ------
    ModelError
        The file is missing or is no Nequix checkpoint, a named model cannot be downloaded, or JAX
        has no such device.
    """
    if request.name in MODELS:
        path, (model, config) = _named(request.name)
    else:
        path = Path(request.target)
        if not path.is_file():
            raise ModelError(f"there is no Nequix checkpoint at {path}; check the path.")
        model, config = _read(path, lambda: load_model(path, kernel=False))
    identity = ModelIdentity(
        name=request.name,
        family="nequix",
        checkpoint_sha256=file_sha256(path),
        dtype=request.dtype,
        device=request.device,
    )
    elements = [int(number) for number in config["atomic_numbers"]]
    cutoff = float(model.cutoff)
    capabilities = Capabilities(
        cutoff_A=cutoff,
        receptive_field_A=cutoff * len(model.layers),
        elements=frozenset(elements),
        conservative=True,
        equivariant=True,
        # Features and spherical harmonics have a parity, and products keep it.
        mirror_equivariant=True,
        atomic_energies=True,
        size_consistent=True,
        differentiable=True,
        curvature_smooth=None,
    )
    return JaxModel(NequixEnergy(model, elements, identity, capabilities), stated(request.name))


def _named(name: str) -> tuple[Path, Any]:
    """Return the file of a named model and what is in it; download it if it is not there."""
    path = Path(_CACHE).expanduser() / f"{name}.nqx"
    was_there = path.is_file()

    def read() -> Any:
        return from_pretrained(name, backend="jax", use_kernel=False)

    try:
        return path, _read(path, read)
    except (OSError, HTTPException) as error:
        if not was_there:
            path.unlink(missing_ok=True)  # what came before the connection broke
        raise ModelError(
            f"{name} cannot be downloaded: {error}. Check the network, or fetch "
            f"{NequixCalculator.URLS[name]} by other means and put it at {path}, or load it as "
            f"nequix:<path>."
        ) from error


def _read(path: Path, read: Callable[[], Any]) -> Any:
    """Return the model and its settings from a file."""
    # Weights are saved in single precision, and must be met by arrays of the same. nequix prints
    # what it does; standard output belongs to the user's JSON.
    with contextlib.redirect_stdout(sys.stderr), jax.enable_x64(False):
        try:
            return read()
        except (OSError, HTTPException):
            raise
        except Exception as error:  # a damaged file can raise anything
            raise ModelError(
                f"{path} is not a usable Nequix checkpoint: {error}. Copy or download it again (a "
                f"named model is downloaded once this file is deleted), or check that it was "
                f"written by nequix for JAX, as .nqx; weights for PyTorch (.pt) are not read."
            ) from error
