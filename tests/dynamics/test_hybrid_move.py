"""Hybrid moves sample the Boltzmann distribution, however long their steps are."""

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.emt import EMT

from nearsight.dynamics.hybrid_move import hybrid_move
from nearsight.errors import MethodError
from nearsight.models.contract import Model
from nearsight.models.engines.ase_model import AseModel
from nearsight.structures.skin_pairs import SkinPairs
from quick_models import springs

T_K = 300.0


def energies_of_a_chain(
    atoms: Atoms, model: Model, n_moves: int, timestep_fs: float, n_steps: int
) -> tuple[np.ndarray, float]:
    """Return the energy after each move, and the share that was accepted."""
    rng = np.random.default_rng(11)
    energy_eV, energies, n_accepted = None, [], 0
    for _ in range(n_moves):
        move = hybrid_move(
            atoms,
            model,
            T_K,
            rng,
            timestep_fs=timestep_fs,
            n_steps=int(rng.integers(1, 2 * n_steps)),
            energy_eV=energy_eV,
        )
        atoms, energy_eV = move.atoms, move.energy_eV
        n_accepted += move.accepted
        energies.append(energy_eV)
    return np.array(energies), n_accepted / n_moves


@pytest.mark.parametrize("timestep_fs", [10.0, 22.0])
def test_a_harmonic_crystal_has_its_energies_at_any_timestep(timestep_fs: float) -> None:
    """Steps of dynamics as long as the longer ones would be off by several per cent."""
    crystal = bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    energies, accepted = energies_of_a_chain(crystal, springs(crystal), 3000, timestep_fs, 5)
    energies = energies[500:]
    n_modes, kT = 3 * len(crystal) - 3, units.kB * T_K
    for values, expected in (
        (energies, n_modes * kT / 2),
        ((energies - n_modes * kT / 2) ** 2, n_modes * kT**2 / 2),
    ):
        blocks = np.array([block.mean() for block in np.array_split(values, 25)])
        sigma = blocks.std(ddof=1) / 5
        assert abs(values.mean() - expected) < 4 * sigma
        assert sigma < 0.15 * expected
    assert 0.2 < accepted < (0.999 if timestep_fs > 20 else 1.0)


def test_short_steps_are_accepted(copper: Atoms, emt: Model) -> None:
    energies, accepted = energies_of_a_chain(copper, emt, 20, 0.2, 3)
    assert accepted == 1.0
    assert energies[-1] > energies[0]  # it heats up from rest


def test_energies_are_those_of_the_structure(copper: Atoms, emt: Model) -> None:
    rng = np.random.default_rng(2)
    for timestep_fs in (2.0, 40.0):
        move = hybrid_move(copper, emt, 900.0, rng, timestep_fs=timestep_fs, n_steps=4)
        [evaluation] = emt.evaluate([move.atoms])
        assert move.energy_eV == pytest.approx(evaluation.energy_eV, abs=1e-12)
        assert move.accepted == (move.atoms is not copper)


def test_pairs_that_are_kept_change_nothing(
    copper: Atoms, pair_model: Callable[..., Model]
) -> None:
    model = pair_model(elements=None)
    pairs = SkinPairs(4.0, 1.0)
    moves = [
        hybrid_move(
            copper, model, T_K, np.random.default_rng(5), timestep_fs=2.0, n_steps=5, pairs=each
        )
        for each in (None, pairs)
    ]
    assert moves[0].energy_eV == pytest.approx(moves[1].energy_eV, abs=1e-11)


def test_single_precision_and_no_moves_are_refused(copper: Atoms, emt: Model) -> None:
    rng = np.random.default_rng(0)
    single = AseModel(EMT(), "emt", dtype="float32")
    with pytest.raises(MethodError, match="has single precision"):
        hybrid_move(copper, single, T_K, rng, timestep_fs=1.0, n_steps=1)
    with pytest.raises(MethodError, match="a move of 0 steps"):
        hybrid_move(copper, emt, T_K, rng, timestep_fs=1.0, n_steps=0)
