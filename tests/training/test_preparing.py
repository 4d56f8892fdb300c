"""What a training begins with: statistics and units of what is learnt, and of nothing else."""

import re
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from labelled_clusters import labelled_clusters
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import evaluate
from nearsight.hdnnp.networks import parameters
from nearsight.structures.pairs import pairs_of
from nearsight.training.labelled import LabelledData, LabelledStructure, labelled_data
from nearsight.training.preparing import Prepared, prepare
from nearsight.training.settings import (
    DataSettings,
    FunctionSettings,
    NetworkSettings,
    TrainingSettings,
)

FUNCTIONS = FunctionSettings(cutoff_A=3.0, n_radial=3, zetas=(1.0,))


def settings(seed: int = 0, **data: object) -> TrainingSettings:
    network = NetworkSettings(hidden_layers=(4,), seed=seed)
    return TrainingSettings(data=DataSettings(**data), functions=FUNCTIONS, network=network)


def learnt_forces(prepared: Prepared) -> tuple[FloatArray, FloatArray]:
    """Return forces of the data and of the potential, components of all that is learnt."""
    compiled = compile_potential(prepared.potential)
    labels, predicted = [], []
    for place in prepared.split.train:
        structure = prepared.structures[place]
        prediction = evaluate(
            compiled, structure.atoms.numbers, pairs_of(structure.atoms, compiled.cutoff_A)
        )
        assert prediction.forces_eV_per_A is not None
        labels.append(structure.forces_eV_per_A.ravel())
        predicted.append(prediction.forces_eV_per_A.ravel())
    return np.concatenate(labels), np.concatenate(predicted)


def test_forces_have_variance_1_in_units_of_the_training(clusters: LabelledData) -> None:
    """Those of the data, and those of the first networks."""
    prepared = prepare(clusters, settings())
    shift = prepared.potential.normalization
    for forces in learnt_forces(prepared):
        scaled = forces * shift.conv_energy / shift.conv_length
        assert np.mean(scaled**2) == pytest.approx(1.0, rel=1e-10)


def test_energies_and_forces_of_the_data_may_have_variance_1(clusters: LabelledData) -> None:
    free = {"atomic_energies": ("Ar=-1.5",), "normalization": "ref"}
    prepared = prepare(clusters, settings(**free))
    shift = prepared.potential.normalization
    learnt = [prepared.structures[place] for place in prepared.split.train]
    per_atom = np.array([each.energy_eV / len(each.atoms) + 1.5 for each in learnt])
    scaled = (per_atom - shift.mean_energy) * shift.conv_energy
    assert (scaled.mean(), scaled.std()) == pytest.approx((0.0, 1.0), abs=1e-10)
    forces = learnt_forces(prepared)[0] * shift.conv_energy / shift.conv_length
    assert np.mean(forces**2) == pytest.approx(1.0, rel=1e-10)


def test_without_normalization_units_are_those_of_the_data(clusters: LabelledData) -> None:
    shift = prepare(clusters, settings(normalization="none")).potential.normalization
    assert (shift.mean_energy, shift.conv_energy, shift.conv_length) == (0.0, 1.0, 1.0)


def test_what_is_tested_changes_nothing(clusters: LabelledData) -> None:
    """Not the statistics, nor energies of atoms, nor units."""
    one = prepare(clusters, settings(split="time"))
    moved = [
        replace(each, energy_eV=7.0, atoms=Atoms("Ar5", 0.9 * each.atoms.positions))
        if place in one.split.test
        else each
        for place, each in enumerate(clusters.structures)
    ]
    other = prepare(LabelledData(tuple(moved)), settings(split="time"))
    [first], [second] = one.potential.elements, other.potential.elements
    assert (first.statistics.smallest == second.statistics.smallest).all()
    assert first.functions == second.functions
    assert first.atomic_energy == second.atomic_energy
    assert one.potential.normalization == other.potential.normalization


