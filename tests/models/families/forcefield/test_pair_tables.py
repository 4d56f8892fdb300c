"""How pairs interact, end and mix."""

import numpy as np
import pytest
from scipy.integrate import quad

pytest.importorskip("torch", reason="force fields need PyTorch")

import torch

from nearsight.errors import ModelError
from nearsight.models.families.forcefield.pair_tables import interaction, pair_table
from nearsight.models.families.forcefield.parameters import (
    Buckingham,
    Ending,
    ForceField,
    LennardJones,
    Pair,
    SiteType,
    Treatment,
)

LJ = LennardJones(0.02, 3.1)
EXP6 = Buckingham(2000.0, 3.9, 30.0)


def energies(pair: Pair, distances_A: np.ndarray, **treatment: object) -> np.ndarray:
    force_field = ForceField({"A": SiteType(pair)}, treatment=Treatment(**treatment))  # type: ignore[arg-type]
    index = torch.zeros(len(distances_A), dtype=torch.int64)
    squared = torch.as_tensor(np.asarray(distances_A) ** 2, dtype=torch.float64)
    return pair_table(force_field, ["A"]).energies(squared, index, index).numpy()


def test_lennard_jones_has_its_minimum_where_it_is_known() -> None:
    r = np.array([3.1, 3.1 * 2 ** (1 / 6)])
    assert energies(LJ, r) == pytest.approx([0.0, -0.02], abs=1e-15)


def test_buckingham_is_its_formula_outside_the_core() -> None:
    r = np.linspace(EXP6.core_A, 8.0, 50)  # type: ignore[arg-type]
    assert energies(EXP6, r) == pytest.approx(2000.0 * np.exp(-3.9 * r) - 30.0 / r**6, rel=1e-12)


def test_the_core_of_buckingham_keeps_it_from_falling() -> None:
    core = EXP6.core_A
    assert core is not None
    r = np.array([core * (1 - 1e-9), core * (1 + 1e-9), core / 2, core / 20])
    below, above, half, near = energies(EXP6, r)
    assert below == pytest.approx(above, rel=1e-7)
    assert half == pytest.approx(2**12 * EXP6.core_energy_eV, rel=1e-9)
    assert near > half > below > 0
    # By default it is where the energy is highest.
    around = 2000.0 * np.exp(-3.9 * (core + np.array([-1e-3, 0, 1e-3])))
    around -= 30.0 / (core + np.array([-1e-3, 0, 1e-3])) ** 6
    assert around.argmax() == 1


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((2000.0, 3.9, 3000.0), "attracts at every distance"),
        ((2000.0, 3.9, 30.0, 2.6), "does not repel"),
        ((-2000.0, 3.9, 30.0), "A and B are above 0"),
        ((np.inf, 3.9, 30.0), "is none"),
    ],
)
def test_buckingham_that_cannot_be(numbers: tuple[float, ...], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        Buckingham(*numbers)


@pytest.mark.parametrize("pair", [LJ, EXP6])
def test_how_interactions_end(pair: Pair) -> None:
    r = np.array([7.0, 8.0 - 1e-7, 8.0 + 1e-7])
    inside, edge, beyond = energies(pair, r, cutoff_A=8.0)
    assert beyond == 0.0
    assert edge < 0.0
    shifted = energies(pair, r, cutoff_A=8.0, truncation="shifted")
    assert shifted == pytest.approx([inside - edge, 0.0, 0.0], abs=1e-9)
    smooth = energies(pair, np.array([7.9999, 7.9998]), cutoff_A=8.0, truncation="force-shifted")
    # With the force the energy vanishes like the square of what is left.
    assert smooth[1] / smooth[0] == pytest.approx(4.0, rel=1e-3)


@pytest.mark.parametrize("pair", [LJ, EXP6])
def test_the_tail_is_the_integral(pair: Pair) -> None:
    force_field = ForceField({"A": SiteType(pair)}, treatment=Treatment(cutoff_A=6.0, tail=True))
    found = float(pair_table(force_field, ["A"]).tail_eV_A3[0, 0])

    def integrand(r: float) -> float:
        return float(energies(pair, np.array([r]), cutoff_A=1e4)[0] * r**2)

    expected = quad(integrand, 6.0, 60.0, epsabs=1e-13)[0] + quad(integrand, 60.0, 5000.0)[0]
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_shifted_interaction_has_no_tail() -> None:
    with pytest.raises(ModelError, match="tail=yes goes with truncation=cut, not shifted"):
        Treatment(truncation="shifted", tail=True)


def test_unlike_types_mix() -> None:
    types = {"A": SiteType(LennardJones(0.01, 2.0)), "B": SiteType(LennardJones(0.04, 4.5))}
    for mixing, sigma_A in (("lorentz-berthelot", 3.25), ("geometric", 3.0)):
        treatment = Treatment(mixing=mixing)  # type: ignore[arg-type]
        for pair in ("AB", "BA"):
            mixed = interaction(ForceField(types, treatment=treatment), *pair)
            assert isinstance(mixed, LennardJones)
            assert (mixed.epsilon_eV, mixed.sigma_A) == pytest.approx((0.02, sigma_A))
    own = ForceField(types, {("A", "B"): EXP6})
    assert interaction(own, "A", "B") is interaction(own, "B", "A") is EXP6


def test_a_pair_may_end_in_its_own_way() -> None:
    types = {"A": SiteType(LJ), "B": SiteType(LJ)}
    ending = Ending("shifted", tail=False)
    force_field = ForceField(types, endings={("A", "B"): ending}, treatment=Treatment(tail=True))
    table = pair_table(force_field, ["A", "B"])
    assert (table.shift_eV != 0).tolist() == [[False, True], [True, False]]
    assert (table.tail_eV_A3 != 0).tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ({"A": SiteType(LJ), "B": SiteType()}, "no parameters for the type B"),
        ({"A": SiteType(LJ), "B": SiteType(EXP6)}, "does not mix"),
    ],
)
def test_what_cannot_be_mixed_is_refused(types: dict[str, SiteType], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        pair_table(ForceField(types), ["A", "B"])


def test_a_core_beyond_the_cutoff_is_refused() -> None:
    force_field = ForceField({"A": SiteType(EXP6)}, treatment=Treatment(cutoff_A=0.5))
    with pytest.raises(ModelError, match=r"reaches the cutoff of 0\.5 Å"):
        pair_table(force_field, ["A"])
