"""What moves change beside energies of everything, and beside the model of host and guests."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from nearsight.adsorption.framework import Framework, framework_of
from nearsight.adsorption.gases import Gas, gas_of
from nearsight.adsorption.gcmc.guests import Configuration, Guests
from nearsight.adsorption.gcmc.levels import Level, Wholes
from nearsight.adsorption.gcmc.local_level import LocalLevel
from nearsight.adsorption.gcmc.model_level import ModelEnergies
from nearsight.adsorption.gcmc.moves import (
    DELETION,
    INSERTION,
    Draws,
    Probabilities,
    StepSizes,
    draw,
    make,
    propose,
)
from nearsight.adsorption.orientations import uniform_quaternions
from nearsight.errors import ModelError
from nearsight.models.guests import GuestModel
from nearsight.models.registry import load_model

FORCE_FIELD = """
[treatment]
cutoff_A = {cutoff}
truncation = "{truncation}"
tail = {tail}
[types]
Mg = {{ epsilon_K = 55.9, sigma_A = 2.69, charge_e = 1.2 }}
O = {{ epsilon_K = 30.2, sigma_A = 3.12, charge_e = -1.2 }}
C_g = {{ epsilon_K = 27.0, sigma_A = 2.80, charge_e = 0.70, element = "C" }}
O_g = {{ epsilon_K = 79.0, sigma_A = 3.05, charge_e = -0.35, element = "O" }}
{pairs}
[molecules.CO2]
sites = [
  {{ type = "C_g", position_A = [0.0, 0.0, 0.0] }},
  {{ type = "O_g", position_A = [0.0, 0.0, 1.16] }},
  {{ type = "O_g", position_A = [0.0, 0.0, -1.16] }},
]
"""
BUCKINGHAM = """
[[pairs]]
types = ["Mg", "O_g"]
a_K = 24732000.0
b_per_A = 4.1
c_K_A6 = 100000.0
"""


def host() -> Atoms:
    """Return four ions in an oblique cell."""
    cell = [[9.0, 0.0, 0.0], [2.5, 8.5, 0.0], [-1.5, 2.0, 9.5]]
    fractions = [[0.0, 0.0, 0.0], [0.5, 0.1, 0.0], [0.1, 0.5, 0.05], [0.0, 0.1, 0.5]]
    return Atoms("MgOMgO", scaled_positions=fractions, cell=cell, pbc=True)


def force_field(folder: Path, **options: str) -> GuestModel:
    """Return a force field with charges."""
    asked = {"cutoff": "7.0", "truncation": "cut", "tail": "false", "pairs": ""} | options
    path = folder / "field.toml"
    path.write_text(FORCE_FIELD.format(**asked))
    model = load_model(f"forcefield:{path}", device="cpu")
    assert isinstance(model, GuestModel)
    return model


def some_guests(framework: Framework, gas: Gas, numbers: list[int]) -> Guests:
    """Return chains with molecules anywhere, also outside the cell."""
    rng = np.random.default_rng(4)
    cell_A = framework.atoms.cell.array
    configurations = [
        Configuration(rng.uniform(-1, 2, (n, 3)) @ cell_A, uniform_quaternions(n, rng))
        for n in numbers
    ]
    return Guests.of(configurations, gas.sites_A)


VARIANTS = {
    "charges": {},
    "tail": {"tail": "true"},
    "shifted": {"truncation": "shifted"},
    "force-shifted": {"truncation": "force-shifted"},
    "Buckingham": {"pairs": BUCKINGHAM},
    "wider than the cell": {"cutoff": "11.0"},
}


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_energies_beside_the_model_of_host_and_guests(
    tmp_path: Path, options: dict[str, str]
) -> None:
    model = force_field(tmp_path, **options)
    gas = gas_of("CO2", model)
    framework = framework_of(host(), 14.0)
    level = LocalLevel(model.of_guests(gas.atoms, framework.atoms.cell.array, host()))
    guests = some_guests(framework, gas, [0, 1, 5])
    expected = ModelEnergies(framework, gas, model).energies_eV(guests)
    # Energies of molecules inside others are huge, which nothing is lost of.
    np.testing.assert_allclose(level.energies_eV(guests), expected, rtol=1e-9, atol=2e-7)


def test_an_oblique_cell_is_described_by_any_vectors(tmp_path: Path) -> None:
    model = force_field(tmp_path)
    gas = gas_of("CO2", model)
    framework = framework_of(host(), 14.0)
    guests = some_guests(framework, gas, [4])
    other = np.array([[1, 0, 0], [1, 1, 0], [0, -1, 1]]) @ framework.atoms.cell.array
    energies = [
        LocalLevel(model.of_guests(gas.atoms, cell_A, host())).energies_eV(guests)
        for cell_A in (framework.atoms.cell.array, other)
    ]
    np.testing.assert_allclose(energies[0], energies[1], rtol=1e-9, atol=1e-7)


@pytest.fixture
def level(tmp_path: Path) -> tuple[Level, Framework, Gas]:
    model = force_field(tmp_path, tail="true")
    gas = gas_of("CO2", model)
    framework = framework_of(host(), 14.0)
    level = LocalLevel(model.of_guests(gas.atoms, framework.atoms.cell.array, host()))
    return level, framework, gas


def steps_of(framework: Framework, n_chains: int, n_steps: int) -> Draws:
    rngs = [np.random.default_rng([7, chain]) for chain in range(n_chains)]
    return draw(rngs, n_steps, Probabilities(), framework.atoms.cell.array)


def test_changes_are_differences_of_energies(level: tuple[Level, Framework, Gas]) -> None:
    local, framework, gas = level
    guests = some_guests(framework, gas, [0] * 5)
    memory = local.memory(guests)
    draws = steps_of(framework, 5, 150)
    sizes = StepSizes.first(5)
    wholes = Wholes(local)
    kinds_compared = np.zeros(5, dtype=int)
    for step in range(len(draws)):
        guests = guests.with_room()
        memory = memory.with_room(guests)
        proposals = propose(guests, draws, step, sizes)
        asked = proposals.possible
        changes = local.changes_eV(guests, memory, proposals, asked)
        expected = wholes.changes_eV(guests, wholes.memory(guests), proposals, asked)
        some = asked & (expected < 20)
        np.testing.assert_allclose(changes[some], expected[some], rtol=1e-9, atol=1e-11)
        assert (changes[asked & ~some] > 19).all()
        np.add.at(kinds_compared, proposals.kinds[some], 1)
        # Memories have much to follow, and few molecules are taken away again.
        accepted = some & (expected < 1) & ((proposals.kinds != DELETION) | (step % 3 == 0))
        local.follow(guests, memory, proposals, accepted)
        make(guests, proposals, accepted)
    assert guests.counts.max() > 5
    assert (kinds_compared > 20).all()
    fresh = local.memory(guests)
    np.testing.assert_allclose(
        memory.of_chains["factors"], fresh.of_chains["factors"], rtol=0, atol=1e-11
    )


def test_a_charged_guest_is_refused(tmp_path: Path) -> None:
    model = force_field(tmp_path)
    with pytest.raises(ModelError, match=r"has a charge of 1\.2 e"):
        model.of_guests(Atoms("Mg"), 20 * np.eye(3), None)


def test_sites_that_meet_are_infinite(level: tuple[Level, Framework, Gas]) -> None:
    local, framework, gas = level
    guests = Guests.of([Configuration(np.empty((0, 3)), np.empty((0, 4)))], gas.sites_A)
    draws = steps_of(framework, 1, 1)
    draws.kinds[:] = INSERTION
    draws.places_A[:] = host().positions[0] + 1e-4
    proposals = propose(guests, draws, 0, StepSizes.first(1))
    change = local.changes_eV(guests, local.memory(guests), proposals, np.array([True]))
    assert change[0] == np.inf
