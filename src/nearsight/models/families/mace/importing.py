"""Import MACE, and leave PyTorch's safe loading switched on.

Two obstacles are in the way. MACE is pinned to e3nn 0.4.4, which cannot read its own table of
constants under PyTorch 2.6 and later: the table holds slices, and loading is safe by default since
then. And MACE answers by switching safe loading off for the whole process when it is imported, with
an environment variable, so that every `torch.load` anywhere could run code from a file.

MACE's own calculator opens files only with safe loading off. To use it in the same process, load
the model with ``torch.load(path, weights_only=False)`` and pass it as ``models=[model]``.
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterator

import torch

_SWITCH = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


@contextlib.contextmanager
def safe_loading_kept() -> Iterator[None]:
    """Set safe loading back to what it was before the block, which may import a part of MACE.

    What is printed goes to standard error: standard output belongs to the user's JSON.
    """
    before = os.environ.get(_SWITCH)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.environ.pop(_SWITCH, None)
        if before is not None:
            os.environ[_SWITCH] = before


with safe_loading_kept():
    # Slices are allowed for this import only, which reads no file but the table.
    with torch.serialization.safe_globals([slice]):
        import e3nn.o3  # noqa: F401  # before MACE, which would import it without the table
    # It prints that no kernels of cuEquivariance are there: they would be refused anyway.
    with contextlib.redirect_stdout(io.StringIO()):
        from mace.modules.models import MACE, ScaleShiftMACE
        from mace.modules.symmetric_contraction import Contraction as MaceContraction

__all__ = ["MACE", "MaceContraction", "ScaleShiftMACE", "safe_loading_kept"]
