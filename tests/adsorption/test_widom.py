"""Insertions of a molecule by a model: what they cost, that they go on, and when they stop."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from nearsight.adsorption.framework import framework_of
from nearsight.adsorption.gases import gas_named
from nearsight.adsorption.henry import henry
from nearsight.adsorption.insertion import BATCH, Insertion
from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.kept_trials import KeptTrials
from nearsight.adsorption.overlaps import Overlaps
from nearsight.adsorption.placements import uniform_placements
from nearsight.adsorption.trials import Trials
from nearsight.adsorption.widom import insert, precision_of
from nearsight.errors import CheckpointError, ModelError
from nearsight.models.engines.ase_model import AseModel

DEPTH_eV, SIZE_A, EDGE_A = 0.02, 3.0, 9.0


class Spheres(Calculator):
    """Lennard-Jones of each atom of a molecule with one sphere, its nearest image."""

    implemented_properties = ("energy", "forces")

    def __init__(self, broken: float = 0.0) -> None:
        super().__init__()
        self._rng = np.random.default_rng(0)
        self._broken = broken

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        vectors = atoms.positions[1:] - atoms.positions[0]
        if atoms.pbc.all():
            vectors -= EDGE_A * np.rint(vectors / EDGE_A)
        energy = 0.0
        if len(vectors) and atoms.pbc.all():
            sixth = (SIZE_A**2 / np.sum(vectors**2, axis=1)) ** 3
            energy = float(np.sum(4 * DEPTH_eV * (sixth**2 - sixth)))
        if self._rng.random() < self._broken:
            energy = float("nan")
        self.results = {"energy": energy, "forces": np.zeros((len(atoms), 3))}


def insertion(
    gas: str = "Ar", share: float = 0.5, broken: float = 0.0, audited: float = 0.2
) -> Insertion:
    cell = Atoms("Ar", cell=[EDGE_A] * 3, pbc=True)
    molecule = gas_named(gas)
    framework = framework_of(cell, EDGE_A)
    interaction = Interaction(framework, molecule, AseModel(Spheres(broken), "spheres"))
    overlaps = Overlaps(framework.atoms, molecule.atoms.numbers, share)
    cell_A = cell.cell.array
    return Insertion(
        interaction, overlaps, lambda n, rng: uniform_placements(cell_A, n, rng), 1, audited
    )


def energies_eV(trials: Trials, molecule_A: np.ndarray) -> np.ndarray:
    """The energies by the formula."""
    vectors = trials.placements.sites_A(molecule_A)
    vectors -= EDGE_A * np.rint(vectors / EDGE_A)
    sixth = (SIZE_A**2 / np.sum(vectors**2, axis=2)) ** 3
    return np.sum(4 * DEPTH_eV * (sixth**2 - sixth), axis=1)


@pytest.mark.parametrize("gas", ["Ar", "CO2"])
def test_energies_are_those_of_the_formula_and_overlaps_cost_nothing(gas: str) -> None:
    work = insertion(gas)
    trials = insert(work, 300.0, 600, progress=False)
    assert len(trials) == 5 * BATCH  # whole batches
    exact = energies_eV(trials, work.interaction.gas.sites_A)
    free = ~trials.overlapping
    np.testing.assert_allclose(trials.energies_eV[free], exact[free], atol=1e-12)
    assert np.isposinf(trials.energies_eV[~free]).all()
    audited = np.isfinite(trials.audited_eV)
    assert 0 < audited.sum() < trials.overlapping.sum()
    assert (trials.overlapping[audited]).all()
    np.testing.assert_allclose(trials.audited_eV[audited], exact[audited], atol=1e-9, rtol=1e-9)
    assert work.interaction.n_calls == free.sum() + audited.sum()


def test_overlaps_change_no_mean() -> None:
    with_overlaps = insert(insertion(), 300.0, 2000, progress=False)
    without = insert(insertion(share=0.0), 300.0, 2000, progress=False)
    assert not without.overlapping.any()
    assert with_overlaps.overlapping.any()
    means = [henry(each.weights(300.0), EDGE_A**3, 40.0) for each in (with_overlaps, without)]
    assert means[0].mean_weight.value == pytest.approx(means[1].mean_weight.value, rel=1e-6)


class Interrupting:
    def __init__(self, after: int) -> None:
        self.after = after

    @contextmanager
    def task(self, description: str, total: int | None, done: int = 0) -> Iterator[object]:
        def advance(now: int, note: str) -> None:
            if now >= self.after:
                raise KeyboardInterrupt

        yield advance


def test_an_interrupted_sampling_goes_on_as_the_unbroken_one(tmp_path: Path) -> None:
    whole = insert(insertion(), 300.0, 1500, progress=False)
    print_of = {"structure": "this", "model": "this", "settings": "these"}
    ticks = iter(range(0, 10_000, 11))  # each batch is kept
    with pytest.raises(KeyboardInterrupt):
        insert(
            insertion(),
            300.0,
            1500,
            checkpoint=KeptTrials(tmp_path / "trials", print_of, {}),
            progress=Interrupting(3 * BATCH),
            clock=lambda: next(ticks),
        )
    work = insertion()
    again = insert(
        work, 300.0, 1500, checkpoint=KeptTrials(tmp_path / "trials", print_of, {}), progress=False
    )
    np.testing.assert_array_equal(again.energies_eV, whole.energies_eV)
    np.testing.assert_array_equal(again.placements.quaternions, whole.placements.quaternions)
    assert work.interaction.n_calls == (~whole.overlapping | ~np.isnan(whole.audited_eV)).sum()
    with pytest.raises(CheckpointError, match="of another gas, or used other settings"):
        insert(
            work,
            300.0,
            1500,
            checkpoint=KeptTrials(tmp_path / "trials", {**print_of, "settings": "others"}, {}),
        )


def test_it_stops_when_the_mean_is_known(tmp_path: Path) -> None:
    trials = insert(insertion(), 300.0, 100_000, relative_error=0.02, progress=False)
    precision = precision_of(trials, 300.0)
    assert 2000 <= len(trials) < 50_000
    assert precision.relative_error <= 0.02
    assert precision.halves_agree
    assert precision.n_effective >= 100


def test_what_is_no_number_is_counted_and_too_much_of_it_refused() -> None:
    few = insert(insertion(broken=0.01), 300.0, 1500, progress=False)
    assert 0 < few.rejected.sum() < 40
    assert np.isposinf(few.energies_eV[few.rejected]).all()
    with pytest.raises(ModelError, match=r"spheres has no energy for \d+ of \d+ insertions"):
        insert(insertion(broken=0.2), 300.0, 1500, progress=False)
