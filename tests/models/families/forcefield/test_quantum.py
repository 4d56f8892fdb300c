"""Quantum nuclei to second order: against Laplacians, averages over packets, and hydrogen gas."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="force fields need PyTorch")

from ase import Atoms
from scipy import constants
from scipy.integrate import quad

from nearsight.arrays import FloatArray
from nearsight.errors import ModelError
from nearsight.models.families.forcefield.model import ForceFieldModel
from nearsight.models.families.forcefield.pair_tables import pair_table
from nearsight.models.families.forcefield.parameters import Treatment
from nearsight.models.families.forcefield.quantum import spreads_A2
from nearsight.models.registry import load_model
from nearsight.structures.molecules import as_framework
from nearsight.units import BOLTZMANN_EV_PER_K

H2_AMU = 2.016
EPSILON_EV, SIGMA_A = 34.2 * BOLTZMANN_EV_PER_K, 2.96
TEMPERATURE_K = 77.0
CM3_PER_MOL = constants.N_A * 1e-24
TOML = """
[types]
Ar = { epsilon_K = 120.0, sigma_A = 3.4, charge_e = 0.0 }
Ne = { epsilon_K = 35.0, sigma_A = 2.8, charge_e = 0.0 }
side = { epsilon_K = 20.0, sigma_A = 2.6, charge_e = 0.0, mass_amu = 1.5, element = "H" }
middle = { epsilon_K = 30.0, sigma_A = 2.9, charge_e = 0.0, mass_amu = 0.0, element = "X" }

[molecules.rod]
sites = [
  { type = "side", position_A = [0, 0, 0.6] },
  { type = "middle", position_A = [0, 0, 0] },
  { type = "side", position_A = [0, 0, -0.7] },
]
"""


def hydrogen(temperature_K: float | None = TEMPERATURE_K, options: str = "") -> ForceFieldModel:
    quantum = "" if temperature_K is None else f"&feynman_hibbs_K={temperature_K!r}"
    loaded = load_model(f"forcefield:buch?coulomb=no&cutoff_A=40{quantum}{options}")
    assert isinstance(loaded, ForceFieldModel)
    return loaded


def of_file(folder: Path, options: str) -> ForceFieldModel:
    path = folder / "field.toml"
    path.write_text(TOML)
    loaded = load_model(f"forcefield:{path}?cutoff_A=7&coulomb=no&{options}")
    assert isinstance(loaded, ForceFieldModel)
    return loaded


def spread_A2(reduced_amu: float, temperature_K: float = TEMPERATURE_K) -> float:
    """ħ²/(24 μ kT) by hand."""
    joule = constants.k * temperature_K
    return constants.hbar**2 / (24 * reduced_amu * constants.atomic_mass * joule) * 1e20


def classical_eV(r: FloatArray) -> FloatArray:
    return 4 * EPSILON_EV * ((SIGMA_A / r) ** 12 - (SIGMA_A / r) ** 6)


def laplacian_eV_per_A2(r: FloatArray) -> FloatArray:
    """u'' + 2 u'/r by differences."""
    h = 1e-3
    below, here, above = (classical_eV(r + step) for step in (-h, 0.0, h))
    return (above - 2 * here + below) / h**2 + (above - below) / (h * r)


def pair_eV(model: ForceFieldModel, distances_A: FloatArray) -> FloatArray:
    """Energies of two molecules of hydrogen at distances."""
    one = model.molecule("H2")
    structures = []
    for distance in distances_A:
        both = one + one
        both.positions[1, 0] += distance
        both.set_array("molecule", np.array([1, 2]))
        structures.append(both)
    return np.array([each.energy_eV for each in model.evaluate(structures, forces=False)])


