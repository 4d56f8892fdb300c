"""Hybrid Monte Carlo: a short run at constant energy as one move.

S. Duane, A. D. Kennedy, B. J. Pendleton, D. Roweth, Phys. Lett. B 195, 216 (1987),
doi:10.1016/0370-2693(87)91197-X. Velocity Verlet is reversible and keeps volumes in phase space, so
that accepting with min(1, exp(-ΔH/kT)) samples exp(-U/kT) exactly, whatever its timestep.
"""

from dataclasses import dataclass

import numpy as np
from ase import Atoms, units
from ase.md.verlet import VelocityVerlet

from nearsight.dynamics.velocities import initial_momenta
from nearsight.errors import MethodError, ModelError
from nearsight.models.calculator import ModelCalculator
from nearsight.models.contract import Model
from nearsight.structures.skin_pairs import SkinPairs


@dataclass(frozen=True, eq=False)
class HybridMove:
    """What came of a move."""

    atoms: Atoms
    """The structure after it: the new one if it was accepted, the former one if not."""
    energy_eV: float
    """Its potential energy."""
    accepted: bool
    change_eV: float
    """Change of potential and kinetic energy along the trial, by which it was judged; NaN where the
    model had no number for it, which is a rejection."""


def hybrid_move(
    atoms: Atoms,
    model: Model,
    temperature_K: float,
    rng: np.random.Generator,
    *,
    timestep_fs: float,
    n_steps: int,
    energy_eV: float | None = None,
    pairs: SkinPairs | None = None,
) -> HybridMove:
    """Draw momenta, move all atoms for a few steps, and accept or reject where they came to.

    Parameters
    ----------
    atoms
        The structure; its constraints hold in both directions of time if they fix atoms.
    model
        What moves it and judges it, in double precision: differences of energies decide.
    temperature_K
        Temperature in K.
    rng
        Random numbers.
    timestep_fs, n_steps
        Length in fs and number of steps; longer ones go farther and are rejected more often. Draw
        them anew for each move: a mode of which a move is half a period, or a whole one, would
        never come to another energy.
    energy_eV
        The energy of `atoms`, where it is known.
    pairs
        What finds pairs; it may serve many moves.

    Raises
    ------
    MethodError
        The model is in single precision, or the settings are none.

    Examples
    --------
    >>> import numpy as np
    >>> from ase.build import bulk
    >>> from nearsight.dynamics import hybrid_move
    >>> from nearsight.models import load_model
    >>> rng = np.random.default_rng(1)
    >>> copper, model = bulk("Cu", cubic=True), load_model("ase:emt")
    >>> move = hybrid_move(copper, model, 300.0, rng, timestep_fs=5.0, n_steps=10)
    >>> move.accepted
    True
    >>> print(f"{1000 * move.change_eV:.2f} meV")
    0.21 meV
    """
    if model.identity.dtype == "float32":
        raise MethodError(
            f"{model.identity.name} has single precision, in which differences of energies of "
            f"moves are noise; load it with `dtype` float64."
        )
    if not (0 < timestep_fs < np.inf and n_steps >= 1 and 0 < temperature_K < np.inf):
        raise MethodError(
            f"a move of {n_steps} steps of {timestep_fs} fs at {temperature_K} K is none; give "
            f"positive numbers."
        )
    trial: Atoms = atoms.copy()
    trial.calc = ModelCalculator(model, pairs=None if pairs is None else pairs.of)
    trial.set_momenta(initial_momenta(atoms, temperature_K, rng, keeps_momentum=False))
    potential_eV = trial.get_potential_energy() if energy_eV is None else energy_eV
    before_eV = potential_eV + trial.get_kinetic_energy()
    threshold = rng.random()  # always drawn, so that what follows does not depend on the outcome
    try:
        dynamics = VelocityVerlet(trial, timestep_fs * units.fs)
        for _ in range(n_steps):
            dynamics.step()
        change_eV = trial.get_potential_energy() + trial.get_kinetic_energy() - before_eV
    except ModelError:  # atoms that came too close have no energy: infinite is what it tends to
        return HybridMove(atoms, potential_eV, False, float("nan"))
    accepted = bool(threshold < np.exp(min(-change_eV / (units.kB * temperature_K), 0.0)))
    if not accepted:
        return HybridMove(atoms, potential_eV, False, float(change_eV))
    moved: Atoms = trial.copy()
    moved.info = dict(atoms.info)
    moved.set_momenta(np.zeros((len(moved), 3)), apply_constraint=False)
    return HybridMove(moved, float(trial.get_potential_energy()), True, float(change_eV))
