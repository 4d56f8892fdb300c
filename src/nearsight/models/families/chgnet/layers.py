"""CHGNet's convolutions, with the weights of the package and fewer operations.

The package gives each pair its two atoms and its bond side by side and multiplies all of that by
one matrix. Here atoms and bonds are multiplied by their share of the matrix first and then handed
to the pairs: the same sum, at the cost of atoms and bonds instead of pairs and angles.
"""

from collections.abc import Sequence
from typing import Any

import torch

Corners = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""The atom, the first bond and the second bond of each angle."""

Gathered = tuple[torch.Tensor, torch.Tensor | None]
"""Features, and the row that each message takes of them; None for one message per row."""


def convolve_atoms(
    layer: Any,
    atoms: torch.Tensor,
    bonds: torch.Tensor,
    pairs: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    *,
    weights: torch.Tensor,
) -> torch.Tensor:
    """Return new atom features from messages along `pairs`: first atoms, second atoms, bonds."""
    first, second, bond = pairs
    messages = _gated(layer.twoBody_atom, [(atoms, first), (bonds, bond), (atoms, second)])
    messages = messages * weights.index_select(0, bond)
    return _updated(layer, atoms, _summed(messages, first, atoms), layer.atom_norm)


def convolve_bonds(
    layer: Any,
    atoms: torch.Tensor,
    bonds: torch.Tensor,
    angles: torch.Tensor,
    corners: Corners,
    *,
    weights: torch.Tensor,
) -> torch.Tensor:
    """Return new bond features from messages of the angles at `corners`."""
    _, first, second = corners
    messages = _gated(layer.twoBody_bond, _around(atoms, bonds, angles, corners))
    messages = messages * weights.index_select(0, first)
    messages = messages * weights.index_select(0, second)
    return _updated(layer, bonds, _summed(messages, first, bonds), layer.bond_norm)


def update_angles(
    layer: Any,
    atoms: torch.Tensor,
    bonds: torch.Tensor,
    angles: torch.Tensor,
    corners: Corners,
) -> torch.Tensor:
    """Return new features of the angles at `corners`."""
    new = _gated(layer.twoBody_bond, _around(atoms, bonds, angles, corners))
    if layer.resnet:
        new = new + angles
    return new if layer.angle_norm is None else layer.angle_norm(new)


def _around(
    atoms: torch.Tensor,
    bonds: torch.Tensor,
    angles: torch.Tensor,
    corners: Corners,
) -> list[Gathered]:
    atom, first, second = corners
    return [(bonds, first), (bonds, second), (angles, None), (atoms, atom)]


def _gated(mlp: Any, inputs: Sequence[Gathered]) -> torch.Tensor:
    core, gate = _perceptron(mlp.mlp_core, inputs), _perceptron(mlp.mlp_gate, inputs)
    if mlp.norm is not None:
        core, gate = mlp.bn1(core), mlp.bn2(gate)
    product: torch.Tensor = mlp.activation(core) * mlp.sigmoid(gate)
    return product


def _perceptron(mlp: Any, inputs: Sequence[Gathered]) -> torch.Tensor:
    layers = list(mlp.layers)
    while not isinstance(layers[0], torch.nn.Linear):
        layers.pop(0)  # dropout, which does nothing outside training
    linear = layers.pop(0)
    shares = linear.weight.split([features.shape[1] for features, _ in inputs], dim=1)
    values: torch.Tensor = linear.bias
    for (features, rows), share in zip(inputs, shares, strict=True):
        product = features @ share.T
        values = values + (product if rows is None else product.index_select(0, rows))
    for layer in layers:
        values = layer(values)
    return values


def _summed(messages: torch.Tensor, owners: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    return features.new_zeros(len(features), messages.shape[1]).index_add(0, owners, messages)


def _updated(layer: Any, old: torch.Tensor, new: torch.Tensor, norm: Any) -> torch.Tensor:
    if layer.use_mlp_out:
        new = layer.mlp_out(new)
    if layer.resnet:
        new = new + old
    return new if norm is None else norm(new)
