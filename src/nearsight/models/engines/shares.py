"""What calls of compiled kernels have in common: arrays of tensors, and a share for each thread."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import torch

Array = np.ndarray[Any, Any]

Share = tuple[int, int]
"""Where it begins, and before what it ends."""


def array_of(tensor: torch.Tensor) -> Array:
    """Return the numbers of a tensor on a CPU, in one piece; `have_memory` must hold of it."""
    result: Array = tensor.detach().contiguous().numpy()
    return result


def have_memory(*tensors: torch.Tensor) -> bool:
    """Whether kernels can read tensors: those of a batch (`vmap`) have no memory of their own."""
    return all(torch._C._has_storage(each) for each in tensors)


def shares_of(n: int, least: int) -> list[Share]:
    """Return equal shares of a loop over n things, of at least so many, as many as threads."""
    n_shares = max(1, min(torch.get_num_threads(), n // least))
    bounds = [n * place // n_shares for place in range(n_shares + 1)]
    return list(pairwise(bounds))


def run_shares(run: Callable[[int], None], n_shares: int) -> None:
    """Call `run` with the number of each share, all at the same time: it is to release the GIL."""
    if n_shares == 1:
        run(0)
        return
    with ThreadPoolExecutor(n_shares) as threads:
        list(threads.map(run, range(n_shares)))
