"""MACE's products of an atom's features with themselves, as sparse polynomials."""

from typing import Any

import numpy as np
import torch

from nearsight.models.engines.atom_polynomials import evaluate_polynomials, polynomial_of
from nearsight.models.families.mace.importing import MaceContraction

_HIGHEST_ORDER = 3


class Contraction(torch.nn.Module):
    """What MACE's own contraction computes.

    Parameters
    ----------
    own
        That contraction; its weights are taken.
    """

    weights: torch.Tensor

    def __init__(self, own: MaceContraction) -> None:
        super().__init__()
        orders = range(own.correlation, 0, -1)
        couplings, weights = [], []
        for order, mine in zip(orders, [own.weights_max, *own.weights], strict=True):
            dense = own.U_tensors(order).detach().to("cpu", torch.float64).numpy()
            # Scalars have no dimension of their outputs.
            couplings.append(dense if dense.ndim == order + 2 else dense[np.newaxis])
            weights.append(mine.detach())
        self._polynomial = polynomial_of(couplings)
        self.register_buffer("weights", torch.cat(weights, 1))

    def forward(self, x: torch.Tensor, elements: torch.Tensor) -> torch.Tensor:
        """Return the products of features ``(n_atoms, channels, components)``, in e3nn's order.

        Elements are vectors of which one component is one, ``(n_atoms, n_elements)``.
        """
        outputs = evaluate_polynomials(
            x.transpose(1, 2), elements.argmax(1), self.weights, self._polynomial
        )
        return outputs.transpose(1, 2).reshape(len(x), -1)


def replace_contractions(model: Any) -> None:
    """Put a `Contraction` in the place of each of MACE's own of the third order at most."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, MaceContraction) and child.correlation <= _HIGHEST_ORDER:
                setattr(module, name, Contraction(child))
