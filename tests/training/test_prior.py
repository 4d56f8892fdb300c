"""Networks that learn what a repulsion leaves to them: atoms that come close repel."""

from functools import cache

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import SettingError
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import evaluate
from nearsight.hdnnp.potential import Potential
from nearsight.structures.pairs import pairs_of
from nearsight.training import (
    FunctionSettings,
    LabelledData,
    NetworkSettings,
    PriorSettings,
    StoppingSettings,
    Training,
    TrainingSettings,
    labelled_data,
    train,
)
from nearsight.training.approach import approaches
from nearsight.training.potential_errors import potential_errors

SHORTEST_A, CLOSEST_A = 1.05, 0.3
MORSE = {"CO": (5.0, 2.0, 1.15), "C2": (4.0, 1.8, 1.25), "O2": (4.0, 2.0, 1.2)}
"""Depth in eV, 1/width in 1/Å and distance in Å of the minimum."""


@cache
def dimers() -> LabelledData:
    """Molecules of two atoms near their minima, by Morse potentials, along random directions."""
    random = np.random.default_rng(0)
    frames = []
    for r in np.linspace(SHORTEST_A, 1.45, 30):
        for pair, (depth, steepness, minimum) in MORSE.items():
            x = np.exp(-steepness * (r - minimum))
            force = -2 * depth * steepness * (1 - x) * x
            axis = random.normal(size=3)
            axis /= np.linalg.norm(axis)
            atoms = Atoms(pair, [np.zeros(3), r * axis])
            forces = force * np.array([-axis, axis])
            frames.append(Frame(atoms, depth * ((1 - x) ** 2 - 1), forces, group=pair))
    return labelled_data(frames)


@cache
def trained(prior: str, seed: int) -> Training:
    settings = TrainingSettings(
        functions=FunctionSettings(cutoff_A=3.0, n_radial=4, zetas=(1.0,)),
        network=NetworkSettings(hidden_layers=(6,), seed=seed),
        prior=PriorSettings(prior=prior),
        stopping=StoppingSettings(epochs=8),
    )
    return train(dimers(), settings, progress=False)


def approached(potential: Potential, pair: str) -> np.ndarray:
    """Return energies as two atoms approach from the shortest distance of the data to 0.3 Å."""
    compiled = compile_potential(potential)
    energies = []
    for r in np.linspace(SHORTEST_A, CLOSEST_A, 60):
        atoms = Atoms(pair, [[0.0, 0.0, 0.0], [r, 0.0, 0.0]])
        pairs = pairs_of(atoms, compiled.cutoff_A)
        energies.append(evaluate(compiled, atoms.numbers, pairs, forces=False).energy_eV)
    return np.array(energies)


def falls(potential: Potential) -> list[float]:
    shortest = {("C", "C"): SHORTEST_A, ("C", "O"): SHORTEST_A, ("O", "O"): SHORTEST_A}
    return [each.fall_eV for each in approaches(potential, shortest)]


pytestmark = pytest.mark.filterwarnings("ignore::nearsight.errors.NearsightWarning")


@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("pair", MORSE)
def test_with_the_prior_energies_rise_monotonically(pair: str, seed: int) -> None:
    energies = approached(trained("zbl", seed).best, pair)
    assert (np.diff(energies) > 0).all()
    assert energies[-1] - energies[0] > 100.0  # nuclei of charges 6 and 8 at 0.3 Å


def test_without_it_they_need_not() -> None:
    """The same data and settings: networks saturate, and some let atoms attract each other."""
    monotonic = []
    for seed in (2, 3):
        for pair in MORSE:
            energies = approached(trained("none", seed).best, pair)
            monotonic.append(bool((np.diff(energies) > 0).all()))
            assert energies[-1] - energies[0] < 10.0
    assert not all(monotonic)


@pytest.mark.parametrize("seed", [2, 3])
def test_walls_keep_atoms_apart_and_leave_what_is_learnt(seed: int) -> None:
    """Networks and errors are those without a prior, and falls a small part of theirs."""
    walls, none = trained("repulsion", seed), trained("none", seed)
    assert max(falls(walls.best)) < 0.2 * max(falls(none.best))
    assert walls.best_errors.errors.of("train") == none.best_errors.errors.of("train")
    for own, other in zip(walls.last.elements, none.last.elements, strict=True):
        for layer, its in zip(own.network.layers, other.network.layers, strict=True):
            np.testing.assert_array_equal(layer.weights, its.weights)
    for pair in MORSE:
        assert approached(walls.best, pair)[-1] - approached(walls.best, pair)[0] > 100.0


def test_what_two_atoms_do_is_kept_with_the_training() -> None:
    training = trained("repulsion", 2)
    shortest = training.prepared.shortest_A
    assert training.approaches == approaches(training.best, shortest)
    summary = training.summary()
    assert [wall["onset_A"] for wall in summary["prior"]["walls"]] == list(shortest.values())
    assert len(summary["approaches"]) == len(shortest) == 3


def test_networks_learn_labels_less_the_prior() -> None:
    """Errors of the sum are those that the training has, which knows the networks only."""
    training = trained("zbl", 2)
    data = training.prepared.data
    assert data[0].energy_eV == dimers().structures[0].energy_eV
    assert training.prepared.structures[0].energy_eV < data[0].energy_eV - 1.0
    frames = [Frame(each.atoms, each.energy_eV, each.forces_eV_per_A) for each in data]
    numbers = training.test_numbers()
    errors = potential_errors(training.best, frames, test_frames=numbers, progress=False)
    learnt = training.best_errors.errors
    for each in errors.groups:
        known = learnt.of(each.set)
        assert each.energies.RMSE_eV_per_atom == pytest.approx(
            known.energy_RMSE_eV_per_atom, rel=1e-8
        )
        assert each.forces.RMSE_eV_per_A == pytest.approx(known.force_RMSE_eV_per_A, rel=1e-8)


def test_it_ends_where_it_is_asked_to() -> None:
    assert PriorSettings(prior="zbl").radii_A(4.0) == (2.0, 4.0)
    assert PriorSettings(prior="zbl", prior_outer_A=3.0).radii_A(4.0) == (1.5, 3.0)
    assert PriorSettings().radii_A(4.0) is None


@pytest.mark.parametrize(
    ("radii", "message"),
    [
        ({"prior_inner_A": 1.0}, "there is none"),
        ({"prior": "zbl", "prior_outer_A": 9.0}, "known up to 4.359"),
        ({"prior": "zbl", "prior_inner_A": 3.0, "prior_outer_A": 2.0}, "in this order"),
    ],
)
def test_what_contradicts_itself_is_refused(radii: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        TrainingSettings(prior=PriorSettings.from_mapping(radii))
