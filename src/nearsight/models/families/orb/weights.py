"""The published Orb models: where their weights are, what they were trained on, how they are built.

Checkpoints of Orb hold weights only, so that none needs to be trusted, and none says which
architecture it belongs to.
"""

import contextlib
import inspect
import pickle
import sys
import warnings
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import torch
from cached_path import cached_path
from orb_models.forcefield import pretrained

from nearsight.errors import ModelError
from nearsight.models.families.orb import MODELS

_UP_TO_BISMUTH = frozenset(range(1, 84))
_WITH_ACTINIDES = _UP_TO_BISMUTH | frozenset(range(89, 95))

# What older versions of the package called its heads.
_OLD_HEADS = {
    "node_head.": "heads.forces.",
    "graph_head.": "heads.energy.",
    "stress_head.": "heads.stress.",
}


PUBLISHED = tuple(model.name for model in MODELS)
"""The models that are loaded by name, under the names that the package has for them."""


def trained_elements(name: str) -> frozenset[int]:
    """Return the atomic numbers that a published model was trained on."""
    return _UP_TO_BISMUTH if name.endswith("-omol") else _WITH_ACTINIDES


def download(name: str) -> Path:
    """Return the file of a published model, from the package's cache or from its address.

    Raises
    ------
    ModelError
        It cannot be downloaded.
    """
    builder = pretrained.ORB_PRETRAINED_MODELS[name]
    address = inspect.signature(builder).parameters["weights_path"].default
    try:
        with contextlib.redirect_stdout(sys.stderr):  # it shows a bar
            return Path(cached_path(address))
    except (OSError, RuntimeError, HTTPException) as error:
        # no network, a full disk, an address that is gone, an answer that ends too early
        raise ModelError(
            f"{name} cannot be downloaded: {error}. Check the network, or fetch {address} by other "
            f"means and load it as orb:<path>#{name}."
        ) from error


def build(architecture: str, path: Path) -> Any:
    """Return the network of the published model `architecture` with the weights of a file.

    It is in single precision, as the package publishes all of them, and on the CPU.

    Raises
    ------
    ModelError
        The file holds no weights, or those of another architecture.
    """
    weights = _read(path)
    try:
        with _process_settings_kept():
            model = pretrained.ORB_PRETRAINED_MODELS[architecture](
                weights_path=str(path),
                device="cpu",
                precision="float32-highest",
                compile=False,
            )
    except (RuntimeError, ValueError, AssertionError) as error:
        raise ModelError(_of_another_kind(path, architecture, str(error))) from error
    # The package leaves heads as they were made, at random, where a file has none.
    missing = sorted(key for key in model.state_dict() if _is_trained(key) and key not in weights)
    if missing:
        raise ModelError(_of_another_kind(path, architecture, f"it has no {missing[0]}"))
    return model


def _read(path: Path) -> set[str]:
    """Return the names of the weights in a file, heads by their present names."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise ModelError(
            f"{path} is not a usable Orb checkpoint: PyTorch reads no weights from it "
            f"({type(error).__name__}). Copy or download it again, or save one with "
            f"torch.save(model.state_dict(), path)."
        ) from error
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise ModelError(
            f"{path} is not a usable Orb checkpoint: it holds a {type(content).__name__} and no "
            f"weights by name. Save one with torch.save(model.state_dict(), path)."
        )
    return {_present_name(key) for key in content}


def _present_name(key: str) -> str:
    for old, new in _OLD_HEADS.items():
        if key.startswith(old):
            return new + key.removeprefix(old)
    return key


def _is_trained(key: str) -> bool:
    """Return whether a weight belongs to a head that is used, and comes from training only."""
    head = key.startswith("heads.") and not key.startswith("heads.confidence.")
    return head and (".mlp." in key or key.endswith((".running_mean", ".running_var")))


def _of_another_kind(path: Path, architecture: str, reason: str) -> str:
    return (
        f"{path} does not have the architecture of {architecture}: {reason}. Behind the # name the "
        f"published model that it has the architecture of, such as the one it was fine-tuned from: "
        f"{', '.join(PUBLISHED)}."
    )


@contextlib.contextmanager
def _process_settings_kept() -> Iterator[None]:
    """Let the package set the precision of the whole process, and set it back."""
    dtype, matmul = torch.get_default_dtype(), torch.get_float32_matmul_precision()
    torch.set_default_dtype(torch.float32)  # what it builds before that, too
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Setting global torch default dtype", UserWarning)
            warnings.filterwarnings("ignore", "Consider passing 'precision=", UserWarning)
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_float32_matmul_precision(matmul)
