"""How features, weights and outputs of an equivariant convolution are laid out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch


@dataclass(frozen=True)
class Path:
    """One combination of angular momenta, in e3nn's order of features, weights and outputs."""

    size: int
    """Components k of what comes out."""
    weights: int
    """Where its weights begin."""
    output: int
    """Which of the outputs it is, or is added to."""


@dataclass(frozen=True)
class Group:
    """Paths from the same features."""

    start: int
    """Where the features begin."""
    channels: int
    components: int
    """Of each channel: the i."""
    couplings: int
    """Where the elements of M begin."""
    paths: tuple[Path, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Components of what comes out, of each path."""
        return tuple(path.size for path in self.paths)

    @property
    def size(self) -> int:
        """Components of what comes out, of all paths."""
        return sum(self.sizes)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Return the features that it takes, shape ``(n, components, channels)``."""
        mine = x.narrow(1, self.start, self.channels * self.components)
        return mine.reshape(len(x), self.channels, self.components).transpose(1, 2).contiguous()

    def matrices(self, m: torch.Tensor) -> torch.Tensor:
        """Return its part of M, shape ``(n_pairs, size, components)``."""
        mine = m.narrow(1, self.couplings, self.size * self.components)
        return mine.reshape(len(m), self.size, self.components)

    def weights(self, w: torch.Tensor) -> torch.Tensor:
        """Return the weights of its paths, shape ``(n_pairs, paths, channels)``."""
        mine = torch.cat([w.narrow(1, path.weights, self.channels) for path in self.paths], 1)
        return mine.reshape(len(w), len(self.paths), self.channels)

    def spread(self, weights: torch.Tensor) -> torch.Tensor:
        """Return the weights of paths for each component, shape ``(n_pairs, size, channels)``."""
        return weights.index_select(1, _path_of_component(self.sizes, weights.device))

    def summed(self, each: torch.Tensor) -> torch.Tensor:
        """Return the sums over components of each path, shape ``(n_pairs, paths, channels)``."""
        ones = _components_of_path(self.sizes, each.dtype, each.device)
        return torch.bmm(ones.expand(len(each), -1, -1), each)


@lru_cache(maxsize=256)
def _path_of_component(sizes: tuple[int, ...], device: torch.device) -> torch.Tensor:
    paths = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    return paths.to(device)


@lru_cache(maxsize=256)
def _components_of_path(
    sizes: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    of_component = _path_of_component(sizes, torch.device("cpu"))
    return torch.eye(len(sizes), dtype=dtype)[:, of_component].to(device)


@dataclass(frozen=True)
class Layout:
    """How features, weights and outputs of a convolution are laid out."""

    groups: tuple[Group, ...]
    """In the order of their features, all of which they take."""
    outputs: tuple[tuple[int, int], ...]
    """Channels and components of each output, in order."""

    def outputs_of(self, g: torch.Tensor, group: Group) -> torch.Tensor:
        """Return what belongs to the paths of a group, shape ``(n, size, channels)``."""
        starts = [0]
        for channels, size in self.outputs:
            starts.append(starts[-1] + channels * size)
        return torch.cat(
            [
                g.narrow(1, starts[path.output], group.channels * path.size)
                .reshape(len(g), group.channels, path.size)
                .transpose(1, 2)
                for path in group.paths
            ],
            1,
        )

    def outputs_back(self, of_groups: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return all outputs in e3nn's order from those of each group."""
        found: dict[int, torch.Tensor] = {}
        for group, mine in zip(self.groups, of_groups, strict=True):
            for path, part in zip(
                group.paths, torch.split(mine, list(group.sizes), 1), strict=True
            ):
                known = found.get(path.output)
                found[path.output] = part if known is None else known + part
        parts = [found[number] for number in range(len(self.outputs))]
        return torch.cat([flat(part.transpose(1, 2)) for part in parts], 1)

    def features_back(self, of_groups: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return derivatives by all features in e3nn's order from those of each group."""
        return torch.cat([flat(each.transpose(1, 2)) for each in of_groups], 1)

    def weights_back(self, of_groups: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return derivatives by all weights in e3nn's order from those of each group."""
        found: dict[int, torch.Tensor] = {}
        for group, mine in zip(self.groups, of_groups, strict=True):
            found |= {path.weights: mine.select(1, n) for n, path in enumerate(group.paths)}
        return torch.cat([found[start] for start in sorted(found)], 1)


def flat(each: torch.Tensor) -> torch.Tensor:
    """Return an array of three dimensions with the last two as one."""
    # Not `flatten`, which cannot be batched.
    return each.reshape(len(each), each.shape[1] * each.shape[2])
