"""Relaxations that leave saddle points."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk, molecule

from nearsight.hessian.matrix import hessian
from nearsight.relaxation import Relaxation, RelaxationSettings, relax
from nearsight.vibrations.minimum import relax_to_minimum
from nearsight.vibrations.modes import vibrations


@pytest.fixture(scope="module")
def saddle():
    """An atom of a metal half way into a vacancy, where symmetry leaves it no force to fall."""
    metal = bulk("Mg", "fcc", a=3.75, cubic=True).repeat(2)
    neighbour = 1 + int(np.argmin(metal.get_distances(0, range(1, len(metal)), mic=True)))
    metal.positions[neighbour] -= metal.get_distance(0, neighbour, mic=True, vector=True) / 2
    del metal[0]
    return metal


def test_a_saddle_point_is_left_for_the_minimum_below(saddle, pair_model):
    settings = RelaxationSettings(fmax_eV_per_A=1e-3, cell="fixed")
    held = relax(saddle, pair_model(), settings)
    assert held.converged
    assert vibrations(hessian(held.atoms, pair_model())).n_imaginary > 0
    found = relax_to_minimum(saddle, pair_model(), settings)
    assert found.converged
    assert vibrations(hessian(found.atoms, pair_model())).n_imaginary == 0
    assert found.energy_after_eV < held.energy_after_eV - 0.1
    assert found.energy_before_eV == held.energy_before_eV
    assert found.n_steps > held.n_steps
    assert "ended on a saddle point and followed imaginary modes: " in found.warnings[0]
    assert "meV/atom" in found.warnings[0]
    # the atom that was half way falls into the vacancy: a perfect crystal with one vacancy
    vacancy = bulk("Mg", "fcc", a=3.75, cubic=True).repeat(2)
    del vacancy[0]
    expected = relax(vacancy, pair_model(), settings)
    assert found.energy_after_eV == pytest.approx(expected.energy_after_eV, abs=1e-3)


def test_a_minimum_is_left_alone(pair_model):
    crystal = bulk("MgO", "rocksalt", a=3.7, cubic=True)
    found = relax_to_minimum(crystal, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-4))
    plain = relax(crystal, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-4))
    assert found.warnings == plain.warnings == ()
    assert found.n_steps == plain.n_steps
    np.testing.assert_array_equal(found.atoms.positions, plain.atoms.positions)


def test_a_single_atom_has_no_mode_to_follow(pair_model):
    metal = bulk("Mg", "fcc", a=3.75)
    found = relax_to_minimum(metal, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-4))
    assert found.converged
    assert found.warnings == ()


def test_an_imaginary_mode_that_is_left_is_told(saddle, pair_model):
    found = relax_to_minimum(
        saddle, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-3, cell="fixed"), most_rounds=0
    )
    assert "after 0 rounds at least one imaginary mode is left (" in found.warnings[-1]
    assert found.followed == ()
    [wavenumber] = found.imaginary_per_cm
    assert f"({wavenumber:.1f} cm⁻¹)" in found.warnings[-1]
    dense = vibrations(hessian(found.atoms, pair_model()))
    assert wavenumber == pytest.approx(dense.wavenumbers_per_cm[0], abs=0.5)
    by_hessian = relax_to_minimum(
        saddle,
        pair_model(),
        RelaxationSettings(fmax_eV_per_A=1e-3, cell="fixed"),
        most_rounds=0,
        hessian_of=lambda atoms: hessian(atoms, pair_model()),
    )
    expected = dense.wavenumbers_per_cm[: dense.n_imaginary]
    assert by_hessian.imaginary_per_cm == pytest.approx(expected, abs=1e-6)
    assert f"after 0 rounds {len(expected)} imaginary mode" in by_hessian.warnings[-1]


def test_what_was_followed_is_data(saddle, pair_model, tmp_path):
    settings = RelaxationSettings(fmax_eV_per_A=1e-3, cell="fixed")
    held = relax(saddle, pair_model(), settings)
    assert held.followed == ()
    assert held.imaginary_per_cm is None  # nobody has looked
    found = relax_to_minimum(saddle, pair_model(), settings)
    lowest = vibrations(hessian(held.atoms, pair_model())).wavenumbers_per_cm[0]
    assert [mode.round for mode in found.followed] == list(range(1, len(found.followed) + 1))
    assert found.followed[0].wavenumber_per_cm == pytest.approx(lowest, abs=0.5)
    assert found.followed[0].n_imaginary is None
    gained_eV = sum(mode.energy_gain_eV for mode in found.followed)
    assert gained_eV == pytest.approx(held.energy_after_eV - found.energy_after_eV, abs=1e-9)
    assert found.imaginary_per_cm == ()
    assert found.provenance.settings["follow_imaginary"] is True
    by_hessian = relax_to_minimum(
        saddle, pair_model(), settings, hessian_of=lambda atoms: hessian(atoms, pair_model())
    )
    n_imaginary = vibrations(hessian(held.atoms, pair_model())).n_imaginary
    assert by_hessian.followed[0].n_imaginary == n_imaginary
    found.save(tmp_path / "r.npz")
    assert Relaxation.load(tmp_path / "r.npz").followed == found.followed


def test_an_interrupted_search_goes_on_with_what_it_followed(saddle, pair_model, tmp_path):
    class Stopping:
        """The pair potential, until it is asked once too often."""

        def __init__(self, most_calls):
            self.model, self.left = pair_model(), most_calls
            self.identity, self.capabilities = self.model.identity, self.model.capabilities
            self.linearize, self.rows = self.model.linearize, self.model.rows

        def evaluate(self, structures, *, stress=False):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return self.model.evaluate(structures, stress=stress)

    settings = RelaxationSettings(fmax_eV_per_A=1e-3, cell="fixed")
    counted = Stopping(10**6)
    whole = relax_to_minimum(saddle, counted, settings)
    n_calls = 10**6 - counted.left
    path = tmp_path / "relaxation"
    with pytest.raises(KeyboardInterrupt):
        relax_to_minimum(saddle, Stopping(n_calls - 3), settings, checkpoint=path)
    resumed = relax_to_minimum(saddle, pair_model(), settings, checkpoint=path)
    assert len(resumed.followed) == len(whole.followed)
    for ours, theirs in zip(resumed.followed, whole.followed, strict=True):
        assert ours.round == theirs.round
        assert ours.wavenumber_per_cm == pytest.approx(theirs.wavenumber_per_cm, abs=1e-3)
        assert ours.energy_gain_eV == pytest.approx(theirs.energy_gain_eV, abs=1e-5)
    assert resumed.energy_before_eV == whole.energy_before_eV


def test_rounds_go_on_where_they_were(saddle, pair_model, tmp_path):
    path = Path(tmp_path / "relaxation")
    settings = RelaxationSettings(fmax_eV_per_A=1e-3, cell="fixed")
    found = relax_to_minimum(saddle, pair_model(), settings, checkpoint=path)
    assert {file.name for file in tmp_path.iterdir()} >= {
        "relaxation",
        "relaxation.modes-0",
        "relaxation.round-0",
    }
    again = relax_to_minimum(saddle, pair_model(), settings, checkpoint=path)
    np.testing.assert_allclose(again.atoms.positions, found.atoms.positions, atol=1e-9)
    assert again.n_steps == found.n_steps


def test_modes_can_be_those_of_a_hessian_that_is_wanted_anyway(saddle, pair_model):
    computed = []

    def hessian_of(atoms):
        computed.append(hessian(atoms, pair_model()))
        return computed[-1]

    settings = RelaxationSettings(fmax_eV_per_A=1e-3, cell="fixed")
    found = relax_to_minimum(saddle, pair_model(), settings, hessian_of=hessian_of)
    by_products = relax_to_minimum(saddle, pair_model(), settings)
    assert found.energy_after_eV == pytest.approx(by_products.energy_after_eV, abs=1e-3)
    assert [vibrations(each).n_imaginary > 0 for each in computed] == [True, False]
    np.testing.assert_array_equal(computed[-1].atoms.positions, found.atoms.positions)


@pytest.fixture
def boxed():
    """A molecule that turns freely: loosely relaxed, its rotations have imaginary wavenumbers."""
    atoms = molecule("CO", cell=[9, 9, 9], pbc=True)
    atoms.rattle(0.01, seed=1)
    return atoms


def test_molecule_that_turns_in_its_box_has_nothing_to_follow(boxed, pair_model):
    settings = RelaxationSettings(fmax_eV_per_A=0.05, cell="fixed")
    held = relax(boxed, pair_model(), settings)
    assert vibrations(hessian(held.atoms, pair_model())).n_imaginary == 0
    found = relax_to_minimum(boxed, pair_model(), settings)
    assert found.warnings == held.warnings
    np.testing.assert_array_equal(found.atoms.positions, held.atoms.positions)


def test_noise_is_not_followed(boxed, pair_model):
    computed = []

    def held_hessian(atoms):
        """Not knowing that nothing holds the molecule: its rotations are modes."""
        return replace(hessian(atoms, pair_model()), reach_A=None)

    def hessian_of(atoms):
        computed.append(held_hessian(atoms))
        return computed[-1]

    settings = RelaxationSettings(fmax_eV_per_A=0.05, cell="fixed")
    held = relax(boxed, pair_model(), settings)
    assert vibrations(held_hessian(held.atoms)).n_imaginary > 0
    found = relax_to_minimum(boxed, pair_model(), settings, hessian_of=hessian_of)
    (warning,) = found.warnings
    assert "flat within the accuracy of the relaxation. Use a smaller `fmax_eV_per_A`" in warning
    assert "saddle point" not in warning
    # one round, and then the structure whose Hessian is known
    (known,) = computed
    np.testing.assert_array_equal(found.atoms.positions, held.atoms.positions)
    np.testing.assert_array_equal(found.atoms.positions, known.atoms.positions)
    assert found.energy_after_eV == held.energy_after_eV
    # what it says holds: at rest a rotation has no curvature, and the energy is the same
    rest = relax(boxed, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-8, cell="fixed"))
    lowest = vibrations(held_hessian(rest.atoms)).wavenumbers_per_cm[0]
    assert lowest == pytest.approx(0, abs=0.1)
    assert rest.energy_after_eV == pytest.approx(found.energy_after_eV, abs=1e-4)