def test_two_molecules_have_the_laplacian_by_their_reduced_mass() -> None:
    r = np.linspace(2.3, 8.0, 40)
    expected = classical_eV(r) + spread_A2(H2_AMU / 2) * laplacian_eV_per_A2(r)
    assert pair_eV(hydrogen(), r) == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_it_is_the_average_over_a_packet_of_a_heavy_molecule() -> None:
    """<u(|r + x|)> of a Gaussian x as wide as Feynman and Hibbs have it, by quadrature."""
    hot_K, r = 3000.0, np.array([2.8, 3.3, 4.0])
    points, weights = np.polynomial.hermite_e.hermegauss(16)
    x, y, z = np.meshgrid(points, points, points)
    weight = np.prod(np.meshgrid(weights, weights, weights), axis=0) / (2 * np.pi) ** 1.5
    width = np.sqrt(2 * spread_A2(H2_AMU / 2, hot_K))
    average = [
        float(
            (classical_eV(np.sqrt((d + width * x) ** 2 + width**2 * (y**2 + z**2))) * weight).sum()
        )
        for d in r
    ]
    correction = average - classical_eV(r)
    found = pair_eV(hydrogen(hot_K), r) - classical_eV(r)
    assert found == pytest.approx(correction, rel=0.03)  # but for orders beyond the second
    assert np.abs(found / classical_eV(r)).max() > 1e-3


def test_hot_and_heavy_molecules_are_classical() -> None:
    r = np.linspace(2.3, 8.0, 20)
    cold, hot = (pair_eV(hydrogen(each), r) - classical_eV(r) for each in (77.0, 7.7e5))
    assert hot == pytest.approx(1e-4 * cold, rel=1e-6, abs=1e-15)
    assert pair_eV(hydrogen(None), r) == pytest.approx(classical_eV(r), rel=1e-12)
    one = np.array([1])
    light, heavy = (spreads_A2(one, np.array([mass]), 77.0) for mass in (2.0, 2e6))
    assert heavy == pytest.approx(1e-6 * light)


def test_sites_move_with_their_molecule_and_frameworks_do_not() -> None:
    molecules = np.array([-1, 0, 2, 2, 2])
    spreads = spreads_A2(molecules, np.array([12.0, 4.0, 1.0, 0.0, 1.0]), 77.0)
    assert spreads[0] == 0.0
    assert spreads[1] == pytest.approx(spread_A2(4.0))
    assert spreads[2:] == pytest.approx(np.full(3, spread_A2(2.0)))


def second_virial_cm3_per_mol(temperature_K: float, quantum: bool) -> float:
    """-2π N_A ∫ (exp(-u/kT) - 1) r² dr of energies of the model."""
    pieces = ((1.5, 4.0, 100), (4.0, 12.0, 80), (12.0, 39.9, 40))
    nodes = [np.polynomial.legendre.leggauss(n) for _, _, n in pieces]
    r, weights = (
        np.concatenate(each)
        for each in zip(
            *(
                ((a + b) / 2 + (b - a) / 2 * x, (b - a) / 2 * w)
                for (a, b, _), (x, w) in zip(pieces, nodes, strict=True)
            ),
            strict=True,
        )
    )
    energies_eV = pair_eV(hydrogen(temperature_K if quantum else None), r)
    mayer = np.expm1(-energies_eV / (BOLTZMANN_EV_PER_K * temperature_K))
    core = -(1.5**3) / 3  # nothing is nearer
    return -2 * np.pi * CM3_PER_MOL * float(core + (mayer * r**2) @ weights)


def mayer_integral(temperature_K: float, spread: float) -> float:
    """The same by adaptive quadrature of the formula."""

    def mayer(r: float) -> float:
        sixth = (SIGMA_A / r) ** 6
        u = 4 * EPSILON_EV * (sixth**2 - sixth)
        u += 4 * EPSILON_EV * spread * (132 * sixth**2 - 30 * sixth) / r**2
        return float(np.expm1(-u / (BOLTZMANN_EV_PER_K * temperature_K)) * r**2)

    integral, _ = quad(mayer, 0.5, 40.0, limit=500)
    return -2 * np.pi * CM3_PER_MOL * (integral - 0.5**3 / 3)


