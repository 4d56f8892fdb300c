"""The pair potential of the tests for crystals, with one fault each, and scaled."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from nearsight.models.engines.torch_model import TorchModel


def scaled(pair_energy: type[Any], factor: float) -> TorchModel:
    """All energies times a factor: frequencies times its root."""

    class Scaled(pair_energy):
        def energy(self, graph: Any, positions: Any, strain: Any) -> Any:
            return factor * super().energy(graph, positions, strain)

    return TorchModel(Scaled())


def stretched(pair_energy: type[Any]) -> TorchModel:
    """Bonds that want to be shorter by a third: crystals are far off their minimum."""

    class Stretched(pair_energy):
        def morse(self, graph: Any, distances: Any) -> Any:
            return super().morse(graph, 1.5 * distances)

    return TorchModel(Stretched())


def cusped(pair_energy: type[Any]) -> TorchModel:
    """A curvature that forces know nothing of."""

    class Cusped(pair_energy):
        def morse(self, graph: Any, distances: Any) -> Any:
            return super().morse(graph, distances) + (distances - distances.detach()) ** 2

    return TorchModel(Cusped())


def tethered(pair_energy: type[Any]) -> TorchModel:
    """An energy that depends on where the crystal lies."""

    class Tethered(pair_energy):
        def energy(self, graph: Any, positions: Any, strain: Any) -> Any:
            held = 0.2 * torch.sin(positions).square().sum(-1)
            return super().energy(graph, positions, strain) + held

    return TorchModel(Tethered(equivariant=False, mirror_equivariant=False))


def turning(pair_energy: type[Any]) -> TorchModel:
    """Rows with a part that is not symmetric."""
    return _with_own_force(pair_energy, lambda way: 0.5 * np.cross([0.0, 0.0, 1.0], way))


def leaking(pair_energy: type[Any]) -> TorchModel:
    """Rows by which an atom is drawn back to its place by nothing."""
    return _with_own_force(pair_energy, lambda way: 0.5 * np.asarray(way))


def _with_own_force(pair_energy: type[Any], force: Callable[[Any], np.ndarray]) -> TorchModel:
    class Wrong(TorchModel):
        def rows(self, atoms: Any, seeds: Any, *others: Any, **named: Any) -> Iterator[Any]:
            found = super().rows(atoms, seeds, *others, **named)
            for (atom, direction), row in zip(seeds, found, strict=True):
                changed = np.array(row)
                changed[atom] += force(direction)
                yield changed

    return Wrong(pair_energy(equivariant=False, mirror_equivariant=False))
