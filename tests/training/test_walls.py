"""Walls of data: where they begin, how hard they push, and that they leave the data as it is."""

import numpy as np
import pytest
from ase import Atoms

from nearsight.hdnnp.born_mayer import wall_eV
from nearsight.training import PriorSettings, TrainingSettings
from nearsight.training.labelled import LabelledData, LabelledStructure
from nearsight.training.preparing import prepare
from nearsight.training.proposing import shortest_distances_A
from nearsight.training.walls import PUSH_A, LEAST_PUSH_eV_per_A, fitted_walls

CUTOFF_A = 4.0


def dimer(r: float, force: float) -> LabelledStructure:
    atoms = Atoms("HO", [[0.0, 0.0, 0.0], [0.0, r, 0.0]])
    forces = np.array([[0.0, -force, 0.0], [0.0, force, 0.0]])
    return LabelledStructure(0, atoms, 0.0, forces)


def test_they_push_as_hard_as_the_largest_force_a_little_closer() -> None:
    structures = [dimer(0.9, 3.0), dimer(1.1, 7.0)]
    [wall] = fitted_walls(structures, shortest_distances_A(structures, CUTOFF_A))
    assert wall.elements == ("H", "O")
    assert wall.onset_A == pytest.approx(0.9)
    slope = wall_eV(wall, np.array([0.9 - PUSH_A]))[1, 0]
    assert slope == pytest.approx(-7.0, rel=1e-12)


def test_data_at_rest_has_walls_too() -> None:
    structures = [dimer(0.9, 0.0)]
    [wall] = fitted_walls(structures, shortest_distances_A(structures, CUTOFF_A))
    slope = wall_eV(wall, np.array([0.9 - PUSH_A]))[1, 0]
    assert slope == pytest.approx(-LEAST_PUSH_eV_per_A, rel=1e-12)


def test_pairs_that_never_come_close_have_none() -> None:
    structures = [dimer(4.5, 1.0)]
    assert fitted_walls(structures, shortest_distances_A(structures, CUTOFF_A)) == ()


def test_what_is_learnt_stays_as_it_is(clusters: LabelledData) -> None:
    """Walls are exactly zero for it, so that networks and units are those without a prior."""
    with_walls, without = (
        prepare(clusters, TrainingSettings(prior=PriorSettings(prior=prior)))
        for prior in ("repulsion", "none")
    )
    for place in with_walls.split.train:
        own, given = with_walls.structures[place], clusters.structures[place]
        assert own.energy_eV == given.energy_eV
        np.testing.assert_array_equal(own.forces_eV_per_A, given.forces_eV_per_A)
    assert with_walls.potential.normalization == without.potential.normalization
    assert with_walls.potential.repulsion is not None
    assert without.potential.repulsion is None


def test_only_what_is_learnt_decides_where_they_begin(clusters: LabelledData) -> None:
    """A structure of the test set that is closer feels them: it is not known to the potential."""
    prepared = prepare(clusters, TrainingSettings(prior=PriorSettings(prior="repulsion")))
    learnt = [clusters.structures[place] for place in prepared.split.train]
    assert prepared.shortest_A == shortest_distances_A(learnt, prepared.potential.cutoff_A)
    repulsion = prepared.potential.repulsion
    assert repulsion is not None
    onsets = {wall.elements: wall.onset_A for wall in repulsion.walls}
    assert onsets == prepared.shortest_A
