"""What overlapping trials would add: beside all of them, and beside what is known."""

import numpy as np
import pytest

from nearsight.adsorption.audit import audit_of
from nearsight.adsorption.placements import Placements
from nearsight.adsorption.trials import Trials
from nearsight.units import BOLTZMANN_EV_PER_K

TEMPERATURE_K = 300.0
THERMAL_EV = BOLTZMANN_EV_PER_K * TEMPERATURE_K
RADIUS, WELL_EV = 0.3, -0.1
"""A sphere in a cell of edge 1 in which everything overlaps, and its energy."""


def trials(n_trials: int, share: float, seed: int, *, biased: bool) -> Trials:
    """Points of a unit cell whose density is 2z where they are biased."""
    rng = np.random.default_rng(seed)
    centres = rng.random((n_trials, 3))
    densities = np.ones(n_trials)
    if biased:
        centres[:, 2] = np.sqrt(rng.random(n_trials))
        densities = 2 * centres[:, 2]
    overlapping = np.linalg.norm(centres - 0.5, axis=1) < RADIUS
    audited = overlapping & (rng.random(n_trials) < share)
    return Trials(
        Placements(centres, np.tile([1.0, 0, 0, 0], (n_trials, 1)), densities),
        energies_eV=np.where(overlapping, np.inf, 0.0),
        overlapping=overlapping,
        rejected=np.zeros(n_trials, dtype=bool),
        audited_eV=np.where(audited, WELL_EV * (1 + centres[:, 2]), np.nan),
    )


def exact() -> float:
    """∫ exp(-E/kT) over the sphere, slice by slice."""
    z = np.linspace(0.5 - RADIUS, 0.5 + RADIUS, 20_001)
    areas = np.pi * (RADIUS**2 - (z - 0.5) ** 2)
    return float(np.trapezoid(areas * np.exp(-WELL_EV * (1 + z) / THERMAL_EV), z))


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("share", [0.1, 1.0])
def test_what_overlaps_add_is_their_integral_whatever_they_are_drawn_from(
    biased: bool, share: float
) -> None:
    audits = [audit_of(trials(4000, share, seed, biased=biased), 300.0) for seed in range(50)]
    added = np.array([np.exp(audit.log_weight) for audit in audits])
    error = added.std() / np.sqrt(len(added))
    assert abs(added.mean() - exact()) < 4 * error
    assert error < 0.03 * exact()
    # The error that is told is the scatter between samplings.
    told = np.mean([audit.relative_error for audit in audits])
    assert told == pytest.approx(added.std() / exact(), rel=0.4)


def test_a_model_without_a_number_adds_nothing() -> None:
    some = trials(2000, 0.2, 0, biased=False)
    none = Trials(
        some.placements,
        some.energies_eV,
        some.overlapping,
        some.rejected,
        np.where(some.audited, np.inf, np.nan),
    )
    audit = audit_of(none, TEMPERATURE_K)
    assert audit.n_audited == some.audited.sum() > 0
    assert none.n_calls == some.n_calls == (~some.overlapping).sum() + some.audited.sum()
    assert audit.share_of(0.0) == 0
    assert audit.lowest_eV == np.inf


def test_where_nothing_else_has_weight_they_have_all_of_it() -> None:
    audit = audit_of(trials(2000, 0.2, 0, biased=False), TEMPERATURE_K)
    assert audit.share_of(-np.inf) == np.inf
    without = audit_of(trials(2000, 0.0, 0, biased=False), TEMPERATURE_K)
    assert (without.n_audited, without.n_overlapping > 0) == (0, True)
    assert np.isnan(without.log_weight)
