"""Loops of compiled kernels, of which each of PyTorch's threads takes a share."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import torch

Share = tuple[int, int]
"""Where it begins, and before what it ends."""


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
