"""Where a model has its zero, and the places at which that is looked for."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from host_and_guest import HostAndGuest, Spheres
from nearsight.adsorption.framework import framework_of
from nearsight.adsorption.gases import gas_named
from nearsight.adsorption.insertion import Insertion
from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.known_offsets import known_offset
from nearsight.adsorption.offset import factor_of_offset
from nearsight.adsorption.overlaps import Overlaps
from nearsight.adsorption.proposals import everywhere
from nearsight.adsorption.quantum import thermal_wavelength_A
from nearsight.adsorption.trials import Trials
from nearsight.adsorption.widom import insert
from nearsight.adsorption.zero import WEAK_EV, beside_force_field, widest_place, zero_of
from nearsight.models.engines.ase_model import AseModel


def test_the_widest_place_of_a_cubic_cell_is_its_middle() -> None:
    place, distance = widest_place(Atoms("Ar", cell=[8.0] * 3, pbc=True))
    np.testing.assert_allclose(place, 4.0, atol=1e-9)
    assert distance == pytest.approx(4 * np.sqrt(3))


def test_the_widest_place_of_a_slanted_cell_is_that_of_its_lattice() -> None:
    # The octahedral hole of face-centred cubic, half an edge away.
    primitive = bulk("Ne", a=8.0)
    assert widest_place(primitive)[1] == pytest.approx(4.0, abs=0.02)
    slanted = primitive.copy()
    slanted.set_cell(np.array([[1, 0, 0], [2, 1, 0], [-3, 1, 1]]) @ primitive.cell.array)
    assert widest_place(slanted)[1] == pytest.approx(4.0, abs=0.02)


@pytest.mark.parametrize("offset_eV", [0.0, -0.3])
def test_an_offset_shows_where_nothing_is_near(offset_eV: float) -> None:
    framework = framework_of(Atoms("Ar", cell=[16.0] * 3, pbc=True), 12.0)
    model = AseModel(Spheres(offset_eV), "spheres")
    interaction = Interaction(framework, gas_named("N2"), model)
    zero = zero_of(interaction)
    assert zero.distance_A == pytest.approx(8 * np.sqrt(3), abs=0.02)
    assert zero.widest_eV == pytest.approx(offset_eV, abs=1e-3)
    assert zero.widest_spread_eV < 1e-3
    assert zero.box_eV == 0
    assert interaction.n_calls == 0  # these are no trials


def test_offsets_that_are_known() -> None:
    offset = known_offset("SevenNet-0", "CO2")
    assert offset is not None
    assert "GoldDAC" in offset.source
    # What it does: exp(0.295 eV/kT), a factor of 10⁵ at room temperature.
    assert factor_of_offset(offset.offset_eV, 298.0) == pytest.approx(9.7e4, rel=0.05)
    assert known_offset("sevennet-0", "Xe") is None
    # One file with several levels of theory has an offset for each.
    assert known_offset("sevennet-mf-0?modal=PBE", "CO2") is not None
    assert known_offset("sevennet-mf-0?modal=R2SCAN", "CO2") is None
    assert known_offset("ase:emt", "CO2") is None


def test_thermal_wavelengths() -> None:
    # λ² m T is the same for all: 1.0 Å for 1 amu at 303.9 K (17.458 Å √(amu K)).
    for name, mass in (("H2", 2.016), ("He", 4.0026), ("CO2", 44.009)):
        for temperature_K in (20.0, 300.0):
            wavelength = thermal_wavelength_A(gas_named(name), temperature_K)
            assert wavelength == pytest.approx(17.458 / np.sqrt(mass * temperature_K), rel=1e-4)


class Falling(HostAndGuest):
    """Dispersion -C/r⁶ of all host atoms, as much as UFF has of argon, an offset, and noise."""

    def __init__(self, offset_eV: float) -> None:
        super().__init__()
        self.offset_eV = offset_eV

    def interaction_eV(self, atoms) -> float:
        sixth = (3.4 / np.maximum(self.distances_A(atoms), 1.0)) ** 6
        return float((0.032 * (sixth**2 - sixth)).sum()) + self.offset_eV


def sampled(atoms: Atoms, gas: str, offset_eV: float) -> tuple[Interaction, Trials]:
    framework = framework_of(atoms, 9.0)
    interaction = Interaction(framework, gas_named(gas), AseModel(Falling(offset_eV), "falling"))
    numbers = interaction.gas.atoms.numbers
    overlaps = Overlaps(framework.atoms, numbers, 0.9)
    work = Insertion(interaction, overlaps, everywhere(atoms.cell.array), 0, 0.0)
    return interaction, insert(work, 300.0, 1500, progress=False)


@pytest.mark.parametrize("offset_eV", [0.0, -0.3])
def test_an_offset_is_the_difference_from_uff_where_attraction_is_weak(offset_eV: float) -> None:
    pytest.importorskip("torch", reason="UFF is compared with")
    interaction, trials = sampled(Atoms("Ar", cell=[12.0] * 3, pbc=True), "Ar", offset_eV)
    beside = beside_force_field(interaction, trials)
    assert beside is not None
    assert beside.n_places >= 20
    assert 0 < beside.error_eV < 0.01
    assert abs(beside.median_eV - offset_eV) < 0.05  # what the two have of argon differs by that
    zero = zero_of(interaction)
    assert zero.widest_uff_eV == pytest.approx(0, abs=0.01)
    assert zero.widest_eV == pytest.approx(offset_eV, abs=0.01)


def test_the_error_of_a_median_is_its_scatter() -> None:
    pytest.importorskip("torch", reason="UFF is compared with")
    interaction, trials = sampled(Atoms("Ar", cell=[12.0] * 3, pbc=True), "Ar", 0.0)
    rng = np.random.default_rng(0)
    told, medians = [], []
    for _ in range(60):
        noise = rng.normal(scale=0.1, size=len(trials))
        beside = beside_force_field(interaction, trials.with_energies(trials.energies_eV + noise))
        assert beside is not None
        told.append(beside.error_eV)
        medians.append(beside.median_eV)
    scatter = np.std(medians, ddof=1)  # known to 1/√(2·59), 9 %
    assert np.mean(told) == pytest.approx(scatter, rel=0.4)


def test_in_a_narrow_pore_nothing_is_said_of_the_zero() -> None:
    pytest.importorskip("torch", reason="UFF is compared with")
    # Xenon between iodine atoms is attracted, or repelled, by more than is weak everywhere.
    narrow = Atoms("I2", [[0, 0, 0], [2.7, 2.7, 0]], cell=[5.4, 5.4, 4.4], pbc=True)
    interaction, trials = sampled(narrow, "Xe", 0.0)
    uff_eV = zero_of(interaction).widest_uff_eV
    assert uff_eV is not None
    assert abs(uff_eV) > WEAK_EV
    assert beside_force_field(interaction, trials) is None