def test_the_second_virial_coefficient_of_hydrogen() -> None:
    """By quadrature, and beside the reference equation of state (J. W. Leachman et al., J. Phys.
    Chem. Ref. Data 2009, 38, 721): at 77 K -14.7 cm³/mol of classical molecules, -8.4 of quantum
    ones, and -10.5 in truth."""
    coolprop = pytest.importorskip("CoolProp.CoolProp")
    classical, quantum = (second_virial_cm3_per_mol(77.0, each) for each in (False, True))
    assert classical == pytest.approx(mayer_integral(77.0, 0.0), abs=1e-3)
    assert quantum == pytest.approx(mayer_integral(77.0, spread_A2(H2_AMU / 2)), abs=1e-3)
    state = coolprop.AbstractState("HEOS", "Hydrogen")
    state.update(coolprop.DmolarT_INPUTS, 1e-6, 77.0)
    reference = 1e6 * state.Bvirial()
    assert classical < reference - 4
    assert abs(quantum - reference) < 0.55 * abs(classical - reference)


def test_the_first_quantum_correction_is_that_of_wigner_and_kirkwood() -> None:
    """2π N_A ħ²/(24 μ (kT)³) ∫ exp(-u/kT) u'² r² dr, where it is small."""
    hot_K = 3000.0
    thermal_eV = BOLTZMANN_EV_PER_K * hot_K

    def integrand(r: float) -> float:
        u = 4 * EPSILON_EV * ((SIGMA_A / r) ** 12 - (SIGMA_A / r) ** 6)
        slope = 24 * EPSILON_EV / r * ((SIGMA_A / r) ** 6 - 2 * (SIGMA_A / r) ** 12)
        return float(np.exp(-u / thermal_eV) * (slope / thermal_eV) ** 2 * r**2)

    integral, _ = quad(integrand, 0.8, 40.0, limit=500)
    expected = 2 * np.pi * CM3_PER_MOL * spread_A2(H2_AMU / 2, hot_K) * integral
    classical, quantum = (second_virial_cm3_per_mol(hot_K, each) for each in (False, True))
    assert quantum - classical == pytest.approx(expected, rel=0.05)


OPTIONS = ("", "&tail=yes", "&truncation=shifted", "&truncation=force-shifted")


@pytest.mark.parametrize("options", OPTIONS)
def test_the_field_of_a_host_is_the_difference_of_energies(tmp_path: Path, options: str) -> None:
    model = of_file(tmp_path, f"feynman_hibbs_K=40{options}")
    cell = np.array([[9.2, 0, 0], [1.0, 8.6, 0], [-0.8, 2.0, 9.1]])
    host = Atoms("ArNe", scaled_positions=[[0.1, 0.1, 0.1], [0.6, 0.5, 0.4]], cell=cell, pbc=True)
    framework = as_framework(host.repeat((2, 2, 2)))
    guest = model.molecule("rod")
    places = np.random.default_rng(1).random((12, 1, 3)) @ cell + guest.positions
    found = model.in_host(as_framework(host)).energies_eV(guest, places)
    [alone] = model.evaluate([framework], forces=False)
    image = Atoms(cell=framework.cell, pbc=True) + guest
    [own] = model.evaluate([image], forces=False)  # with its images
    for energy, sites in zip(found, places, strict=True):
        guest.positions = sites
        [both] = model.evaluate([framework + guest], forces=False)
        difference = both.energy_eV - alone.energy_eV - own.energy_eV
        assert energy == pytest.approx(difference, rel=1e-8, abs=1e-11)


