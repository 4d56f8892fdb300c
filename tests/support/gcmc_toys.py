"""Levels whose grand canonical ensembles are known without any sampling."""

from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.gcmc.guests import Guests
from nearsight.arrays import FloatArray

ATOM_A = np.zeros((1, 3))
ROD_A = np.array([[0.0, 0.0, 1.1], [0.0, 0.0, 0.0], [0.0, 0.0, -1.1]])


class Nothing:
    """An ideal gas."""

    def energies_eV(self, guests: Guests) -> FloatArray:
        return np.zeros(guests.n_chains)


@dataclass
class Boxes:
    """A cell cut along x into boxes: a molecule has an energy by its box, two in one another.

    With V/n of places in each box, the partition function is a sum over how many are in which.
    """

    edge_A: float
    energies_of_boxes_eV: FloatArray
    pair_eV: float
    """Of each pair in one box."""

    def energies_eV(self, guests: Guests) -> FloatArray:
        n_boxes = len(self.energies_of_boxes_eV)
        x = guests.centres_A[..., 0] / self.edge_A
        boxes = np.floor((x - np.floor(x)) * n_boxes)
        there = np.arange(x.shape[1]) < guests.counts[:, np.newaxis]
        filled = ((boxes[..., np.newaxis] == np.arange(n_boxes)) & there[..., np.newaxis]).sum(1)
        pairs = (filled * (filled - 1) / 2).sum(axis=1)
        return filled @ self.energies_of_boxes_eV + self.pair_eV * pairs

    def exact(self, activity: float, thermal_eV: float, most: int = 60) -> FloatArray:
        """Return the probability of each number of molecules, zV being ``activity``.

        Boxes are independent: the distribution of N is that of a sum.
        """
        n_boxes = len(self.energies_of_boxes_eV)
        total = np.array([1.0])
        n = np.arange(most)
        log_factorials = np.concatenate([[0.0], np.cumsum(np.log(n[1:]))])
        for energy in self.energies_of_boxes_eV:
            of_box = n * energy + self.pair_eV * n * (n - 1) / 2
            logs = n * np.log(activity / n_boxes) - log_factorials - of_box / thermal_eV
            total = np.convolve(total, np.exp(logs))
        return total / total.sum()


@dataclass
class Aligned:
    """An energy of each molecule by how it is turned: -a cos²θ with the z axis."""

    depth_eV: float

    def energies_eV(self, guests: Guests) -> FloatArray:
        ends = guests.sites_A[:, :, 0] - guests.centres_A
        there = np.arange(ends.shape[1]) < guests.counts[:, np.newaxis]
        squares = (ends**2).sum(axis=2)
        shares = np.divide(ends[..., 2] ** 2, squares, out=np.zeros_like(squares), where=there)
        return -self.depth_eV * shares.sum(axis=1)


class Failing:
    """No number where there are more molecules than some."""

    def __init__(self, most: int, value: float = np.nan) -> None:
        self.most, self.value = most, value

    def energies_eV(self, guests: Guests) -> FloatArray:
        return np.where(guests.counts > self.most, self.value, 0.0)
