"""The repulsion of screened nuclei against published numbers, differences, and where it ends."""

import numpy as np
import pytest

from nearsight.errors import MethodError
from nearsight.hdnnp.zbl import RATES, SHARES, ZBL, COULOMB_eV_A, screened

SYMBOLS = ("H", "C", "Zn")


def energies(zbl: ZBL, first: int, second: int, distances_A: np.ndarray) -> np.ndarray:
    """Return V(r) by plain formulas from the table."""
    strength, per_A, cubic, quartic, constant = zbl.table(SYMBOLS)[first, second]
    value = screened(strength, per_A, distances_A)[0]
    x = np.clip(distances_A - zbl.inner_A, 0.0, None)
    whole = value + cubic * x**3 + quartic * x**4 + constant
    return np.where(distances_A < zbl.outer_A, whole, 0.0)


def test_near_the_nuclei_it_is_that_of_bare_charges() -> None:
    """The shares of the screening function add up to 1 (within 1e-5, as they were published)."""
    assert sum(SHARES) == pytest.approx(1.0, abs=2e-5)
    strength, per_A = ZBL(1.0, 2.0).table(SYMBOLS)[1, 2, :2]
    assert strength == pytest.approx(COULOMB_eV_A * 6 * 30)
    assert screened(strength, per_A, np.array([1e-7]))[0, 0] == pytest.approx(
        strength / 1e-7, rel=3e-5
    )


def test_screening_length_and_exponentials_are_those_of_1985() -> None:
    """Two carbon atoms 1 Å apart: a = 0.46850/(2 6^0.23) Å, written out here."""
    a = 0.46850 / (6**0.23 + 6**0.23)
    phi = (
        0.18175 * np.exp(-3.19980 / a)
        + 0.50986 * np.exp(-0.94229 / a)
        + 0.28022 * np.exp(-0.40290 / a)
        + 0.02817 * np.exp(-0.20162 / a)
    )
    strength, per_A = ZBL(1.0, 2.0).table(SYMBOLS)[1, 1, :2]
    assert screened(strength, per_A, np.ones(1))[0, 0] == pytest.approx(14.399645 * 36 * phi)
    assert len(RATES) == len(SHARES) == 4


@pytest.mark.parametrize(
    ("pair", "near_eV", "far_eV"),
    [
        (("H", "H"), 1.360006740939383, 0.014031290846977254),
        (("C", "O"), 26.87239778208744, 0.13756555765903905),
        (("Zn", "Zn"), 213.60114795561256, 0.592509066763774),
        (("H", "Zn"), 16.041021762769525, 0.07931840517570457),
    ],
)
def test_lammps_has_the_same(pair: tuple[str, str], near_eV: float, far_eV: float) -> None:
    """Energies of ``pair_style zbl 1.2 3.9`` (LAMMPS of July 2025) at 0.9 and 2.7 Å.

    Its constant of Coulomb's law in eV Å is 2e-8 off.
    """
    zbl = ZBL(1.2, 3.9)
    strength, per_A, cubic, quartic, constant = zbl.table(pair)[0, 1]
    r = np.array([0.9, 2.7])
    x = np.clip(r - zbl.inner_A, 0.0, None)
    switched = screened(strength, per_A, r)[0] + (cubic + quartic * x) * x**3 + constant
    np.testing.assert_allclose(switched, [near_eV, far_eV], rtol=5e-8)


def test_derivatives_are_differences() -> None:
    strength, per_A = ZBL(1.0, 2.0).table(SYMBOLS)[0, 2, :2]
    r, step = np.linspace(0.3, 3.0, 9), 1e-5
    value, slope, curvature = screened(strength, per_A, r)
    above, below = (screened(strength, per_A, r + sign * step) for sign in (1, -1))
    np.testing.assert_allclose((above[0] - below[0]) / (2 * step), slope, rtol=1e-7)
    np.testing.assert_allclose((above[1] - below[1]) / (2 * step), curvature, rtol=1e-7)
    assert (value > 0).all()
    assert (slope < 0).all()


@pytest.mark.parametrize("pair", [(0, 0), (0, 2), (2, 2)])
def test_it_ends_with_continuous_curvature(pair: tuple[int, int]) -> None:
    """Energy, slope and curvature by differences on either side of both radii."""
    zbl = ZBL(1.5, 3.0)
    h = 1e-4
    for radius in (zbl.inner_A, zbl.outer_A):
        below = energies(zbl, *pair, radius - h * np.arange(1, 4))
        above = energies(zbl, *pair, radius + h * np.arange(1, 4))
        scale = abs(energies(zbl, *pair, np.array([1.0]))[0])
        assert abs(above[0] - below[0]) < 1e-3 * scale
        curvatures = [np.diff(each, 2)[0] / h**2 for each in (below, above)]
        assert abs(curvatures[1] - curvatures[0]) < 5e-3 * scale
    assert energies(zbl, *pair, np.array([3.0, 3.5])).tolist() == [0.0, 0.0]
    falling = energies(zbl, *pair, np.linspace(0.2, 2.999, 200))
    assert (np.diff(falling) < 0).all()


@pytest.mark.parametrize("radii", [(0.0, 1.0), (2.0, 2.0), (1.0, float("inf"))])
def test_radii_are_in_order(radii: tuple[float, float]) -> None:
    with pytest.raises(MethodError, match="inner one above 0"):
        ZBL(*radii)
