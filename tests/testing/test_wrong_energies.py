"""Energies with one defect each: the conformance kit finds it by the check that is for it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms

from nearsight.models.engines.torch_model import TorchModel
from nearsight.structures.pairs import pairs_of
from nearsight.testing import check_model
from nearsight.testing.structures import examination_structures


def of_structures(graph: Any, of_atoms: torch.Tensor) -> torch.Tensor:
    totals = of_atoms.new_zeros(graph.n_structures)
    return totals.index_add(0, graph.structure_of_atom, of_atoms)


def trap(energy: Any, graph: Any, positions: torch.Tensor, of_atoms: torch.Tensor) -> torch.Tensor:
    return of_atoms + 0.01 * positions.square().sum(-1)


def field(energy: Any, graph: Any, positions: torch.Tensor, of_atoms: torch.Tensor) -> torch.Tensor:
    return of_atoms + 0.01 * positions[:, 2]


def counting(energy: Any, graph: Any, positions: torch.Tensor, of_atoms: torch.Tensor) -> Any:
    counts = torch.as_tensor(graph.atoms_per_structure).to(of_atoms)
    return of_atoms + 1e-4 * (counts - 1)[graph.structure_of_atom]


def squared(energy: Any, graph: Any, positions: torch.Tensor, of_atoms: torch.Tensor) -> Any:
    return -of_structures(graph, of_atoms).square()


def of_the_mean(energy: Any, graph: Any, positions: torch.Tensor, of_atoms: torch.Tensor) -> Any:
    counts = torch.as_tensor(graph.atoms_per_structure).to(of_atoms)
    return counts * torch.sinh(of_structures(graph, of_atoms) / counts)


def first_atom(energy: Any, graph: Any, positions: torch.Tensor, of_atoms: torch.Tensor) -> Any:
    starts = np.cumsum([0, *graph.atoms_per_structure[:-1]])
    weights = torch.ones_like(of_atoms)
    weights[torch.as_tensor(starts)] = 1.1
    return weights * of_atoms


def stretch_A(graph: Any, positions: torch.Tensor) -> torch.Tensor:
    """Return by how much each pair is longer than the bond of the undisplaced CO2."""
    vectors = graph.edge_vectors(positions, graph.unstrained())
    return vectors.norm(dim=-1) - 1.178658


def wall(energy: Any, graph: Any, positions: torch.Tensor, of_atoms: torch.Tensor) -> Any:
    # Curvature that jumps where a bond is 0.02 Å longer or shorter.
    beyond = torch.relu(stretch_A(graph, positions).abs() - 0.02)
    bonds = stretch_A(graph, positions).abs() < 0.1
    return of_atoms.index_add(0, graph.senders, 10 * beyond.square() * bonds)


def quartic(energy: Any, graph: Any, positions: torch.Tensor, of_atoms: torch.Tensor) -> Any:
    fourth = 150 * stretch_A(graph, positions) ** 4
    bonds = stretch_A(graph, positions).abs() < 0.1
    return of_atoms.index_add(0, graph.senders, fourth * bonds)


def ripple(energy: Any, graph: Any, positions: torch.Tensor, of_atoms: torch.Tensor) -> Any:
    # A dip 0.005 Å wide at the bond length of the undisplaced molecule.
    dips = -1e-4 * torch.exp(-((stretch_A(graph, positions) / 0.005) ** 2))
    return of_atoms.index_add(0, graph.senders, dips)


def handed(energy: Any, graph: Any, positions: torch.Tensor, of_atoms: torch.Tensor) -> Any:
    # A triple product of the surroundings: rotations leave it, a mirror turns its sign.
    vectors = graph.edge_vectors(positions, graph.unstrained())
    squared = vectors.square().sum(-1, keepdim=True)
    sums = [
        torch.zeros_like(positions).index_add(
            0, graph.senders, vectors * energy.switch(squared) * squared**power
        )
        for power in range(3)
    ]
    return of_atoms + 1e-3 * (torch.linalg.cross(sums[0], sums[1]) * sums[2]).sum(-1)


ENERGIES: dict[str, tuple[Any, str, bool, set[str]]] = {
    "a trap at the origin": (trap, "CO2", True, {"translation"}),
    "a uniform field": (field, "CO2", True, {"translation", "forces turn with structure"}),
    "energy that grows with the square of the number of atoms": (
        counting,
        "MgO",
        True,
        {"supercell extensivity", "size consistency"},
    ),
    "square of the energy": (squared, "MgO", False, {"supercell extensivity", "size consistency"}),
    "function of the mean atomic energy": (of_the_mean, "MgO", False, {"size consistency"}),
    "first atom is special": (first_atom, "CO2", True, {"permutation", "size consistency"}),
    "energy that tells mirror images apart": (
        handed,
        "MgO",
        True,
        {"forces mirrored with structure"},
    ),
    "curvature with a ripple": (ripple, "CO2", True, {"curvature smooth"}),
    "curvature that jumps nearby": (wall, "CO2", True, {"curvature smooth"}),
    "nothing but anharmonicity": (quartic, "CO2", True, set()),
}


class Uncentred(TorchModel):
    """A model that is given positions as they are, so that energies may depend on the origin."""

    def evaluate(self, structures: Sequence[Atoms], *, pairs: Any = None, **asked: Any) -> Any:
        if pairs is None:
            pairs = [pairs_of(atoms, self.capabilities.cutoff_A) for atoms in structures]
        pairs = [replace(one, centre_A=np.zeros(3)) for one in pairs]
        return super().evaluate(structures, pairs=pairs, **asked)


@pytest.mark.parametrize(
    ("change", "name", "atomic_energies", "expected"), ENERGIES.values(), ids=ENERGIES.keys()
)
def test_wrong_energies_are_found_by_their_check(  # pytest passes by name
    pair_energy: type[Any],
    change: Any,
    name: str,
    atomic_energies: bool,
    expected: set[str],
) -> None:
    class Mutant(pair_energy):  # type: ignore[misc]
        def energy(self, graph: Any, positions: torch.Tensor, strain: torch.Tensor) -> Any:
            parts = pair_energy(self.identity.dtype).energy(graph, positions, strain)
            return change(self, graph, positions, parts)

    model = Uncentred(Mutant(atomic_energies=atomic_energies))
    report = check_model(model, {name: examination_structures()[name]})
    assert {check.name for check in report.failures} == expected, str(report)
