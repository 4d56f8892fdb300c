import numpy as np
import pytest

from nearsight.elasticity import elastic_moduli, rotate_tensor
from nearsight.elasticity.moduli import compliance
from nearsight.errors import StructureError


def isotropic(bulk: float, shear: float) -> np.ndarray:
    tensor = np.diag([2 * shear] * 3 + [shear] * 3)
    tensor[:3, :3] += bulk - 2 * shear / 3
    return tensor


@pytest.fixture
def triclinic() -> np.ndarray:
    """A stable tensor without symmetry."""
    random = np.random.default_rng(4).normal(size=(6, 6))
    return random @ random.T * 20 + isotropic(60.0, 30.0)


def test_isotropic_solid_has_one_modulus_of_each_kind() -> None:
    found = elastic_moduli(isotropic(100.0, 60.0))
    for bound in ("voigt", "reuss", "hill"):
        assert getattr(found.bulk_GPa, bound) == pytest.approx(100)
        assert getattr(found.shear_GPa, bound) == pytest.approx(60)
        assert getattr(found.youngs_GPa, bound) == pytest.approx(150)
        assert getattr(found.poisson_ratio, bound) == pytest.approx(0.25)
    assert found.universal_anisotropy == pytest.approx(0, abs=1e-12)


def test_cubic_crystal_has_the_textbook_bounds() -> None:
    c11, c12, c44 = 168.4, 121.4, 75.4  # copper
    tensor = np.diag([c11 - c12] * 3 + [c44] * 3)
    tensor[:3, :3] += c12
    found = elastic_moduli(tensor)
    assert found.bulk_GPa.voigt == pytest.approx((c11 + 2 * c12) / 3)
    assert found.bulk_GPa.reuss == pytest.approx((c11 + 2 * c12) / 3)
    assert found.shear_GPa.voigt == pytest.approx((c11 - c12 + 3 * c44) / 5)
    reuss = 5 * (c11 - c12) * c44 / (4 * c44 + 3 * (c11 - c12))
    assert found.shear_GPa.reuss == pytest.approx(reuss)
    assert found.universal_anisotropy == pytest.approx(5 * found.shear_GPa.voigt / reuss - 5)


def test_reuss_is_below_voigt_and_neither_depends_on_orientation(
    triclinic: np.ndarray, turn: np.ndarray
) -> None:
    found = elastic_moduli(triclinic)
    turned = elastic_moduli(rotate_tensor(triclinic, turn))
    for quantity in ("bulk_GPa", "shear_GPa"):
        one, other = getattr(found, quantity), getattr(turned, quantity)
        assert 0 < one.reuss < one.hill < one.voigt
        assert other.voigt == pytest.approx(one.voigt)
        assert other.reuss == pytest.approx(one.reuss)
    assert found.universal_anisotropy > 0


def test_voigt_average_is_the_mean_over_orientations(triclinic: np.ndarray) -> None:
    # The mean over the 24 turns of a cube of many random orientations tends to the isotropic one.
    random = np.random.default_rng(0)
    mean = np.zeros((6, 6))
    for _ in range(4000):
        q, r = np.linalg.qr(random.normal(size=(3, 3)))
        mean += rotate_tensor(triclinic, q * np.sign(np.diag(r))) / 4000
    found = elastic_moduli(triclinic)
    wanted = isotropic(found.bulk_GPa.voigt, found.shear_GPa.voigt)
    assert mean == pytest.approx(wanted, abs=0.02 * wanted[0, 0])


def test_compliance_takes_the_symmetric_part(triclinic: np.ndarray) -> None:
    skew = np.triu(np.ones((6, 6)), 1)
    assert compliance(triclinic + skew - skew.T) == pytest.approx(np.linalg.inv(triclinic))


def test_unstable_tensor_is_refused() -> None:
    with pytest.raises(StructureError, match=r"eigenvalue -5 GPa.*unstable"):
        elastic_moduli(np.diag([10.0, 10, 10, 3, 3, -5]))


@pytest.mark.parametrize("noise", [1e-6, -1e-6])
def test_tensor_of_a_vacuum_is_refused(noise: float) -> None:
    with pytest.raises(StructureError, match=r"eigenvalue.*1\.0e-06 GPa.*layer, chain or molecule"):
        elastic_moduli(np.diag([10.0, 10, noise, 3, 3, 5]))
