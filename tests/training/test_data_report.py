"""Distances, forces and histograms of a training set, against plain counts."""

import numpy as np
import pytest
from ase import Atoms

from labelled_clusters import labelled_clusters
from nearsight.hdnnp.frames import Frame
from nearsight.training import (
    FunctionSettings,
    LabelledData,
    NetworkSettings,
    TrainingSettings,
    labelled_data,
)
from nearsight.training.curve_charts import learning_chart
from nearsight.training.data_report import N_BINS, histograms, pair_distances
from nearsight.training.pair_charts import BIN_A, PairDistances, distances_chart, forces_chart
from nearsight.training.preparing import function_values, prepare


@pytest.fixture
def crystal() -> LabelledData:
    """NaCl of one cell of two atoms, of which most neighbours are images."""
    atoms = Atoms(
        "NaCl",
        scaled_positions=[[0, 0, 0], [0.52, 0.5, 0.5]],
        cell=2.8 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]),
        pbc=True,
    )
    forces = np.array([[0.3, 0.0, 0.0], [0.0, 0.4, 0.0]])
    return labelled_data([Frame(atoms, -3.0, forces)])


def test_pairs_of_a_crystal_are_counted_once_each(crystal: LabelledData) -> None:
    """Against sums over images: pairs of one element once, of two from the first of them."""
    cutoff_A = 5.0
    pairs = {each.elements: each for each in pair_distances(crystal.structures, cutoff_A)}
    atoms = crystal.structures[0].atoms
    shifts = (np.array(list(np.ndindex(9, 9, 9))) - 4) @ atoms.cell.array
    for elements, twice in ((("Na", "Cl"), 1), (("Na", "Na"), 2), (("Cl", "Cl"), 2)):
        i, j = (list(atoms.symbols).index(symbol) for symbol in elements)
        vectors = atoms.positions[j] - atoms.positions[i] + shifts
        distances = np.linalg.norm(vectors, axis=1)
        within = distances[(distances > 1e-9) & (distances < cutoff_A)]
        pair = pairs[elements]
        assert pair.counts.sum() == len(within) // twice
        assert pair.shortest_A == pytest.approx(within.min())
        places = np.minimum((within / BIN_A).astype(int), int(np.ceil(cutoff_A / BIN_A)) - 1)
        assert np.flatnonzero(pair.counts).tolist() == sorted(set(places - pair.first_bin))
    assert pairs["Na", "Na"].largest_forces_eV_per_A.max() == pytest.approx(0.3)
    assert pairs["Na", "Cl"].largest_forces_eV_per_A.max() == pytest.approx(0.4)
    assert set(pairs) == {("Na", "Na"), ("Na", "Cl"), ("Cl", "Cl")}


def test_distances_come_back_from_what_records_have(crystal: LabelledData) -> None:
    for each in pair_distances(crystal.structures, 5.0):
        again = PairDistances.of(
            each.elements,
            each.shortest_A,
            each.distances_A,
            each.counts,
            each.largest_forces_eV_per_A,
        )
        assert again.first_bin == each.first_bin
        assert (again.distances_A == each.distances_A).all()


def test_rows_of_the_figures_do_not_touch(crystal: LabelledData) -> None:
    pairs = pair_distances(crystal.structures, 5.0)
    for chart in (distances_chart(pairs), forces_chart(pairs)):
        assert chart.y.names is not None
        assert list(chart.y.names.values()) == ["Na–Na", "Na–Cl", "Cl–Cl"]
        for mark in chart.marks:
            assert mark.y.max() < np.floor(mark.y.min()) + 1
            assert chart.x.low <= mark.x.min() <= mark.x.max() <= chart.x.high


def test_histograms_count_every_atom_for_every_function() -> None:
    data = labelled_data(labelled_clusters(n=12))
    settings = TrainingSettings(
        functions=FunctionSettings(cutoff_A=2.5, n_radial=3, zetas=(1.0,)),
        network=NetworkSettings(hidden_layers=(3,)),
    )
    prepared = prepare(data, settings)
    learnt = [prepared.structures[place] for place in prepared.split.train]
    [of_argon] = histograms(prepared.potential, learnt)
    assert of_argon.counts.sum(axis=1).tolist() == [5 * len(learnt)] * len(of_argon.counts)
    from nearsight.hdnnp.kernels.compiled_potential import compile_potential

    compiled = compile_potential(prepared.potential)
    values = np.concatenate([function_values(compiled, each)[1] for each in learnt])
    for column, counts in zip(values.T, of_argon.counts, strict=True):
        expected, _ = np.histogram(column, bins=N_BINS, range=(column.min(), column.max()))
        assert np.abs(counts - expected).sum() <= 2  # a value may lie on an edge


def test_learning_curves_leave_out_what_is_no_number() -> None:
    errors = [(0, 10.0, 20.0), (1, 1.0, None), (2, 0.1, 0.5)]
    chart = learning_chart("Learning curve", "RMSE / eV/Å", errors, best_epoch=2)
    best, train, test = chart.marks
    assert best.value == 2.0
    assert train.x.tolist() == [0.0, 1.0, 2.0]
    assert test.y.tolist() == [20.0, 0.5]
    assert chart.y.low <= 0.1
    assert chart.y.high >= 20.0
