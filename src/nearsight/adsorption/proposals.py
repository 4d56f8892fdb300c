"""Where trials are drawn from: everywhere alike, or where weight is expected.

Whatever they are drawn from, each knows its density over that of a uniform one, and its weight is
divided by it: means stay the same, and their errors shrink as far as the guess is good. A share u
of every guess is uniform, so that what it leaves out is seen, too. However bad it is, the mean
square of weights is then about 1/u times that of uniform trials at most.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from nearsight.adsorption.insertion import Draw
from nearsight.adsorption.orientations import uniform_quaternions
from nearsight.adsorption.placements import PlacementEnergies, Placements, uniform_placements
from nearsight.adsorption.settings import LEAST_UNIFORM_SHARE
from nearsight.adsorption.weights import weights_of
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.units import BOLTZMANN_EV_PER_K

_SHARED_BY = 100
"""Effective placements that a grid is made of, at least."""
_LEAST_POWER = 0.2
_GRID_WIDTH_A = 0.5
"""Standard deviation by which places that have weight are smeared."""
_UNIFORM_CANDIDATES = 0.5
"""Of the candidates: they cost little, and the mean over them decides how weights scatter."""
_FOR_GRID, _FOR_MEAN = 20_000, 4000
"""Placements of which a cheap energy is asked before anything is proposed."""
_TEMPERATURES = (1.0, 2.0)
"""Times that of the insertions."""
_FEWEST_CANDIDATES, _MOST_CANDIDATES = 16, 100


def everywhere(cell_A: FloatArray) -> Draw:
    """Return what draws uniform trials in a cell."""
    return lambda n_trials, rng: uniform_placements(cell_A, n_trials, rng)


@dataclass(frozen=True, eq=False)
class GridProposal:
    """Centres from the voxels of a cell by their shares, and uniform ones; rotations uniform.

    No weight is more than 1/u times that of a uniform trial at the same place, where u is the
    uniform share.

    Raises
    ------
    MethodError
        A share is negative or no number, all vanish, or too few trials are uniform.
    """

    cell_A: FloatArray
    """Cell vectors in Å, shape ``(3, 3)``."""
    shares: FloatArray
    """Of each voxel, shape ``(n_a, n_b, n_c)``; they need not sum to 1."""
    uniform_share: float

    def __post_init__(self) -> None:
        _require_uniform_share(self.uniform_share)
        if not np.isfinite(self.shares).all() or (self.shares < 0).any() or not self.shares.any():
            raise MethodError("the shares of voxels are numbers of at least 0, and not all are 0.")

    def __call__(self, n_trials: int, rng: np.random.Generator) -> Placements:
        """Draw so many placements."""
        shape = np.array(self.shares.shape)
        probabilities = (self.shares / self.shares.sum()).ravel()
        cumulative = np.cumsum(probabilities)
        chosen = np.searchsorted(cumulative, rng.random(n_trials) * cumulative[-1], side="right")
        voxels = np.stack(np.unravel_index(chosen, self.shares.shape), axis=1)
        fractions = (voxels + rng.random((n_trials, 3))) / shape
        uniform = rng.random(n_trials) < self.uniform_share
        fractions[uniform] = rng.random((int(uniform.sum()), 3))
        at = np.minimum((fractions * shape).astype(int), shape - 1)
        relative = probabilities.reshape(self.shares.shape)[tuple(at.T)] * self.shares.size
        return Placements(
            fractions @ self.cell_A,
            uniform_quaternions(n_trials, rng),
            self.uniform_share + (1 - self.uniform_share) * relative,
        )


def smeared_grid(
    placements: Placements,
    logarithms: FloatArray,
    cell_A: FloatArray,
    uniform_share: float,
    width_A: float,
) -> GridProposal:
    """Return a proposal of where placements have weight, smeared by a Gaussian.

    Parameters
    ----------
    placements
        Uniform ones.
    logarithms
        Of their weights, -inf for none, shape ``(n_trials,)``.
    cell_A
        Cell vectors in Å of what is proposed.
    uniform_share
        See `GridProposal`.
    width_A
        Standard deviation of the Gaussian in Å; voxels are about half as wide.
    """
    lengths_A = np.linalg.norm(cell_A, axis=1)
    shape = np.maximum(1, np.round(2 * lengths_A / width_A)).astype(int)
    fractions = placements.centres_A @ np.linalg.inv(cell_A) % 1.0
    at = np.minimum((fractions * shape).astype(int), shape - 1)
    shares = np.zeros(shape)
    np.add.at(shares, tuple(at.T), _flattened(logarithms))
    smeared = gaussian_filter(shares, width_A / (lengths_A / shape), mode="wrap")
    return GridProposal(cell_A, np.maximum(smeared, 0.0), uniform_share)


def _flattened(logs: FloatArray) -> FloatArray:
    """Return weights, raised to such a power below 1 that more than a few placements share them.

    Where few carry all of the weight, most places that have some were not seen yet.
    """
    power = 1.0
    weights: FloatArray = np.exp(logs - logs.max())
    while power > _LEAST_POWER and weights.sum() ** 2 < _SHARED_BY * (weights**2).sum():
        power *= 0.8
        weights = np.exp(power * (logs - logs.max()))
    return weights


@dataclass(frozen=True, eq=False)
class ChosenCandidates:
    """One of several candidates for each trial, by the weights of a cheap energy.

    Candidates have the densities g over uniform ones. The candidate j of M is taken with the
    probability (q_j/g_j) / sum q/g, and its density is q_j over the mean of q/g of its M
    candidates: the mean of f/density over all draws is that of f over uniform ones, whatever the
    cheap energy says (D. B. Rubin's importance resampling, kept unbiased by the weight of the set).
    Rotations are chosen as well as places. A share u of q is uniform, half of the rest goes by the
    weights exp(-E/kT) of the cheap energy over their mean, and half by those of twice the
    temperature: places that it takes for some kT too high are drawn often enough nevertheless.

    A single weight has no bound: what is chosen beside a candidate of much larger q counts for it.
    That is so rare that the mean square of the weights f/density is
    <f²/g>/M + (1 - 1/M) <q> <f²/q>, where <q> is 1 if the mean of w is right, and q at least u.

    Raises
    ------
    MethodError
        Too few trials are uniform, or the cheap energy has no weight anywhere.
    """

    candidates: Draw
    cheap: PlacementEnergies
    temperature_K: float
    n_candidates: int
    uniform_share: float
    log_mean_weights: tuple[float, float]
    """ln<exp(-E/kT)> of the cheap energy, about, and that of twice the temperature; they decide
    efficiency, not means."""

    def __post_init__(self) -> None:
        _require_uniform_share(self.uniform_share)
        if not np.isfinite(self.log_mean_weights).all():
            raise MethodError(
                "the cheap energy has no weight anywhere in this framework; it proposes nothing. "
                "Choose another force field, or leave `propose_by` out."
            )

    def __call__(self, n_trials: int, rng: np.random.Generator) -> Placements:
        """Draw so many placements."""
        placed = self.candidates(n_trials * self.n_candidates, rng)
        logs = -self.cheap(placed) / (BOLTZMANN_EV_PER_K * self.temperature_K)
        # A false well of the cheap energy would take all trials to itself.
        parts = [
            np.exp(np.minimum(logs / times - log_mean, 30.0))
            for times, log_mean in zip(_TEMPERATURES, self.log_mean_weights, strict=True)
        ]
        q = self.uniform_share + (1 - self.uniform_share) * np.mean(parts, axis=0)
        shares = (q / placed.densities).reshape(n_trials, -1)
        cumulative = np.cumsum(shares, axis=1)
        thrown = rng.random((n_trials, 1)) * cumulative[:, -1:]
        chosen = np.minimum((cumulative <= thrown).sum(axis=1), self.n_candidates - 1)
        at = np.arange(n_trials) * self.n_candidates + chosen
        return Placements(placed.centres_A[at], placed.quaternions[at], q[at] / shares.mean(axis=1))


def chosen_by(
    cheap: PlacementEnergies,
    cell_A: FloatArray,
    temperature_K: float,
    uniform_share: float,
    seed: int,
) -> ChosenCandidates:
    """Return what draws places by a cheap energy: candidates from a grid of its weights.

    Candidates are as many as the variance of their weights over the squared mean, within limits,
    so that the mean over those of one trial is near to that of all.

    Raises
    ------
    MethodError
        The cheap energy has no weight anywhere.
    """
    rng = np.random.default_rng([seed, 2**31])
    thermal_eV = BOLTZMANN_EV_PER_K * temperature_K
    uniform = uniform_placements(cell_A, _FOR_GRID, rng)
    logs = -cheap(uniform) / thermal_eV
    draw = everywhere(cell_A)
    if np.isfinite(logs.max()):
        draw = smeared_grid(uniform, logs, cell_A, _UNIFORM_CANDIDATES, _GRID_WIDTH_A)
    some = draw(_FOR_MEAN, rng)
    energies_eV = cheap(some)
    weights, flatter = (
        weights_of(energies_eV, times * temperature_K, some.densities) for times in _TEMPERATURES
    )
    scatter = np.expm1(min(np.log(_FOR_MEAN / max(weights.n_effective, 1.0)), 30.0))
    return ChosenCandidates(
        draw,
        cheap,
        temperature_K,
        int(np.clip(scatter, _FEWEST_CANDIDATES, _MOST_CANDIDATES)),
        uniform_share,
        (weights.log_mean, flatter.log_mean),
    )


def _require_uniform_share(share: float) -> None:
    if not LEAST_UNIFORM_SHARE <= share <= 1:
        raise MethodError(
            f"{share:g} of the trials would be uniform; at least {LEAST_UNIFORM_SHARE:g} must be, "
            f"so that a bad guess costs little, and at most all."
        )
