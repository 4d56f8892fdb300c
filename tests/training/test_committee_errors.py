"""Errors and disagreement of committees: offsets that are known, equal members, plain formulas."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import KernelEvaluation, evaluate
from nearsight.hdnnp.potential import Potential
from nearsight.structures.pairs import pairs_of
from nearsight.training.committee_errors import committee_errors
from nearsight.training.error_charts import committee_charts
from nearsight.training.potential_errors import potential_errors
from nearsight.training.train import with_weights
from plain_hdnnp import made_potential

LAYERS = {"H": ((4,), "tl"), "O": ((3,), "tl")}
TESTED = [1, 4]


@pytest.fixture(scope="module")
def potential() -> Potential:
    return made_potential(3, LAYERS, radii=(4.0,))


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    random = np.random.default_rng(8)
    return [
        Frame(
            Atoms("H4O2", random.uniform(0, 3, size=(6, 3))),
            float(random.normal()),
            random.normal(size=(6, 3)),
        )
        for _ in range(6)
    ]


def offset(potential: Potential, by_eV: float) -> Potential:
    """Return a potential whose atomic energies are all higher by so much."""
    by = by_eV / potential.units.energy_eV
    return replace(
        potential,
        elements=tuple(
            replace(each, atomic_energy=each.atomic_energy + by) for each in potential.elements
        ),
    )


def varied(potential: Potential, seed: int) -> Potential:
    weights = compile_potential(potential).weights
    return with_weights(
        potential, weights + np.random.default_rng(seed).normal(0.0, 0.1, size=len(weights))
    )


def answers(potential: Potential, frame: Frame) -> KernelEvaluation:
    compiled = compile_potential(potential)
    return evaluate(compiled, frame.atoms.numbers, pairs_of(frame.atoms, compiled.cutoff_A))


def test_members_that_differ_by_an_offset_disagree_on_energies_by_that(
    potential: Potential, frames: list[Frame]
) -> None:
    members = [offset(potential, 0.02), offset(potential, -0.04)]
    errors = committee_errors(members, frames, test_frames=TESTED)
    assert list(errors.spreads) == ["train", "test"]
    for spread in errors.spreads.values():
        assert spread.energy_eV_per_atom == pytest.approx(0.06 / np.sqrt(2), abs=1e-10)
        assert spread.force_eV_per_A == 0.0
    of_mean = potential_errors(offset(potential, -0.01), frames, test_frames=TESTED, progress=False)
    for ours, theirs in zip(errors.mean.groups, of_mean.groups, strict=True):
        np.testing.assert_allclose(
            ours.energies.errors_eV_per_atom, theirs.energies.errors_eV_per_atom, atol=1e-10
        )
        assert ours.forces.RMSE_eV_per_A == pytest.approx(theirs.forces.RMSE_eV_per_A)
    assert "disagreement" not in committee_charts(errors)


def test_equal_members_are_the_potential(potential: Potential, frames: list[Frame]) -> None:
    errors = committee_errors([potential] * 3, frames, test_frames=TESTED)
    alone = potential_errors(potential, frames, test_frames=TESTED, progress=False)
    for each in (errors.mean, *errors.members):
        for ours, theirs in zip(each.groups, alone.groups, strict=True):
            assert ours.energies.RMSE_eV_per_atom == pytest.approx(
                theirs.energies.RMSE_eV_per_atom, rel=1e-12
            )
            assert ours.forces.RMSE_eV_per_A == pytest.approx(theirs.forces.RMSE_eV_per_A)
    assert all(each.energy_eV_per_atom < 1e-12 for each in errors.spreads.values())


def test_disagreements_are_standard_deviations_of_samples(
    potential: Potential, frames: list[Frame]
) -> None:
    members = [varied(potential, seed) for seed in range(3)]
    errors = committee_errors(members, frames, test_frames=TESTED)
    of_tests = [frames[number] for number in TESTED]
    predicted = [[answers(member, frame) for member in members] for frame in of_tests]
    energies = np.array([[one.energy_eV / 6 for one in each] for each in predicted])
    forces = np.array([[one.forces_eV_per_A for one in each] for each in predicted])
    spread = errors.spreads["test"]
    assert spread.n_structures == 2
    assert spread.energy_eV_per_atom == pytest.approx(
        np.sqrt(np.mean(energies.std(axis=1, ddof=1) ** 2))
    )
    assert spread.force_eV_per_A == pytest.approx(np.sqrt(np.mean(forces.std(axis=1, ddof=1) ** 2)))
    labels = np.array([each.forces_eV_per_A for each in of_tests])
    of_mean = np.linalg.norm(forces.mean(axis=1) - labels, axis=2).ravel()
    disagreements = np.sqrt(forces.var(axis=1, ddof=1).sum(axis=2)).ravel()
    shown = errors.forces.of_set("test")
    np.testing.assert_allclose(shown[0], disagreements, rtol=1e-10)
    np.testing.assert_allclose(shown[1], of_mean, rtol=1e-10)
    chart = committee_charts(errors)["disagreement"]
    assert "test" in chart.title
    share = 100 * np.mean(of_mean > disagreements)
    assert f"for {share:.0f} % of 12 atoms" in chart.description


def test_frames_without_labels_are_left_out(potential: Potential, frames: list[Frame]) -> None:
    some = [frames[0], replace(frames[1], energy_eV=None, forces_eV_per_A=None), *frames[2:]]
    members = [varied(potential, seed) for seed in range(2)]
    errors = committee_errors(members, some, test_frames=TESTED)
    assert [each.n_structures for each in errors.spreads.values()] == [4, 1]
    assert [each.code for each in errors.mean.warnings] == ["frames-unlabelled"]