def test_the_slope_is_the_derivative_by_temperature(tmp_path: Path) -> None:
    host = Atoms("Ar", cell=[8.0] * 3, pbc=True)
    middle_K, step_K = 40.0, 1e-3
    guest = of_file(tmp_path, "tail=yes").molecule("rod")
    places = np.random.default_rng(2).random((20, 1, 3)) * 8.0 + guest.positions
    over_kT = []
    for temperature_K in (middle_K - step_K, middle_K + step_K):
        model = of_file(tmp_path, f"tail=yes&feynman_hibbs_K={temperature_K!r}")
        energies = model.in_host(as_framework(host)).energies_eV(guest, places)
        over_kT.append(energies / (BOLTZMANN_EV_PER_K * temperature_K))
    change = 1 / (BOLTZMANN_EV_PER_K * (middle_K + step_K))
    change -= 1 / (BOLTZMANN_EV_PER_K * (middle_K - step_K))
    field = of_file(tmp_path, f"tail=yes&feynman_hibbs_K={middle_K}").in_host(as_framework(host))
    expected = (over_kT[1] - over_kT[0]) / change
    assert field.slopes_eV(guest, places) == pytest.approx(expected, rel=1e-6)
    classical = of_file(tmp_path, "tail=yes").in_host(as_framework(host))
    same = classical.energies_eV(guest, places)
    assert classical.slopes_eV(guest, places) == pytest.approx(same, rel=0)


@pytest.mark.parametrize("options", OPTIONS)
def test_forces_are_the_gradient(tmp_path: Path, options: str) -> None:
    model = of_file(tmp_path, f"feynman_hibbs_K=40{options}")
    atoms = Atoms("ArNe", positions=[[0, 0, 0], [2.7, 1.1, 0.4]], cell=[9.0] * 3, pbc=True)
    step, energies = 1e-4, []
    for sign in (-1, 1):
        moved = atoms.copy()
        moved.positions[1, 0] += sign * step
        energies.append(model.evaluate([moved], forces=False)[0].energy_eV)
    [answer] = model.evaluate([atoms])
    assert answer.forces_eV_per_A is not None
    difference = -(energies[1] - energies[0]) / (2 * step)
    assert answer.forces_eV_per_A[1, 0] == pytest.approx(difference, rel=1e-6)


def test_the_tail_is_the_integral_beyond_the_cutoff() -> None:
    force_field = replace(hydrogen().force_field, treatment=Treatment(cutoff_A=9.0, tail=True))

    def beyond(r: float) -> float:
        return float(4 * EPSILON_EV * (132 * SIGMA_A**12 / r**14 - 30 * SIGMA_A**6 / r**8) * r**2)

    expected, _ = quad(beyond, 9.0, np.inf)
    found = float(pair_table(force_field, ["H2"]).spread_tail_eV_A[0, 0])
    assert found == pytest.approx(expected, rel=1e-8)


def test_the_temperature_is_part_of_what_the_model_is(tmp_path: Path) -> None:
    classical, quantum = hydrogen(None), hydrogen(77.0)
    assert quantum.capabilities.temperature_K == 77.0
    assert classical.capabilities.temperature_K is None
    assert quantum.identity.options["feynman_hibbs_K"] == 77.0
    assert "feynman_hibbs_K" not in classical.identity.options
    stated = tmp_path / "stated.toml"
    stated.write_text("[treatment]\nfeynman_hibbs_K = 50\n" + TOML)
    assert load_model(f"forcefield:{stated}").capabilities.temperature_K == 50.0


@pytest.mark.parametrize(
    ("content", "option", "said"),
    [
        (TOML, "0", "feynman_hibbs_K is a temperature above 0 K, not 0"),
        (TOML, "-3", "above 0 K"),
        (TOML, "nan", "above 0 K"),
        (TOML, "cold", "feynman_hibbs_K=cold"),
        (TOML.replace("mass_amu = 1.5", "mass_amu = 0"), "77", "has no mass, which feynman_hibbs"),
        (
            TOML
            + "[[pairs]]\ntypes = ['Ar', 'Ar']\na_eV = 2000.0\nb_per_A = 3.9\nc_eV_A6 = 30.0\n",
            "77",
            "Ar and Ar have one of Buckingham",
        ),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, content: str, option: str, said: str) -> None:
    path = tmp_path / "field.toml"
    path.write_text(content)
    with pytest.raises(ModelError, match=said):  # noqa: PT012 (some when it is loaded)
        model = load_model(f"forcefield:{path}?coulomb=no&feynman_hibbs_K={option}")
        assert isinstance(model, ForceFieldModel)
        both = model.molecule("rod") + Atoms("Ar2", positions=[[4, 0, 0], [8, 0, 0]])
        model.evaluate([both])
