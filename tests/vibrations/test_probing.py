"""Probed heat capacities: against all modes, in every convention, and within their error bars."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk
from numpy.testing import assert_allclose

from nearsight import units
from nearsight.errors import MethodError
from nearsight.hessian.matrix import hessian
from nearsight.hessian.products.operator import HessianOperator
from nearsight.models.engines.torch_model import TorchModel
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.vibrations.lowest import lowest_modes
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.probing import convergence_rate, probe_heat_capacity, steps_needed
from nearsight.vibrations.thermodynamics import thermodynamics

KB = units.BOLTZMANN_EV_PER_K
STABLE_A = 3.7494662305  # where rocksalt has its lowest energy with the pair potential
TEMPERATURES = [150.0, 300.0]


@pytest.fixture(scope="module")
def solid():
    return bulk("MgO", "rocksalt", a=STABLE_A, cubic=True).repeat(3)


@pytest.fixture(scope="module")
def whole(solid, pair_model):
    return hessian(solid, pair_model())


@pytest.fixture(scope="module")
def modes(whole):
    return vibrations(whole)


@pytest.fixture(scope="module")
def probe(solid, pair_model):
    def run(temperatures=TEMPERATURES, acoustic="classical", **settings):
        operator = HessianOperator(solid, pair_model(), "analytic")
        return probe_heat_capacity(operator, temperatures, acoustic, **settings)

    return run


@pytest.mark.parametrize("acoustic", ["classical", "exclude"])
def test_probing_gives_the_sum_over_all_modes(modes, probe, acoustic):
    assert modes.n_imaginary == 0
    expected = thermodynamics(modes, TEMPERATURES, acoustic).heat_capacity_eV_per_K
    found = probe(acoustic=acoustic)
    assert (np.abs(found.heat_capacity_eV_per_K - expected) < found.error_bar_eV_per_K).all()
    relative = found.error_bar_eV_per_K / expected
    assert relative[0] < 0.01
    assert relative[1] < 1e-3
    assert found.n_products == 3 * found.n_colours * found.n_steps
    assert found.highest_wavenumber_per_cm == pytest.approx(modes.wavenumbers_per_cm[-1], rel=0.02)
    assert found.n_rigid_body == 3


def test_rigid_motions_count_as_computed(pair_energy):
    class Tethered(pair_energy):
        def energy(self, graph, positions, strain):
            tethers = 0.25 * (positions - positions.detach()).square().sum(-1)
            return super().energy(graph, positions, strain) + tethers

    atoms = bulk("MgO", "rocksalt", a=STABLE_A, cubic=True).repeat(2)
    model = TorchModel(Tethered())
    dense = vibrations(hessian(atoms, model))
    assert dense.rigid_body_wavenumbers_per_cm.min() > 50
    computed, excluded = (
        probe_heat_capacity(HessianOperator(atoms, model), 100.0, convention, radius_A=3.7)
        for convention in ("as-computed", "exclude")
    )
    x = units.mode_energies(dense.rigid_body_eigenvalues_eV_per_A2_amu) / (KB * 100.0)
    rigid = KB * ((x / 2 / np.sinh(x / 2)) ** 2).sum()
    assert (computed.heat_capacity_eV_per_K - excluded.heat_capacity_eV_per_K) == pytest.approx(
        rigid, rel=1e-9
    )
    assert computed.n_products == excluded.n_products + 3


def test_a_scale_factor_is_a_scale_of_temperature(probe):
    scaled, warmer = probe(200.0, scale_factor=0.8), probe(250.0)
    assert_allclose(scaled.heat_capacity_eV_per_K, warmer.heat_capacity_eV_per_K, rtol=1e-12)
    assert (scaled.temperatures_K, scaled.scale_factor) == ([200.0], 0.8)


def test_summary_and_structure_hold_what_was_found(probe):
    found = probe()
    summary = found.spectrum_summary()
    assert summary["method"] == "probing"
    assert summary["products"] == found.n_products == 3 * found.n_colours * found.n_steps
    assert (summary["colours"], summary["lanczos_steps"]) == (found.n_colours, found.n_steps)
    assert summary["probing_radius_A"] == 4.0
    rows = found.heat_capacity_summary()
    errors = [row["standard_error_J_per_g_K"] for row in rows]
    assert summary["standard_error_J_per_g_K"] == max(errors)
    per_gram = [row["J_per_g_K"] for row in rows]
    assert_allclose(
        np.array(errors) / per_gram, found.standard_error_eV_per_K / found.heat_capacity_eV_per_K
    )
    assert found.node_weights.sum() == pytest.approx(3 * found.n_atoms)
    warm = found.to_ase(1)
    total = warm.arrays["heat_capacity_J_per_molatom_K"].sum() / found.n_atoms
    assert total == pytest.approx(found.heat_capacity_J_per_molatom_K[1])
    assert warm.info["temperature_K"] == 300.0


def test_more_steps_and_a_wider_radius_converge_to_the_sum_over_all_modes(modes, probe):
    expected = thermodynamics(modes, 100.0, "classical").heat_capacity_eV_per_K[0]
    rough = probe(100.0, n_steps=3)
    fine = probe(100.0, n_steps=16, radius_A=5.6)
    assert abs(rough.heat_capacity_eV_per_K[0] / expected - 1) > 1e-3
    assert abs(fine.heat_capacity_eV_per_K[0] - expected) < fine.error_bar_eV_per_K[0]
    assert fine.error_bar_eV_per_K[0] < 0.5 * rough.error_bar_eV_per_K[0]


def test_error_bars_hold_what_they_promise(solid, whole, modes, pair_model):
    """Statistics of thirty runs, whose products are those of the whole matrix."""

    class OfTheMatrix(HessianOperator):
        def products(self, vectors):
            return np.tensordot(vectors, whole.matrix_eV_per_A2, 2)

    expected = thermodynamics(modes, 150.0, "classical").heat_capacity_eV_per_K[0]
    operator = OfTheMatrix(solid, pair_model(), "analytic")
    runs = [
        probe_heat_capacity(operator, 150.0, "classical", seed=seed, n_steps=8)
        for seed in range(30)
    ]
    errors = np.array([run.heat_capacity_eV_per_K[0] - expected for run in runs])
    claimed = np.array([run.standard_error_eV_per_K[0] for run in runs])
    bars = np.array([run.error_bar_eV_per_K[0] for run in runs])
    assert np.sqrt((errors**2).mean() / (claimed**2).mean()) == pytest.approx(1.0, abs=0.35)
    assert (np.abs(errors) < bars).sum() >= 27
    # and the colours add no bias
    assert abs(errors.mean()) < 3 * errors.std(ddof=1) / np.sqrt(30)


def test_bias_of_too_few_steps_is_of_the_size_that_is_stated(modes, probe):
    [few, many] = [probe(60.0, n_steps=n, radius_A=5.6) for n in (6, 20)]
    change = abs(few.heat_capacity_eV_per_K - many.heat_capacity_eV_per_K)[0]
    assert change > 1e-4 * many.heat_capacity_eV_per_K[0]
    assert change < 3 * few.bias_estimate_eV_per_K[0]
    assert few.bias_estimate_eV_per_K[0] < 10 * change


def test_atoms_share_the_heat_as_they_move_in_the_modes(modes, probe):
    found = probe(acoustic="exclude", radius_A=5.6)
    assert_allclose(
        found.atomic_heat_capacities_eV_per_K.sum(axis=1), found.heat_capacity_eV_per_K, rtol=1e-12
    )
    quanta = units.mode_energies(modes.eigenvalues_eV_per_A2_amu) / (KB * 300.0)
    heat = (quanta / 2 / np.sinh(quanta / 2)) ** 2
    expected = KB * np.einsum("k,kac->a", heat, modes.modes**2)
    assert_allclose(found.atomic_heat_capacities_eV_per_K[1], expected, rtol=0.02)


def test_molecules_have_six_rigid_motions(pair_model):
    model = pair_model()
    corners = 2.5 * np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]]) / np.sqrt(2)
    atoms = relax(
        Atoms("Mg3Si", positions=corners), model, RelaxationSettings(fmax_eV_per_A=1e-5)
    ).atoms
    dense = vibrations(hessian(atoms, model))
    assert dense.n_imaginary == 0
    found = probe_heat_capacity(HessianOperator(atoms, model), 400.0, "exclude", radius_A=20.0)
    expected = thermodynamics(dense, 400.0, "exclude").heat_capacity_eV_per_K
    # Every atom has a colour of its own: nothing is left to chance.
    assert found.standard_error_eV_per_K[0] < 1e-3 * expected[0]
    assert_allclose(found.heat_capacity_eV_per_K, expected, rtol=3e-4)
    assert found.n_rigid_body == 6


def test_number_of_steps_follows_temperature_and_stiffness():
    carbon_hydrogen = units.eigenvalues_from_wavenumbers(3100.0)
    assert convergence_rate(300.0, carbon_hydrogen) == pytest.approx(2.3, abs=0.05)
    assert convergence_rate(100.0, carbon_hydrogen) == pytest.approx(1.3, abs=0.05)
    assert steps_needed(300.0, carbon_hydrogen) == 6
    assert steps_needed(100.0, carbon_hydrogen) in {17, 18}
    with pytest.raises(MethodError, match=r"at 20 K probing would need \d+ Lanczos steps"):
        steps_needed(20.0, carbon_hydrogen)


def test_interrupted_probing_goes_on(solid, pair_model, tmp_path):
    whole = probe_heat_capacity(HessianOperator(solid, pair_model(), "analytic"), 300.0)
    path = tmp_path / "products"

    class Stopping(HessianOperator):
        def products(self, vectors):
            if self.n_products > 60:
                raise KeyboardInterrupt
            return super().products(vectors)

    with pytest.raises(KeyboardInterrupt):
        probe_heat_capacity(Stopping(solid, pair_model(), "analytic"), 300.0, checkpoint=path)
    again = HessianOperator(solid, pair_model(), "analytic")
    found = probe_heat_capacity(again, 300.0, checkpoint=path)
    assert again.n_products < whole.n_products - 30
    assert found.n_products == whole.n_products
    assert_allclose(found.heat_capacity_eV_per_K, whole.heat_capacity_eV_per_K, rtol=1e-10)


def test_differences_agree_with_analytic_products(solid, pair_model, probe):
    found = probe_heat_capacity(
        HessianOperator(solid, pair_model(), "differences"), 300.0, "classical"
    )
    exact = probe(300.0)
    assert_allclose(found.heat_capacity_eV_per_K, exact.heat_capacity_eV_per_K, rtol=1e-5)
    assert found.method.name == "differences"
    assert found.difference_error is not None
    assert 0 < found.difference_error < 1e-4


def test_imaginary_modes_beyond_the_continuation_are_refused(pair_model):
    stretched = bulk("MgO", "rocksalt", a=4.6, cubic=True).repeat(3)
    operator = HessianOperator(stretched, pair_model(), "analytic")
    with pytest.raises(MethodError, match="it is not at a minimum of this model"):
        probe_heat_capacity(operator, 40.0, n_steps=8)


def test_imaginary_modes_that_were_found_are_taken_off(solid, pair_energy):
    # An atom that is held by springs that push: three imaginary modes, which stay where they are.
    class Pushed(pair_energy):
        def energy(self, graph, positions, strain):
            push = -20.0 * (positions - positions.detach())[:1].square().sum(-1)
            energies = super().energy(graph, positions, strain)
            return torch.cat([energies[:1] + push, energies[1:]])

    model = TorchModel(Pushed())
    dense = vibrations(hessian(solid, model, row_symmetry_A=None))
    assert 1 <= dense.n_imaginary <= 3
    expected = thermodynamics(dense, 300.0, "exclude").heat_capacity_eV_per_K[0]
    lowest = lowest_modes(HessianOperator(solid, model, "analytic"), 5)
    assert np.count_nonzero(lowest.imaginary) == dense.n_imaginary
    operator = HessianOperator(solid, model, "analytic")
    with_them = probe_heat_capacity(operator, 300.0, "exclude")
    without = probe_heat_capacity(operator, 300.0, "exclude", lowest=lowest)
    assert with_them.n_imaginary is None
    assert without.n_imaginary == dense.n_imaginary
    assert without.n_products == with_them.n_products + lowest.n_products
    assert abs(without.heat_capacity_eV_per_K[0] - expected) < without.error_bar_eV_per_K[0]
    assert with_them.heat_capacity_eV_per_K[0] - expected > 0.9 * dense.n_imaginary * KB
    assert "imaginary modes (" in without.warnings[0]
    few = replace(
        lowest,
        **{
            name: getattr(lowest, name)[:1]
            for name in ("eigenvalues_eV_per_A2_amu", "modes", "residuals_eV_per_A2_amu")
        },
    )
    found = probe_heat_capacity(operator, 300.0, "exclude", lowest=few)
    assert "there may be more" in found.warnings[-1]


def test_at_0_K_the_heat_capacity_is_zero_and_the_others_stay(probe):
    alone, together = probe([20.0, 300.0]), probe([20.0, 0.0, 300.0])
    assert together.temperatures_K.tolist() == [20.0, 0.0, 300.0]
    for name in (
        "heat_capacity_eV_per_K",
        "standard_error_eV_per_K",
        "bias_estimate_eV_per_K",
        "atomic_heat_capacities_eV_per_K",
    ):
        values = getattr(together, name)
        assert not np.any(values[1])
        assert np.array_equal(values[[0, 2]], getattr(alone, name))


def test_bad_settings_are_refused(probe):
    with pytest.raises(MethodError, match="above 0 K"):
        probe(0.0)
    with pytest.raises(MethodError, match="no convention"):
        probe(300.0, "free")
    with pytest.raises(MethodError, match="half the width"):
        probe(300.0, radius_A=6.0)
    with pytest.raises(MethodError, match="take a higher temperature"):
        probe(5.0)
    with pytest.raises(MethodError, match=r"1 Lanczos steps tell nothing .* take 2 or more"):
        probe(300.0, n_steps=1)
