"""The universal PET models of the `upet` package, and checkpoints of `metatrain`.

What is published of them are checkpoints: pickles, of which `metatrain` makes models in Python.
"""

import contextlib
import sys
import warnings
from pathlib import Path
from typing import Any

import torch

from nearsight.errors import ModelError
from nearsight.models.loading import LoadRequest

_ADDRESS = "https://huggingface.co/lab-cosmo/upet"


def download(request: LoadRequest) -> tuple[Path, str]:
    """Return the checkpoint of the newest version of a model, and that version.

    Raises
    ------
    ModelError
        It is not trusted, `upet` is not installed, or there is no way to get it.
    """
    if not request.trust:  # before anything is fetched
        raise ModelError(
            f"{request.name} is downloaded from {_ADDRESS} as a pickled checkpoint, which can run "
            f"any code when it is loaded. If you trust that address, load it with `trust`."
        )
    # pet-mad is the one that has always been called so.
    model_and_size = f"{request.name}{'-s' if request.name == 'pet-mad' else ''}".rsplit("-", 1)
    try:
        from huggingface_hub import hf_hub_download
        from upet._models import upet_resolve_model
    except ImportError as error:
        raise ModelError(_lacking(request.name, error)) from error
    try:
        with contextlib.redirect_stdout(sys.stderr):
            _, version = upet_resolve_model(*model_and_size)
            file = f"{'-'.join(model_and_size)}-v{version}.ckpt"
            path = hf_hub_download(repo_id="lab-cosmo/upet", filename=file, subfolder="models")
    except Exception as error:  # the client of the hub has errors of several packages
        raise ModelError(
            f"{request.name} cannot be downloaded: {error}. Check the network, or fetch its .ckpt "
            f"file from {_ADDRESS}/tree/main/models by other means and load it as metatomic:<path>."
        ) from error
    return Path(path), str(version)


def read_checkpoint(path: Path, dtype: str) -> Any:
    """Return the model of a checkpoint that the caller trusts, as it would be exported.

    Raises
    ------
    ModelError
        `metatrain` is not installed, or makes no model of the file.
    """
    try:
        from metatrain.utils.io import load_model
    except ImportError as error:
        raise ModelError(_lacking(str(path), error)) from error
    try:
        with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "PET assumes that Cartesian tensors of rank 2")
            return load_model(path).to(getattr(torch, dtype)).export()
    except Exception as error:  # a damaged pickle can raise anything
        raise ModelError(
            f"{path} is not a usable checkpoint of metatrain: {error}. Copy or download it again, "
            f"or export it with the metatrain that wrote it (mtt export) and load the .pt file."
        ) from error


def _lacking(name: str, error: ImportError) -> str:
    return (
        f"{name} is a checkpoint, which needs the packages metatrain and upet ({error}): "
        f"nearsight models install metatomic"
    )
