"""The repulsion of screened nuclei in PyTorch."""

import torch

from nearsight.hdnnp.potential import Potential
from nearsight.hdnnp.zbl import RATES, SHARES
from nearsight.models.families.hdnnp.symmetry_graph import SymmetryGraph
from nearsight.provenance import ModelIdentity


class TorchRepulsion:
    """Half of the repulsion of each pair for each of its atoms; see `nearsight.hdnnp.zbl.ZBL`.

    Parameters
    ----------
    potential
        It has a repulsion.
    identity
        Precision and device.
    """

    def __init__(self, potential: Potential, identity: ModelIdentity) -> None:
        assert potential.repulsion is not None
        self._inner_A, self._outer_A = potential.repulsion.inner_A, potential.repulsion.outer_A
        self._table = torch.tensor(
            potential.repulsion.table(potential.symbols),
            dtype=getattr(torch, identity.dtype),
            device=identity.device,
        )

    def add(
        self, energies: torch.Tensor, graph: SymmetryGraph, distances_A: torch.Tensor
    ) -> torch.Tensor:
        """Return atomic energies in eV with the repulsion of the pairs of each atom."""
        near = (distances_A.detach() < self._outer_A).nonzero().squeeze(1)
        r = distances_A[near]
        first, second = graph.senders[near], graph.receivers[near]
        strength, per_A, cubic, quartic, constant = self._table[
            graph.elements[first], graph.elements[second]
        ].unbind(1)
        screening = sum(
            share * torch.exp(-rate * per_A * r) for share, rate in zip(SHARES, RATES, strict=True)
        )
        x = (r - self._inner_A).clamp(min=0.0)
        values = strength * screening / r + (cubic + quartic * x) * x**3 + constant
        return energies.index_add(0, first, values / 2)
