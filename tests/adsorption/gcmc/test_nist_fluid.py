"""The Lennard-Jones fluid beside NIST's transition matrices."""

from pathlib import Path

import numpy as np
from ase import Atoms

from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.local_level import LocalLevel
from nearsight.adsorption.gcmc.measured import measured_fugacity
from nearsight.adsorption.gcmc.moves import Probabilities
from nearsight.adsorption.gcmc.results import loadings
from nearsight.adsorption.gcmc.rules import Anywhere
from nearsight.adsorption.gcmc.sampling import System, sample
from nearsight.adsorption.gcmc.schedule import Schedule
from nearsight.adsorption.gcmc.series import mean_of
from nearsight.models.guests import GuestModel
from nearsight.models.registry import load_model
from nearsight.units import BOLTZMANN_EV_PER_K, EV_IN_JOULE

# ln Pi(N) of N = 0 to 26 at T* = 1.5, V = 512, cut at 3 with the long-range correction: National
# Institute of Standards and Technology (NIST), Standard Reference Simulation Website, as
# distributed with FEASST (public domain; we acknowledge NIST as the source).
LOG_PI = np.array(
    [
        -274.6764,
        -270.0062,
        -266.0191,
        -262.4277,
        -259.1144,
        -256.0145,
        -253.0870,
        -250.3045,
        -247.6455,
        -245.0944,
        -242.6395,
        -240.2701,
        -237.9782,
        -235.7572,
        -233.6005,
        -231.5039,
        -229.4622,
        -227.4715,
        -225.5291,
        -223.6314,
        -221.7755,
        -219.9591,
        -218.1807,
        -216.4371,
        -214.7265,
        -213.0478,
        -211.3989,
    ]
)
FLUID = """
[treatment]
cutoff_A = 3.0
truncation = "cut"
tail = true
coulomb = false
[types]
Ar = { epsilon_K = 200.0, sigma_A = 1.0 }
[molecules.Ar]
sites = [{ type = "Ar", position_A = [0.0, 0.0, 0.0] }]
"""
TEMPERATURE_K, EDGE_A = 300.0, 8.0  # T* = 1.5
LOG_ACTIVITY = -4.2  # ln z, z in units of 1/sigma³: some 8 particles


def test_the_distribution_of_particles_at_t_1_5(tmp_path: Path) -> None:
    path = tmp_path / "fluid.toml"
    path.write_text(FLUID)
    model = load_model(f"forcefield:{path}", device="cpu")
    assert isinstance(model, GuestModel)
    gas = Gas("Ar", Atoms("Ar"), "one atom")
    cell_A = EDGE_A * np.eye(3)
    level = LocalLevel(model.of_guests(model.molecule("Ar"), cell_A))
    fugacity = np.exp(LOG_ACTIVITY) * BOLTZMANN_EV_PER_K * TEMPERATURE_K * EV_IN_JOULE * 1e30
    n_chains = 100
    ensemble = Ensemble(cell_A, TEMPERATURE_K, np.full(n_chains, fugacity))
    system = System(
        ensemble, gas.sites_A, level, probabilities=Probabilities(0.35, 0.35, 0.2, 0.0, 0.1)
    )
    schedule = Schedule(equilibration_blocks=4, production_blocks=8, samples=40, steps=20)
    sampled = sample(system, schedule)
    # The reference is at the activity that its ratio of one particle to none has, the energy of one
    # being the correction 8 pi/(3 V) (1/(3 rc^9) - 1/rc^3).
    tail = 8 * np.pi / (3 * EDGE_A**3) * (1 / (3 * 3.0**9) - 1 / 3.0**3)
    log_reference = LOG_PI[1] - LOG_PI[0] + tail / 1.5 - np.log(EDGE_A**3)
    numbers = np.arange(len(LOG_PI))
    logs = LOG_PI + numbers * (LOG_ACTIVITY - log_reference)
    expected = np.exp(logs - logs.max())
    expected /= expected.sum()
    assert expected[-1] < 1e-5  # nothing is missing behind the last
    series = sampled.production.counts.T
    compared = np.flatnonzero(expected > 0.01)
    assert len(compared) > 10
    for number in compared:
        share = mean_of((series == number).astype(float))
        assert abs(share.value - expected[number]) < 3 * share.error, number
        assert share.error < 0.1 * expected[number]
    [loading] = loadings(sampled, ensemble)
    assert loading.is_trusted
    # imposed = measured
    measured = measured_fugacity(sampled, ensemble, level, Anywhere(), gas.sites_A, seed=1)
    [found] = measured.fugacities_Pa
    assert abs(found.value - fugacity) < 3 * found.error
    assert found.error < 0.02 * fugacity
