"""The threshold is a straight line through fragments of a given kind."""

import numpy as np
import pytest

from nearsight.errors import MethodError
from nearsight.locality.convergence import converge_site
from nearsight.locality.threshold import fit_line, fit_threshold
from nearsight.structures.groups import find_groups

PUBLISHED = (  # hexadecaoctaene, table I of doi:10.1063/5.0082952
    (0.0045, 0.02),
    (0.0124, 0.04),
    (0.0264, 0.07),
    (0.0532, 0.14),
    (0.1111, 0.29),
    (0.2663, 0.71),
    (1.0192, 3.71),
)


def test_points_on_a_line_give_the_line_back():
    errors = np.linspace(0.01, 0.3, 9)
    found = fit_line(zip(errors, 2.4 * errors, strict=True), 0.15)
    assert found.group_norm_eV_per_A2 == pytest.approx(0.36)
    assert found.slope_per_A == pytest.approx(2.4)
    assert found.scatter_eV_per_A2 == pytest.approx(0.0, abs=1e-12)
    assert found.n_fragments == 9


def test_published_fragments_give_a_threshold_near_the_published_ones():
    """Thresholds of 0.37 to 0.55 eV/Å² for single systems; the last fragment is beyond the fit."""
    found = fit_line(PUBLISHED)
    assert found.n_fragments == 6
    assert 0.35 < found.group_norm_eV_per_A2 < 0.45
    assert found.summary()["force_error_eV_per_A"] == 0.15


def test_a_fragment_that_has_lost_its_bonds_does_not_move_the_line():
    broken = [*PUBLISHED, (3.03, 21.8)]
    assert fit_line(broken).slope_per_A == fit_line(PUBLISHED).slope_per_A


def test_sites_of_a_model_are_fitted(alkane, pair_model):
    site = converge_site(
        find_groups(alkane(8)), 0, pair_model(), reference_radius_A=100.0, method="rows"
    )
    allowed = max(shell.force_error_eV_per_A for shell in site.shells)
    found = fit_threshold([site, site], allowed)
    pairs = [(s.force_error_eV_per_A, s.group_norm_eV_per_A2) for s in site.shells[1:]]
    assert found.slope_per_A == pytest.approx(fit_line(pairs, allowed).slope_per_A)
    assert found.n_fragments == 2 * len(pairs)


@pytest.mark.parametrize("pairs", [[], [(0.1, 0.3)], [(0.01, 0.02), (0.02, 0.05), (1.0, 3.0)]])
def test_fragments_far_from_the_allowed_error_are_not_enough(pairs):
    with pytest.raises(MethodError, match="around the error that is allowed"):
        fit_line(pairs, 0.15)


@pytest.mark.parametrize("error", [0.0, -0.1, float("nan")])
def test_an_error_that_is_not_positive_is_refused(error):
    with pytest.raises(MethodError, match="must be positive"):
        fit_line(PUBLISHED, error)
