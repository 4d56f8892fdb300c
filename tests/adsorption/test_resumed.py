"""Whatever is kept of a sampling, the run that goes on is the unbroken one."""

import numpy as np
import pytest
from ase import Atoms

from host_and_guest import Spheres
from nearsight.adsorption.framework import framework_of
from nearsight.adsorption.gases import gas_named
from nearsight.adsorption.insertion import BATCH, Insertion
from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.kept_trials import KeptTrials
from nearsight.adsorption.overlaps import Overlaps
from nearsight.adsorption.proposals import everywhere
from nearsight.adsorption.trials import Trials
from nearsight.adsorption.widom import insert
from nearsight.models.engines.ase_model import AseModel

PRINT = {"structure": "this", "model": "this", "settings": "these"}


class NoNumberSometimes(Spheres):
    """One that has no number where a molecule touches an atom."""

    def interaction_eV(self, atoms) -> float:
        near = self.distances_A(atoms).min() < 1.3
        return float("nan") if near else super().interaction_eV(atoms)


def insertion() -> Insertion:
    framework = framework_of(Atoms("Ar", cell=[9.0] * 3, pbc=True), 9.0)
    interaction = Interaction(framework, gas_named("Ar"), AseModel(NoNumberSometimes(), "spheres"))
    overlaps = Overlaps(framework.atoms, np.array([18]), 0.9)
    return Insertion(interaction, overlaps, everywhere(framework.cell.cell.array), 3, 0.3)


def inserted(most: int, path, error: float | None = None) -> tuple[Trials, int]:
    work = insertion()
    trials = insert(
        work,
        300.0,
        most,
        relative_error=error,
        checkpoint=KeptTrials(path, PRINT, {}),
        progress=False,
    )
    return trials, work.interaction.n_calls


def require_same(one: tuple[Trials, int], other: tuple[Trials, int]) -> None:
    assert one[1] == other[1]
    assert len(one[0]) == len(other[0])
    for name in ("energies_eV", "overlapping", "rejected", "audited_eV"):
        np.testing.assert_array_equal(getattr(one[0], name), getattr(other[0], name))
    np.testing.assert_array_equal(one[0].placements.centres_A, other[0].placements.centres_A)


@pytest.mark.parametrize("n_batches", [2, 5, 9])
def test_calls_are_those_of_the_unbroken_run_whatever_is_kept(tmp_path, n_batches: int) -> None:
    whole = inserted(6 * BATCH, None)
    assert 0 < np.isinf(whole[0].audited_eV).sum() < whole[0].audited.sum()  # some have no number
    inserted(n_batches * BATCH, tmp_path / "trials")
    require_same(inserted(6 * BATCH, tmp_path / "trials"), whole)


@pytest.mark.parametrize("first", [0.01, 0.3])
def test_a_run_to_an_error_ends_where_the_unbroken_one_does(tmp_path, first: float) -> None:
    whole = inserted(5000, None, error=0.05)
    assert len(whole[0]) < 4000
    inserted(5000, tmp_path / "trials", error=first)
    require_same(inserted(5000, tmp_path / "trials", error=0.05), whole)
