"""Isotherms whose configurations are given, in a cell without right angles."""

from dataclasses import replace

import numpy as np
from ase import Atoms

from nearsight.adsorption.framework import Framework
from nearsight.adsorption.fugacity import bulk_gas
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.guests import Configuration
from nearsight.adsorption.gcmc.isotherm import Isotherm, IsothermPressure
from nearsight.adsorption.gcmc.results import loadings
from nearsight.adsorption.gcmc.samples import KeptConfiguration, Samples, start_of
from nearsight.structures.supercell import make_supercell

CELL_A = np.array([[6.0, 0.0, 0.0], [-2.0, 11.0, 0.0], [1.0, 4.0, 12.0]])
REPEATS = (2, 1, 1)
FRAMEWORK = Atoms("MgO", scaled_positions=[[0.1, 0.2, 0.3], [0.6, 0.9, 0.5]], cell=CELL_A, pbc=True)
PRESSURES_PA = (1e4, 1e5)
N_SAMPLES = 40


def isotherm_of_centres(centres_A: dict[tuple[int, int], np.ndarray], *, seed: int = 0) -> Isotherm:
    """Return an isotherm of two chains, one a pressure, with kept centres by (sample, chain)."""
    rng = np.random.default_rng(seed)
    framework = Framework(FRAMEWORK, make_supercell(FRAMEWORK, REPEATS), REPEATS)
    gases = [bulk_gas("CO2", 300.0, pressure, "ideal") for pressure in PRESSURES_PA]
    cell_A = framework.atoms.cell.array
    ensemble = Ensemble.repeated(cell_A, 300.0, [gas.fugacity_Pa for gas in gases], 1)
    numbers = rng.integers(0, 4, (N_SAMPLES, 2))
    energies = rng.normal(size=(N_SAMPLES, 2))
    kept = []
    for (sample, chain), places in centres_A.items():
        quaternions = rng.normal(size=(len(places), 4))
        quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
        configuration = Configuration(np.asarray(places, dtype=float).reshape(-1, 3), quaternions)
        kept.append(KeptConfiguration(sample, chain, configuration))
    sampled = replace(
        start_of([each.configuration for each in kept[:2]], 10, two_levels=False),
        production=Samples(numbers, energies, energies, *2 * [np.full(N_SAMPLES, 10)]),
        kept=tuple(kept),
    )
    points = tuple(
        IsothermPressure(gas, loading, None, None)
        for gas, loading in zip(gases, loadings(sampled, ensemble), strict=True)
    )
    return Isotherm(framework, ensemble, sampled, points)
