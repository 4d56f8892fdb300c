"""A model with a false well, which outweighs all that is true."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.data import atomic_numbers, covalent_radii

from nearsight.adsorption.framework import framework_of
from nearsight.adsorption.gases import Gas, gas_named
from nearsight.adsorption.henry import henry
from nearsight.adsorption.insertion import Insertion
from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.overlaps import Overlaps
from nearsight.adsorption.placements import Placements
from nearsight.adsorption.pockets import pockets_of
from nearsight.adsorption.proposals import everywhere
from nearsight.adsorption.trials import Trials
from nearsight.adsorption.wells import LARGEST_FORCE_EV_PER_A, examine, without_wells
from nearsight.adsorption.widom import insert
from nearsight.models.engines.ase_model import AseModel

EDGE_A = 9.0


class WithHole(Calculator):
    """A wall and a shallow well around one atom, and a hole in the wall at 1.5 Å."""

    implemented_properties = ("energy", "forces")

    def __init__(self, depth_eV: float) -> None:
        super().__init__()
        self._depth_eV = depth_eV

    def energy_eV(self, r_A: float) -> float:
        shallow = -0.1 * np.exp(-(((r_A - 3.5) / 0.5) ** 2))
        wall = 5.0 / (1 + np.exp((r_A - 2.2) / 0.1))
        hole = -(self._depth_eV + 5.0) * np.exp(-(((r_A - 1.5) / 0.15) ** 2))
        return float(shallow + wall + (hole if self._depth_eV else 0.0))

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        forces = np.zeros((len(atoms), 3))
        energy = 0.0
        if len(atoms) == 2:
            vector = atoms.positions[1] - atoms.positions[0]
            vector -= EDGE_A * np.rint(vector / EDGE_A)
            r = float(np.linalg.norm(vector))
            energy = self.energy_eV(r)
            slope = (self.energy_eV(r + 1e-5) - self.energy_eV(r - 1e-5)) / 2e-5
            forces[1], forces[0] = -slope * vector / r, slope * vector / r
        self.results = {"energy": energy, "forces": forces}


class Refusing(WithHole):
    """One that fails for both together."""

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        if len(atoms) == 2:
            raise ValueError("it does not converge")
        super().calculate(atoms, properties, system_changes)


def sampled(depth_eV: float):
    cell = Atoms("Si", cell=[EDGE_A] * 3, pbc=True)
    gas = gas_named("Ar")
    model = AseModel(WithHole(depth_eV), "hole")
    interaction = Interaction(framework_of(cell, EDGE_A), gas, model)
    overlaps = Overlaps(cell, gas.atoms.numbers, 0.5)
    work = Insertion(interaction, overlaps, everywhere(cell.cell.array), 0, 0.0)
    return insert(work, 300.0, 4000, progress=False), interaction


def weight(trials) -> float:
    return henry(trials.weights(300.0), EDGE_A**3, 28.0).mean_weight.value


def test_a_false_well_is_found_and_taken_out() -> None:
    trials, interaction = sampled(1.0)
    wells = examine(trials, interaction, 300.0)
    assert wells.suspected.all()
    assert "of the sum of their covalent radii" in " ".join(wells.reasons(0))
    honest, _ = sampled(0.0)
    assert weight(trials) > 100 * weight(honest)
    cleaned = without_wells(trials, interaction, 300.0)
    assert cleaned.is_clean
    taken = cleaned.examined.trials[cleaned.examined.suspected]
    assert len(taken) == cleaned.n_suspected == len(set(taken))
    assert np.isposinf(cleaned.trials.energies_eV[taken]).all()
    assert weight(cleaned.trials) == pytest.approx(weight(honest), rel=0.02)


def test_a_true_well_is_not_suspected() -> None:
    trials, interaction = sampled(0.0)
    wells = examine(trials, interaction, 300.0)
    assert len(wells.trials) == 50
    assert not wells.suspected.any()
    assert (wells.contacts > 1.3).all()
    # The heaviest come first.
    logs = trials.weights(300.0).logarithms[wells.trials]
    assert (np.diff(logs) <= 0).all()


def test_forces_are_those_of_the_energy_and_large_ones_are_suspected() -> None:
    trials, interaction = sampled(0.0)
    wells = examine(trials, interaction, 300.0)
    vectors = trials.placements.centres_A[wells.trials]
    distances_A = np.linalg.norm(vectors - EDGE_A * np.rint(vectors / EDGE_A), axis=1)
    energy_eV = WithHole(0.0).energy_eV
    slopes = [(energy_eV(r + 1e-4) - energy_eV(r - 1e-4)) / 2e-4 for r in distances_A]
    np.testing.assert_allclose(wells.forces_eV_per_A, np.abs(slopes), atol=1e-6)
    pushed = replace(wells, forces_eV_per_A=wells.forces_eV_per_A + LARGEST_FORCE_EV_PER_A)
    assert pushed.suspected.all()
    assert pushed.reasons(0)[0].startswith("a force of 3.")


def test_where_the_model_has_no_force_it_is_said() -> None:
    trials, interaction = sampled(0.0)
    interaction.model = AseModel(Refusing(0.0), "refusing")
    wells = examine(trials, interaction, 300.0)
    assert wells.suspected.all()
    assert wells.reasons(0) == ("the model has no force",)


def test_a_place_that_cannot_be_entered_is_suspected() -> None:
    trials, interaction = sampled(0.0)
    grid = np.full((9, 9, 9), np.inf)
    grid[:5, :5, :5] = 0.0
    wells = examine(trials, interaction, 300.0, pockets_of(grid, 0.0))
    assert wells.blocked.any()
    np.testing.assert_array_equal(wells.suspected, wells.blocked)
    place = int(np.flatnonzero(wells.blocked)[0])
    assert wells.reasons(place) == ("in a pocket that the gas cannot enter",)


@pytest.mark.parametrize(
    ("host", "guest", "share", "near"),
    [
        ("Mg", "O", 1.03, False),  # CO2 at an open metal site
        ("Mg", "O", 0.88, True),
        ("C", "O", 1.03, True),  # as a bond of them is long
        ("O", "H", 1.6, False),  # a short hydrogen bond
        ("O", "H", 1.25, True),
    ],
)
def test_what_touches_is_judged_by_what_it_is(
    host: str, guest: str, share: float, near: bool
) -> None:
    cell = Atoms(host, cell=[EDGE_A] * 3, pbc=True)
    numbers = [atomic_numbers[host], atomic_numbers[guest]]
    distance_A = share * covalent_radii[numbers].sum()
    gas = Gas(guest, Atoms(guest), "one atom")
    interaction = Interaction(framework_of(cell, EDGE_A), gas, AseModel(WithHole(0.0), "hole"))
    trials = Trials(
        Placements(np.array([[0, 0, distance_A], [4.0, 4.0, 4.0]]), np.eye(4)[:2], np.ones(2)),
        energies_eV=np.array([-0.5, 0.0]),
        overlapping=np.zeros(2, dtype=bool),
        rejected=np.zeros(2, dtype=bool),
        audited_eV=np.full(2, np.nan),
    )
    wells = examine(trials, interaction, 300.0)
    assert wells.trials.tolist() == [0]
    assert wells.near.tolist() == [near]
    assert wells.contacts[0] == pytest.approx(share)


def test_the_contact_that_counts_is_the_one_nearest_to_its_limit() -> None:
    # Oxygen at 1.1 of the sum with a metal may be, and at 1.2 with carbon not.
    lengths = [
        share * covalent_radii[[atomic_numbers[host], 8]].sum()
        for host, share in (("Mg", 1.1), ("C", 1.2))
    ]
    cell = Atoms("MgC", [[0, 0, 0], [0, 0, sum(lengths)]], cell=[EDGE_A] * 3, pbc=True)
    gas = Gas("O", Atoms("O"), "one atom")
    interaction = Interaction(framework_of(cell, EDGE_A), gas, AseModel(WithHole(0.0), "hole"))
    trials = Trials(
        Placements(np.array([[0, 0, lengths[0]], [4.0] * 3]), np.eye(4)[:2], np.ones(2)),
        energies_eV=np.array([-0.5, 0.0]),
        overlapping=np.zeros(2, dtype=bool),
        rejected=np.zeros(2, dtype=bool),
        audited_eV=np.full(2, np.nan),
    )
    wells = examine(trials, interaction, 300.0)
    assert wells.near[0]
    assert wells.reasons(0)[0] == "atoms at 1.20 of the sum of their covalent radii"


class WithoutForces(WithHole):
    """One that has energies only."""

    implemented_properties = ("energy",)


def test_a_model_without_forces_is_no_false_well() -> None:
    trials, interaction = sampled(0.0)
    interaction.model = AseModel(WithoutForces(0.0), "energies only")
    cleaned = without_wells(trials, interaction, 300.0)
    assert cleaned.n_suspected == 0
    assert cleaned.examined.unknown.all()
    assert 0.1 < cleaned.share_examined < 1
