"""What a model of near surroundings says of moves, beside the energies of whole structures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from hdnnp_potentials import CUTOFFS, random_crystal, random_potential
from nearsight.adsorption.framework import Framework, framework_of
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.exchange import Exchange
from nearsight.adsorption.gcmc.guests import NO_MOLECULES, Guests
from nearsight.adsorption.gcmc.kept_samples import KeptSamples
from nearsight.adsorption.gcmc.levels import Wholes
from nearsight.adsorption.gcmc.model_level import ModelEnergies
from nearsight.adsorption.gcmc.moves import DELETION, Probabilities, StepSizes, draw, make, propose
from nearsight.adsorption.gcmc.nearby_level import NearbyLevel
from nearsight.adsorption.gcmc.rules import Anywhere
from nearsight.adsorption.gcmc.sampling import System, sample
from nearsight.adsorption.gcmc.schedule import Schedule
from nearsight.errors import ModelError
from nearsight.hdnnp.files import write_potential
from nearsight.models.local import ChangingStructure, LocalModel
from nearsight.models.registry import load_model

pytest.importorskip("numba")

WATER = Gas(
    "water", Atoms("OHH", [[0.0, 0.0, 0.1], [0.8, 0.0, -0.5], [-0.8, 0.0, -0.5]]), "made up"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("network") / "potential"
    write_potential(random_potential(1, cutoffs=(CUTOFFS[0],)), path)
    return path


@pytest.fixture(scope="module")
def model(folder: Path) -> LocalModel:
    loaded = load_model(f"hdnnp:{folder}", device="cpu")
    assert isinstance(loaded, LocalModel)
    return loaded


@pytest.fixture(scope="module")
def framework() -> Framework:
    return framework_of(random_crystal(3).repeat((2, 2, 2)), 8.0)


def test_changes_are_differences_of_energies(model: LocalModel, framework: Framework) -> None:
    level, wholes = (
        NearbyLevel(framework, WATER, model),
        Wholes(ModelEnergies(framework, WATER, model)),
    )
    cell_A, n_chains = framework.atoms.cell.array, 3
    guests = Guests.of([NO_MOLECULES] * n_chains, WATER.sites_A)
    memory = level.memory(guests)
    rngs = [np.random.default_rng([5, chain]) for chain in range(n_chains)]
    draws = draw(rngs, 60, Probabilities(), cell_A)
    sizes, random = StepSizes.first(n_chains), np.random.default_rng(0)
    n_compared = np.zeros(5, dtype=int)
    for step in range(len(draws)):
        guests = guests.with_room()
        proposals = propose(guests, draws, step, sizes)
        asked = proposals.possible & (random.random(n_chains) < 0.9)
        changes = level.changes_eV(guests, memory, proposals, asked)
        expected = wholes.changes_eV(guests, wholes.memory(guests), proposals, asked)
        np.testing.assert_allclose(changes, expected, rtol=0, atol=1e-9)
        np.add.at(n_compared, proposals.kinds[asked], 1)
        before = guests.copy()
        few = (proposals.kinds != DELETION) | (step % 3 == 0)
        accepted = asked & few & (random.random(n_chains) < 0.7)
        level.follow(guests, memory, proposals, accepted)
        make(guests, proposals, accepted)
        guests.take_back(before, random.random(n_chains) < 0.1)
    assert guests.counts.min() > 1
    assert (n_compared > 8).all()
    expected = wholes.energies_eV(guests)
    np.testing.assert_allclose(level.energies_eV(guests), expected, rtol=0, atol=1e-9)


class Interrupted:
    """A model that is interrupted when it has begun with so many structures."""

    computes_changes = True

    def __init__(self, model: LocalModel, structures: int) -> None:
        self.model, self.left = model, structures

    def __getattr__(self, name: str) -> object:
        return getattr(self.model, name)

    def changing(self, atoms: Atoms) -> ChangingStructure:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return self.model.changing(atoms)


def test_an_interrupted_run_goes_on_as_the_unbroken_one(
    model: LocalModel, framework: Framework, tmp_path: Path
) -> None:
    def system(model: LocalModel) -> System:
        # So hot that no surroundings, which are random, keep molecules out or in.
        ensemble = Ensemble(framework.atoms.cell.array, 3e5, np.array([2e11, 2e11]))
        costly = ModelEnergies(framework, WATER, model)
        level = NearbyLevel(framework, WATER, model)
        return System(ensemble, WATER.sites_A, level, costly, Anywhere())

    schedule = Schedule(equilibration_blocks=3, production_blocks=6, samples=4, steps=5)

    def kept() -> KeptSamples:
        digests = {"structure": "a", "model": "b", "settings": "c"}
        return KeptSamples(tmp_path / "run.npz", digests, {})

    unbroken = sample(system(model), schedule)
    with pytest.raises(KeyboardInterrupt):
        sample(system(Interrupted(model, 15)), schedule, kept=kept())
    resumed = sample(system(model), schedule, kept=kept())
    for name in ("counts", "energies_eV", "cheap_eV"):
        mine, theirs = getattr(resumed.production, name), getattr(unbroken.production, name)
        np.testing.assert_array_equal(mine, theirs)
    assert unbroken.production.counts.std() > 0
    np.testing.assert_allclose(
        unbroken.production.energies_eV, unbroken.production.cheap_eV, rtol=0, atol=1e-8
    )


def levels_of(models: Sequence[LocalModel], framework: Framework) -> list[type]:
    ensemble = Ensemble(framework.atoms.cell.array, 300.0, np.array([1e5]))
    exchanges = [Exchange(framework, WATER, each, None, None, 0.5) for each in models]
    return [type(each.system(ensemble).level) for each in exchanges]


def test_a_network_is_local_in_double_precision_on_the_cpu(
    model: LocalModel, folder: Path, framework: Framework
) -> None:
    single = load_model(f"hdnnp:{folder}", device="cpu", dtype="float32")
    assert isinstance(single, LocalModel)
    assert levels_of([model, single], framework) == [NearbyLevel, Wholes]
    with pytest.raises(ModelError, match="need float64 on the CPU"):
        single.changing(framework.atoms)