def test_a_seed_decides_on_weights_and_not_on_the_split(clusters: LabelledData) -> None:
    one, again, other = (prepare(clusters, settings(seed)) for seed in (1, 1, 2))
    weights = [parameters(each.potential.elements[0].network) for each in (one, again, other)]
    assert (weights[0] == weights[1]).all()
    assert (weights[0] != weights[2])[:-1].all()  # the last bias is 0
    assert (one.split.test == other.split.test).all()


def test_functions_that_tell_nothing_are_left_out_and_said(clusters: LabelledData) -> None:
    wide = TrainingSettings(
        functions=replace(FUNCTIONS, smallest_range=0.3, largest_correlation=0.99)
    )
    prepared = prepare(clusters, wide)
    [element] = prepared.potential.elements
    ranges = element.statistics.largest - element.statistics.smallest
    assert ranges.min() > 0.3 * ranges.max()
    assert {each.code for each in prepared.warnings} == {"functions-left-out"}
    n_left_out = sum(
        int(re.search(r"(\d+) of \d+", each)[1])  # type: ignore[index]
        for each in map(str, prepared.warnings)
    )
    assert n_left_out + len(element.functions) == 5


@pytest.mark.parametrize("reach_A", [1.1, 9.0])
def test_how_many_functions_are_beyond_interactions_is_said(
    clusters: LabelledData, reach_A: float
) -> None:
    def prepared(reaches_A: dict[tuple[str, str], float] | None) -> tuple[int, list[str]]:
        result = prepare(clusters, settings(), reaches_A)
        n_proposed = len(result.potential.elements[0].functions) + len(result.left_out)
        return n_proposed, [str(each) for each in result.warnings if "interact" in str(each)]

    everywhere, nothing = prepared(None)
    near, [said] = prepared({("Ar", "Ar"): reach_A})
    assert nothing == []
    assert f"left out, {everywhere - near or 'none'} of {everywhere}." in said
    assert (near < everywhere) == (reach_A < 2)


def test_an_element_that_sees_nothing_is_refused() -> None:
    """Its neighbours are beyond the cutoff, or never move."""
    far = LabelledStructure(0, Atoms("Ar2", [[0, 0, 0], [0, 0, 5.0]]), 0.0, np.ones((2, 3)))
    near = LabelledStructure(0, Atoms("Ar2", [[0, 0, 0], [0, 0, 1.5]]), 0.0, np.ones((2, 3)))
    for structure in (far, near):
        with pytest.raises(MethodError, match="nothing changes around Ar within 3 Å"):
            prepare(LabelledData((structure,) * 4), settings(test_share=0.25))


def test_an_element_that_is_only_tested_is_refused(clusters: LabelledData) -> None:
    other = replace(
        clusters.structures[-1], atoms=Atoms("Ne5", clusters.structures[-1].atoms.positions)
    )
    data = LabelledData((*clusters.structures[:-1], other))
    with pytest.raises(MethodError, match="all structures with Ne are kept for tests"):
        prepare(data, settings(split="time"))


def test_compositions_that_leave_energies_of_atoms_open_are_said() -> None:
    """None of a set of one composition, whatever is tested; one that is given is not open."""
    mixed = [*labelled_clusters(9, "ArNe2Ar2"), *labelled_clusters(3, "Ar2Ne3", seed=1)]
    asked = settings(split="time", test_share=0.25)
    data = labelled_data(mixed)
    warnings = {each.code: str(each) for each in prepare(data, asked).warnings}
    assert "Ar2Ne3 among the test structures" in warnings["atomic-energies-unknown"]
    for other, structures in (
        (asked, labelled_data(mixed[:9])),
        (settings(split="time", test_share=0.1), data),
        (settings(split="time", test_share=0.25, atomic_energies=("Ar=0", "Ne=0")), data),
    ):
        codes = {each.code for each in prepare(structures, other).warnings}
        assert "atomic-energies-unknown" not in codes


def test_forces_of_zero_are_refused(clusters: LabelledData) -> None:
    resting = [replace(each, forces_eV_per_A=np.zeros((5, 3))) for each in clusters.structures]
    with pytest.raises(MethodError, match="all forces of the training data are zero"):
        prepare(LabelledData(tuple(resting)), settings())
