"""Runs: what they refuse, and that one which was interrupted goes on as the unbroken one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from gcmc_toys import ATOM_A, ROD_A, Boxes, Failing, Nothing
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.guests import Configuration, Guests
from nearsight.adsorption.gcmc.kept_samples import KeptSamples
from nearsight.adsorption.gcmc.levels import Energies, Wholes
from nearsight.adsorption.gcmc.results import loadings
from nearsight.adsorption.gcmc.samples import Sampled
from nearsight.adsorption.gcmc.sampling import System, sample
from nearsight.adsorption.gcmc.schedule import Schedule
from nearsight.arrays import FloatArray
from nearsight.errors import CheckpointError, MethodError, ModelError

CELL_A = 12.0 * np.eye(3)
FEW = Schedule(
    equilibration_blocks=6,
    production_blocks=4,
    samples=10,
    steps=5,
    candidate_steps=(3, 9),
    fitted=True,
    kept_every=4,
)
DIGESTS = {"structure": "s", "model": "m", "settings": ""}
COSTLY = Boxes(12.0, np.array([0.0, -0.06, 0.03]), 0.04)
CHEAP = Boxes(12.0, np.array([0.01, -0.05, 0.02]), 0.03)


def system(
    cheap: Energies, costly: Energies | None = None, fugacities: tuple[float, ...] = (1e7, 3e7)
) -> System:
    return System(Ensemble(CELL_A, 300.0, np.array(fugacities)), ROD_A, Wholes(cheap), costly)


def assert_same(one: Sampled, other: Sampled) -> None:
    for stage in ("equilibration", "production"):
        for name, array in vars(getattr(one, stage)).items():
            np.testing.assert_array_equal(array, getattr(getattr(other, stage), name))
    for name in ("counts", "composites", "sizes"):
        for field, array in vars(getattr(one, name)).items():
            np.testing.assert_array_equal(array, getattr(getattr(other, name), field))
    assert len(one.kept) == len(other.kept)
    for mine, yours in zip(one.kept, other.kept, strict=True):
        np.testing.assert_array_equal(mine.configuration.centres_A, yours.configuration.centres_A)
    for mine, yours in zip(one.configurations, other.configurations, strict=True):
        np.testing.assert_array_equal(mine.centres_A, yours.centres_A)
        np.testing.assert_array_equal(mine.quaternions, yours.quaternions)
    assert (one.scale, one.per_molecule_eV, one.steps) == (
        other.scale,
        other.per_molecule_eV,
        other.steps,
    )


class Interrupting:
    """Energies that end with Ctrl-C after so many calls."""

    def __init__(self, energies: Energies, n_calls: int) -> None:
        self.energies, self.left = energies, n_calls

    def energies_eV(self, guests: Guests) -> FloatArray:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return self.energies.energies_eV(guests)


@pytest.mark.parametrize("n_calls", [15, 60, 90])
def test_an_interrupted_run_goes_on_as_the_unbroken_one(tmp_path: Path, n_calls: int) -> None:
    unbroken = sample(system(CHEAP, COSTLY), FEW)
    assert unbroken.n_blocks == 10
    assert len(unbroken.kept) == 2 * (40 // 4)

    def kept() -> KeptSamples:
        return KeptSamples(tmp_path / "run.npz", {**DIGESTS, "settings": "a"}, {})

    with pytest.raises(KeyboardInterrupt):
        sample(system(CHEAP, Interrupting(COSTLY, n_calls)), FEW, kept=kept())
    before = kept().resume()
    assert before is not None
    assert 0 < before.n_blocks < 10
    assert_same(sample(system(CHEAP, COSTLY), FEW, kept=kept()), unbroken)
    with pytest.raises(CheckpointError, match="it is of another gas"):
        KeptSamples(tmp_path / "run.npz", {**DIGESTS, "settings": "b"}, {}).resume()


def test_one_level_goes_on_as_well(tmp_path: Path) -> None:
    short = Schedule(equilibration_blocks=2, production_blocks=2, samples=10, steps=5)
    longer = Schedule(equilibration_blocks=2, production_blocks=5, samples=10, steps=5)
    kept = KeptSamples(tmp_path / "run.npz", DIGESTS, {})
    sample(system(COSTLY), short, kept=kept)
    resumed, unbroken = sample(system(COSTLY), longer, kept=kept), sample(system(COSTLY), longer)
    for name, array in vars(unbroken.production).items():
        np.testing.assert_array_equal(array, getattr(resumed.production, name))
    assert resumed.composites is None


def test_production_adapts_nothing() -> None:
    short = Schedule(equilibration_blocks=3, production_blocks=1, samples=20, steps=10)
    longer = Schedule(equilibration_blocks=3, production_blocks=6, samples=20, steps=10)
    one, other = sample(system(COSTLY), short), sample(system(COSTLY), longer)
    np.testing.assert_array_equal(one.sizes.translation_A, other.sizes.translation_A)
    assert (one.sizes.translation_A != 0.5).any()  # which equilibration did


def test_what_a_model_cannot_compute_is_rejected_and_counted() -> None:
    schedule = Schedule(
        equilibration_blocks=2, production_blocks=2, samples=20, steps=15, most_failed=0.9
    )
    for value in (np.nan, -np.inf):
        sampled = sample(system(Failing(3, value)), schedule)
        assert sampled.production.counts.max() == 3
        assert (sampled.counts.failed > 0).all()
        both = sample(system(Nothing(), Failing(3, value)), schedule)
        assert both.production.counts.max() == 3
        assert both.composites is not None
        assert (both.composites.failed > 0).all()
    infinite = sample(system(Failing(3, np.inf)), schedule)  # that is a wall, and no failure
    assert infinite.production.counts.max() == 3
    assert not infinite.counts.failed.any()


def test_a_model_that_fails_too_often_is_given_up() -> None:
    schedule = Schedule(equilibration_blocks=1, production_blocks=1)
    with pytest.raises(ModelError, match=r"no energy for \d+ of \d+ moves .* most_failed 0.05"):
        sample(system(Failing(1)), schedule)
    with pytest.raises(ModelError, match=r"no energy for \d+ of \d+ proposals"):
        sample(system(Nothing(), Failing(0)), Schedule(equilibration_blocks=1, samples=200))


@dataclass(frozen=True)
class Drifting(Wholes):
    """Changes that are not those of the energies."""

    def changes_eV(self, *state: object) -> FloatArray:
        changes: FloatArray = super().changes_eV(*state)
        return changes + 1e-3


def test_a_running_energy_that_drifts_is_refused() -> None:
    drifting = System(Ensemble(CELL_A, 300.0, np.array([1e7])), ATOM_A, Drifting(COSTLY))
    with pytest.raises(MethodError, match=r"differs by .* eV from a fresh one, more than"):
        sample(drifting, Schedule())
    assert sample(system(COSTLY), FEW_OF_ONE).drift_eV < 1e-12


FEW_OF_ONE = Schedule(equilibration_blocks=1, production_blocks=2, samples=10)


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(MethodError, match="are for two levels"):
        sample(system(COSTLY), FEW)
    with pytest.raises(MethodError, match="1 configurations for 2 chains"):
        sample(system(COSTLY), FEW_OF_ONE, configurations=[Configuration(np.zeros((1, 3)), ROD_A)])
    with pytest.raises(MethodError, match="fugacities_Pa are above 0 Pa"):
        system(COSTLY, fugacities=(0.0, 1.0))
    with pytest.raises(MethodError, match="too few to choose among 2 candidate_steps"):
        Schedule(equilibration_blocks=5, candidate_steps=(1, 2))
    lost = Configuration(np.full((1, 3), np.nan), np.array([[1.0, 0, 0, 0]]))
    with pytest.raises(MethodError, match="chain 0 cannot begin: centres of molecules"):
        sample(system(COSTLY), FEW_OF_ONE, configurations=[lost, lost])
    filled = Configuration(np.zeros((5, 3)), np.tile([1.0, 0, 0, 0], (5, 1)))
    with pytest.raises(MethodError, match="chain 0 cannot begin with its 5 molecules"):
        sample(system(Failing(3)), FEW_OF_ONE, configurations=[filled, filled])


def test_loadings_of_replicas_go_together() -> None:
    replicas = system(Nothing(), COSTLY, fugacities=(1e7, 3e7, 1e7))
    schedule = Schedule(equilibration_blocks=2, production_blocks=6, samples=50, steps=20)
    sampled = sample(replicas, schedule)
    low, high = loadings(sampled, replicas.ensemble)
    assert (low.fugacity_Pa, high.fugacity_Pa) == (1e7, 3e7)
    assert low.chains.tolist() == [0, 2]
    kept = sampled.production.counts[low.n_left_out :, [0, 2]]
    assert low.molecules.value == pytest.approx(kept.mean())
    assert low.molecules.interval[0] < low.molecules.value < low.molecules.interval[1]
    assert low.levels is not None
    assert high.levels is not None
    # E - C is E here, with no constant fitted.
    energies = sampled.production.energies_eV[high.n_left_out :, 1]
    sigma = energies.std() / replicas.ensemble.thermal_eV
    assert high.levels.sigma == pytest.approx(sigma)
    assert 0 < high.levels.acceptance < 1
    assert high.levels.effective_per_call > 0
