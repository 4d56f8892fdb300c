"""Repulsion of pairs in PyTorch."""

import torch

from nearsight.hdnnp.potential import Potential
from nearsight.hdnnp.zbl import RATES, SHARES, ZBL
from nearsight.models.families.hdnnp.symmetry_graph import SymmetryGraph
from nearsight.provenance import ModelIdentity


class TorchRepulsion:
    """Half of the repulsion of each pair for each of its atoms.

    See `nearsight.hdnnp.zbl.ZBL` and `nearsight.hdnnp.born_mayer.BornMayer`.

    Parameters
    ----------
    potential
        It has a repulsion.
    identity
        Precision and device.
    """

    def __init__(self, potential: Potential, identity: ModelIdentity) -> None:
        repulsion, symbols = potential.repulsion, potential.symbols
        assert repulsion is not None
        placed = {"dtype": getattr(torch, identity.dtype), "device": identity.device}
        nuclei = repulsion if isinstance(repulsion, ZBL) else repulsion.nuclei
        self._inner_A, self._outer_A = nuclei.inner_A, nuclei.outer_A
        self._nuclei = torch.tensor(repulsion.table(symbols), **placed)
        self._walls = (
            None
            if isinstance(repulsion, ZBL)
            else torch.tensor(repulsion.wall_table(symbols), **placed)
        )

    def add(
        self, energies: torch.Tensor, graph: SymmetryGraph, distances_A: torch.Tensor
    ) -> torch.Tensor:
        """Return atomic energies in eV with the repulsion of the pairs of each atom."""
        first, second = graph.elements[graph.senders], graph.elements[graph.receivers]
        energies = self._with_nuclei(
            energies, graph.senders, self._nuclei[first, second], distances_A
        )
        if self._walls is not None:
            walls = self._walls[first, second]
            energies = _with_walls(energies, graph.senders, walls, distances_A)
        return energies

    def _with_nuclei(
        self,
        energies: torch.Tensor,
        centres: torch.Tensor,
        parameters: torch.Tensor,
        distances_A: torch.Tensor,
    ) -> torch.Tensor:
        """Return the energies with screened nuclei, given parameters of each pair."""
        near = distances_A.detach() < self._outer_A
        near = (near & (parameters[:, 0] > 0)).nonzero().squeeze(1)
        r = distances_A[near]
        strength, per_A, cubic, quartic, constant = parameters[near].unbind(1)
        screening = sum(
            share * torch.exp(-rate * per_A * r) for share, rate in zip(SHARES, RATES, strict=True)
        )
        x = (r - self._inner_A).clamp(min=0.0)
        values = strength * screening / r + (cubic + quartic * x) * x**3 + constant
        return energies.index_add(0, centres[near], values / 2)


def _with_walls(
    energies: torch.Tensor,
    centres: torch.Tensor,
    parameters: torch.Tensor,
    distances_A: torch.Tensor,
) -> torch.Tensor:
    """Return the energies with walls, given onset, strength and rate of each pair."""
    near = (distances_A.detach() < parameters[:, 0]).nonzero().squeeze(1)
    onset, strength, rate = parameters[near].unbind(1)
    y = rate * (onset - distances_A[near])
    values = strength * (torch.exp(y) - 1 - y - y**2 / 2)
    return energies.index_add(0, centres[near], values / 2)
