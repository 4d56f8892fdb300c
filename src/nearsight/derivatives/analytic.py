"""First and second derivatives of a PyTorch energy by reverse-mode differentiation.

A row of the Hessian is one reverse pass through the graph of the forces. The graph is built once
per call; no third derivative is prepared, parameters get no gradient, seeds are made one by one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from nearsight.structures.strain import VOIGT

EnergyFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Energies in eV of positions ``(n_atoms, 3)`` and strain ``(n_structures, 3, 3)``, any shape."""

Multiply = Callable[[torch.Tensor], torch.Tensor]
"""The product of a Hessian with one vector."""


@dataclass(frozen=True)
class Gradient:
    """Energies and their first derivatives."""

    energies: torch.Tensor
    """What the energy function returned, detached."""
    positions: torch.Tensor | None
    """∂E/∂r in eV/Å, shape ``(n_atoms, 3)``; None unless asked for."""
    strain: torch.Tensor | None
    """∂E/∂ε in eV, shape ``(n_structures, 3, 3)``, symmetric; None unless asked for."""


def gradient(
    energy: EnergyFunction,
    positions: torch.Tensor,
    strain: torch.Tensor,
    *,
    by_positions: bool = True,
    by_strain: bool = False,
) -> Gradient:
    """Return energies with their derivatives by positions and strain, where asked for.

    With neither, nothing is kept for a reverse pass.
    """
    if not (by_positions or by_strain):
        with torch.no_grad():
            return Gradient(energy(positions, strain), None, None)
    positions = positions.detach().requires_grad_(by_positions)
    strain = strain.detach().requires_grad_(by_strain)
    variables = [variable for variable in (positions, strain) if variable.requires_grad]
    energies = energy(positions, strain)
    derivatives = _gradient(energies.sum(), variables, create_graph=False)
    of_strain = derivatives[-1] if by_strain else None
    if of_strain is not None:
        of_strain = (of_strain + of_strain.mT) / 2
    return Gradient(energies.detach(), derivatives[0] if by_positions else None, of_strain)


def hessian_rows(
    energy: EnergyFunction,
    positions: torch.Tensor,
    strain: torch.Tensor,
    seeds: Sequence[tuple[int, torch.Tensor]],
    batch_size: int,
) -> Iterator[torch.Tensor]:
    """Yield H·d for each seed ``(atom, d)`` in order, each of shape ``(n_atoms, 3)`` in eV/Å².

    Parameters
    ----------
    energy
        The energy function.
    positions, strain
        Where to differentiate; one structure.
    seeds
        Atom indices with directions of shape ``(3,)``, on the device of `positions`.
    batch_size
        Seeds that share one vectorised reverse pass; 1 for a plain pass each.
    """
    positions = positions.detach().requires_grad_(True)
    slope = _gradient(energy(positions, strain).sum(), [positions], create_graph=True)[0]
    yield from rows_of(slope, positions, seeds, batch_size)


def rows_of(
    slope: torch.Tensor,
    positions: torch.Tensor,
    seeds: Sequence[tuple[int, torch.Tensor]],
    batch_size: int,
) -> Iterator[torch.Tensor]:
    """Yield Σ_α d_α ∂s_Aα/∂r for each seed ``(A, d)`` in order, each of shape ``(n_atoms, 3)``.

    Parameters
    ----------
    slope
        What is differentiated once more, s(r), shape ``(n_atoms, 3)``: the gradient of an energy,
        or minus forces that are none.
    positions
        The leaf r that `slope` was computed from, shape ``(n_atoms, 3)`` in Å.
    seeds, batch_size
        As in `hessian_rows`.
    """
    for start in range(0, len(seeds), batch_size):
        batch = seeds[start : start + batch_size]
        last = start + batch_size >= len(seeds)
        if not slope.requires_grad:  # an atom without neighbours feels nothing
            yield from torch.zeros((len(batch), *positions.shape)).to(positions)
        elif batch_size == 1:
            atom, direction = batch[0]
            (row,) = _gradient(slope[atom] @ direction, [positions], retain_graph=not last)
            yield row
        else:
            cotangents = slope.new_zeros((len(batch), *slope.shape))
            for cotangent, (atom, direction) in zip(cotangents, batch, strict=True):
                cotangent[atom] = direction
            (rows,) = torch.autograd.grad(
                slope, positions, cotangents, retain_graph=not last, is_grads_batched=True
            )
            yield from rows


def linearize(energy: EnergyFunction, positions: torch.Tensor, strain: torch.Tensor) -> Multiply:
    """Return the function that takes displacements v, ``(n_atoms, 3)``, to H·v in eV/Å²·Å.

    It holds the graph of the forces, with the memory that this takes, as long as it is kept.
    """
    positions = positions.detach().requires_grad_(True)
    slope = _gradient(energy(positions, strain).sum(), [positions], create_graph=True)[0]
    return products_of(slope, positions)


def products_of(slope: torch.Tensor, positions: torch.Tensor) -> Multiply:
    """Return the function that takes v to Σ_A v_A·∂s_A/∂r; `rows_of` says what the arguments are.

    Vectors and products have shape ``(n_atoms, 3)``.
    """

    def multiply(vector: torch.Tensor) -> torch.Tensor:
        if not slope.requires_grad:
            return torch.zeros_like(positions)
        return _gradient((slope * vector).sum(), [positions], retain_graph=True)[0].detach()

    return multiply


def linearize_with_strain(energy: EnergyFunction, positions: torch.Tensor) -> Multiply:
    """Return the product with the Hessian over displacements and strain of one structure.

    Its vectors and products have shape ``(3 n_atoms + 6,)``: displacements u, then strain ε in
    Voigt order xx, yy, zz, yz, xz, xy with doubled shears, in r = (1 + ε)(r⁰ + u). It holds the
    graph of forces and stress as long as it is kept.
    """
    positions = positions.detach().requires_grad_(True)
    voigt = positions.new_zeros(6).requires_grad_(True)
    variables = [positions, voigt]
    total = energy(positions, _strain_matrix(voigt)[None]).sum()
    slopes = _gradient(total, variables, create_graph=True)
    slope = torch.cat([slopes[0].reshape(-1), slopes[1]])

    def multiply(vector: torch.Tensor) -> torch.Tensor:
        products = _gradient(slope @ vector, variables, retain_graph=True)
        return torch.cat([products[0].reshape(-1), products[1]]).detach()

    return multiply


def _strain_matrix(voigt: torch.Tensor) -> torch.Tensor:
    basis = voigt.new_zeros((6, 3, 3))
    for component, (a, b) in enumerate(VOIGT):
        basis[component, a, b] += 0.5
        basis[component, b, a] += 0.5
    return torch.einsum("i,ijk->jk", voigt, basis)


def _gradient(
    scalar: torch.Tensor,
    variables: list[torch.Tensor],
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> tuple[torch.Tensor, ...]:
    if not scalar.requires_grad:
        return tuple(torch.zeros_like(variable) for variable in variables)
    return torch.autograd.grad(
        scalar,
        variables,
        create_graph=create_graph,
        retain_graph=create_graph or retain_graph,
        materialize_grads=True,
    )
