"""Errors of a potential against labels whose errors are known, and against plain formulas."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import ModelError, StructureError
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import evaluate
from nearsight.hdnnp.potential import Potential
from nearsight.structures.pairs import pairs_of
from nearsight.training.error_charts import error_charts
from nearsight.training.error_distribution import EDGES_eV_per_A, ErrorDistribution
from nearsight.training.potential_errors import potential_errors
from nearsight.training.prediction_sums import MOST_POINTS
from plain_hdnnp import made_potential

LAYERS = {"H": ((4,), "tl"), "O": ((3,), "tl")}


@pytest.fixture(scope="module")
def potential() -> Potential:
    return made_potential(3, LAYERS, radii=(4.0,))


@pytest.fixture(scope="module")
def frames(potential: Potential) -> list[Frame]:
    """Structures with the labels that the potential predicts, off by what is known.

    Energies are too low by 0.01 eV/atom in group a and too high by 0.02 in group b, and 0.003 up
    and down besides; the x components of forces on hydrogen are too low by 0.5 eV/Å.
    """
    random = np.random.default_rng(5)
    compiled = compile_potential(potential)
    frames = []
    for number in range(8):
        atoms = Atoms("H4O2", random.uniform(0, 3, size=(6, 3)))
        evaluation = evaluate(compiled, atoms.numbers, pairs_of(atoms, compiled.cutoff_A))
        group = "ab"[number % 2]
        error = {"a": 0.01, "b": -0.02}[group] + (0.003 if number % 4 < 2 else -0.003)
        assert evaluation.forces_eV_per_A is not None
        forces = evaluation.forces_eV_per_A.copy()
        forces[atoms.numbers == 1, 0] -= 0.5
        frames.append(
            Frame(
                atoms,
                evaluation.energy_eV - 6 * error,
                forces,
                group=group,
                split="test" if number >= 4 else "train",
            )
        )
    return frames


def test_errors_are_those_that_labels_were_given(potential: Potential, frames: list[Frame]) -> None:
    errors = potential_errors(potential, frames, progress=False)
    assert [(each.set, each.group, each.n_structures) for each in errors.groups] == [
        ("train", "all", 4),
        ("train", "a", 2),
        ("train", "b", 2),
        ("test", "all", 4),
        ("test", "a", 2),
        ("test", "b", 2),
    ]
    whole, of_a, of_b = errors.groups[3:]
    assert of_a.energies.offset_eV_per_atom == pytest.approx(0.01, abs=1e-10)
    assert of_b.energies.offset_eV_per_atom == pytest.approx(-0.02, abs=1e-10)
    assert of_a.energies.RMSE_eV_per_atom == pytest.approx(np.hypot(0.01, 0.003), abs=1e-10)
    squares = (np.array([13, 7, -17, -23]) * 1e-3) ** 2
    assert whole.energies.RMSE_eV_per_atom == pytest.approx(np.sqrt(squares.mean()), abs=1e-10)
    assert whole.energies.largest_eV_per_atom == pytest.approx(0.023, abs=1e-10)
    # 4 of 18 components are off
    assert whole.forces.RMSE_eV_per_A == pytest.approx(0.5 * np.sqrt(4 / 18), abs=1e-10)
    assert whole.forces.MAE_eV_per_A == pytest.approx(0.5 * 4 / 18, abs=1e-10)
    by_element = {each.element: each for each in errors.elements if each.set == "test"}
    assert by_element["H"].forces.largest_eV_per_A == pytest.approx(0.5, abs=1e-10)
    assert by_element["H"].n_atoms == 16
    assert by_element["O"].forces.largest_eV_per_A < 1e-12


def test_without_offsets_energies_that_differ_by_a_constant_in_a_group_agree(
    potential: Potential, frames: list[Frame]
) -> None:
    errors = potential_errors(potential, frames, without_offsets=True, progress=False)
    for each in errors.groups:
        assert each.energies.RMSE_eV_per_atom == pytest.approx(0.003, abs=1e-10)
        assert each.energies.largest_eV_per_atom == pytest.approx(0.003, abs=1e-10)
    assert errors.groups[1].energies.offset_eV_per_atom == pytest.approx(0.01, abs=1e-10)


def test_a_record_of_a_training_goes_before_what_the_data_says(
    potential: Potential, frames: list[Frame]
) -> None:
    errors = potential_errors(potential, frames, test_frames=[0, 2, 5], progress=False)
    n = {(each.set, each.group): each.n_structures for each in errors.groups}
    assert n["test", "all"] == 3
    assert n["test", "a"] == 2
    assert n["train", "all"] == 5


def test_what_has_one_label_counts_for_that_one(potential: Potential, frames: list[Frame]) -> None:
    some = [
        replace(frames[0], forces_eV_per_A=None),
        replace(frames[1], energy_eV=None),
        replace(frames[2], energy_eV=None, forces_eV_per_A=None),
    ]
    errors = potential_errors(potential, some, progress=False)
    whole = errors.groups[0]
    assert whole.n_structures == 2
    assert len(whole.energies.errors_eV_per_atom) == 1
    assert whole.forces.n == 18
    assert [each.code for each in errors.warnings] == ["frames-unlabelled"]
    with pytest.raises(StructureError, match="none has an energy or forces"):
        potential_errors(potential, some[2:], progress=False)


@pytest.mark.parametrize("label", ["energy_eV", "forces_eV_per_A"])
def test_data_without_any_of_a_label_have_the_errors_of_the_other(
    potential: Potential, frames: list[Frame], label: str
) -> None:
    both = potential_errors(potential, frames, progress=False)
    one = potential_errors(
        potential, [replace(each, **{label: None}) for each in frames], progress=False
    )
    gone = "energies" if label == "energy_eV" else "forces"
    for group, of_both in zip(one.groups, both.groups, strict=True):
        if gone == "energies":
            assert len(group.energies.errors_eV_per_atom) == 0
            assert group.forces.RMSE_eV_per_A == of_both.forces.RMSE_eV_per_A
        else:
            assert group.forces.n == 0
            assert group.energies.RMSE_eV_per_atom == of_both.energies.RMSE_eV_per_atom
    assert len(getattr(one, gone).labels) == 0
    assert gone not in error_charts(one)
    assert len(one.elements) == (2 * 2 if gone == "energies" else 0)


def test_extrapolations_are_counted_and_the_worst_function_is_first(
    potential: Potential, frames: list[Frame]
) -> None:
    """Ranges are widened to all values but for one function of oxygen, which is out for all."""
    narrow = []
    for each in potential.elements:
        n = len(each.functions)
        low, high = np.full(n, -1e9), np.full(n, 1e9)
        if each.symbol == "O":
            low[2], high[2] = -2.0, -1.0  # symmetry functions are not negative
        narrow.append(
            replace(each, statistics=replace(each.statistics, smallest=low, largest=high))
        )
    errors = potential_errors(replace(potential, elements=tuple(narrow)), frames, progress=False)
    for of_set in ("train", "test"):
        counts = errors.extrapolations[of_set]
        assert (counts.n_structures, counts.n_structures_beyond) == (4, 4)
        assert (counts.n_atoms, counts.n_atoms_beyond, counts.n_functions_beyond) == (24, 8, 8)
    [worst] = errors.worst_functions
    assert (worst.element, worst.index, worst.n_atoms) == ("O", 2, 16)
    assert worst.farthest > 1.0


def test_another_element_is_named_with_its_frame(potential: Potential, frames: list[Frame]) -> None:
    other = replace(frames[0], atoms=Atoms("H4OS", frames[0].atoms.positions))
    with pytest.raises(ModelError, match=r"frame 1, counted from 0: .* no network for S"):
        potential_errors(potential, [frames[0], other], progress=False)


def test_the_distribution_is_that_of_all_errors() -> None:
    random = np.random.default_rng(2)
    values = random.normal(scale=0.1, size=3000)
    one, other = ErrorDistribution(), ErrorDistribution()
    one.add(values[:1000].reshape(-1, 5))
    other.add(values[1000:])
    whole = ErrorDistribution.sum_of([one, other])
    share = [float(np.mean(np.abs(values) > edge)) for edge in EDGES_eV_per_A]
    np.testing.assert_allclose(whole.share_above(), share, atol=1e-12)
    assert whole.RMSE_eV_per_A == pytest.approx(np.sqrt(np.mean(values**2)))
    assert whole.MAE_eV_per_A == pytest.approx(np.abs(values).mean())
    assert whole.largest_eV_per_A == np.abs(values).max()


def test_figures_are_of_no_more_than_some_points(potential: Potential, frames: list[Frame]) -> None:
    errors = potential_errors(potential, frames * 200, progress=False)
    assert MOST_POINTS <= len(errors.forces.labels) <= 2 * MOST_POINTS
    charts = error_charts(errors)
    assert set(charts) == {"energies", "forces", "elements", "groups"}
    # of one composition, the labels have a mean of zero, and predictions are off by what they are
    assert errors.energies.labels.mean() == pytest.approx(0.0, abs=1e-7)
    off = errors.energies.predictions - errors.energies.labels
    assert sorted(set(off.round(6))) == [-0.023, -0.017, 0.007, 0.013]
    diagonal, train, test = charts["energies"].marks
    assert (train.label, test.label) == ("train", "test")
    assert np.array_equal(diagonal.x, diagonal.y)
    for chart in charts.values():
        for mark in chart.marks:
            assert chart.x.low <= mark.x.min() <= mark.x.max() <= chart.x.high
            assert chart.y.low <= mark.y.min() <= mark.y.max() <= chart.y.high
