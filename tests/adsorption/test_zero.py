"""Where a model has its zero, and the places at which that is looked for."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from host_and_guest import Spheres
from nearsight.adsorption.framework import framework_of
from nearsight.adsorption.gases import gas_named
from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.known_offsets import known_offset
from nearsight.adsorption.offset import factor_of_offset
from nearsight.adsorption.quantum import thermal_wavelength_A
from nearsight.adsorption.zero import widest_place, zero_of
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
