"""Adam, as PyTorch has it, on one vector of weights (D. P. Kingma, J. Ba, ICLR 2015).

PyTorch is imported when there is one: nothing else of a training needs it.
"""

from collections.abc import Mapping

import numpy as np

from nearsight.arrays import FloatArray

_STATE = ("step", "exp_avg", "exp_avg_sq")


class Adam:
    """Steps down a gradient.

    Parameters
    ----------
    weights
        At the start, shape ``(n_weights,)``.
    """

    def __init__(self, weights: FloatArray) -> None:
        import torch

        self._tensor = torch.from_numpy
        self._weights = torch.tensor(weights, dtype=torch.float64)
        self._adam = torch.optim.Adam([self._weights], lr=1.0)

    def step(self, gradient: FloatArray, learning_rate: float) -> FloatArray:
        """Return the weights after a step; `gradient` is that of the loss."""
        self._weights.grad = self._tensor(gradient)
        self._adam.param_groups[0]["lr"] = learning_rate
        self._adam.step()
        weights: FloatArray = self._weights.numpy().copy()
        return weights

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the state, for `restore`."""
        state = self._adam.state.get(self._weights, {})
        return {name: state[name].numpy().copy() for name in _STATE if name in state}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Go on from what `to_arrays` returned; the weights are those given at the start."""
        if all(name in arrays for name in _STATE):
            self._adam.state[self._weights] = {
                name: self._tensor(np.array(arrays[name])) for name in _STATE
            }
