"""Import SchNetPack under a PyTorch that no longer has a name which it asks for.

SchNetPack 2 imports a type variable out of a module of PyTorch where it was an import of PyTorch's
own, gone since PyTorch 2.13. It stands in annotations only; while SchNetPack is imported, it is
there again.
"""

import contextlib
from collections.abc import Iterator
from typing import TypeVar

from torch.utils.data import dataloader

_NAME = "T_co"


@contextlib.contextmanager
def _type_variable_restored() -> Iterator[None]:
    if hasattr(dataloader, _NAME):
        yield
        return
    setattr(dataloader, _NAME, TypeVar(_NAME, covariant=True))
    try:
        yield
    finally:
        delattr(dataloader, _NAME)


with _type_variable_restored():
    from schnetpack import atomistic, representation, transform
    from schnetpack.model import NeuralNetworkPotential

__all__ = ["NeuralNetworkPotential", "atomistic", "representation", "transform"]
