"""Spectra of velocities have their lines where modes are, as many as there are, and no others."""

import numpy as np
import pytest
from ase.build import bulk
from matplotlib.figure import Figure
from scipy.integrate import trapezoid

from nearsight.charts.chart import overlaid
from nearsight.dynamics.analysis.velocity_correlation import (
    CM_PER_FS,
    velocity_correlation,
    velocity_spectrum,
)
from nearsight.errors import MethodError, NearsightWarning
from nearsight.hessian.matrix import hessian
from nearsight.vibrations.density_of_states import density_of_states
from nearsight.vibrations.modes import vibrations


def oscillating(make_trajectory, wavenumbers_per_cm, masses, *, interval_fs=2.0, n_frames=4000):
    """Each coordinate of each atom at a wavenumber of its own, with k_B T in each."""
    rng = np.random.default_rng(4)
    n_atoms = len(masses)
    times = interval_fs * np.arange(n_frames)[:, np.newaxis, np.newaxis]
    rates = 2 * np.pi * CM_PER_FS * np.asarray(wavenumbers_per_cm).reshape(n_atoms, 3)
    phases = rng.uniform(0, 2 * np.pi, (n_atoms, 3))
    speeds = 0.01 / np.sqrt(masses)[:, np.newaxis]
    return make_trajectory(
        speeds / rates * np.sin(rates * times + phases),
        interval_fs=interval_fs,
        numbers=[6] * (n_atoms - 1) + [14],
        masses_amu=np.asarray(masses),
        velocities_A_per_fs=speeds * np.cos(rates * times + phases),
    )


def test_one_oscillator_has_a_cosine_and_a_line_at_its_frequency(make_trajectory) -> None:
    trajectory = oscillating(make_trajectory, [500.0] * 3, [12.0])
    correlation = velocity_correlation(trajectory, longest_fs=1000.0)
    expected = np.cos(2 * np.pi * CM_PER_FS * 500.0 * correlation.times_fs)
    np.testing.assert_allclose(correlation.total, expected, atol=0.03)
    spectrum = velocity_spectrum(trajectory, width_per_cm=10.0, n_degrees=3)
    grid = spectrum.wavenumbers_per_cm
    assert grid[np.argmax(spectrum.total_cm)] == pytest.approx(500.0, abs=2.0)
    line = 3 * np.exp(-0.5 * ((grid - 500) / 10) ** 2) / (10 * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(spectrum.total_cm, line, atol=0.03 * line.max())


def test_the_integral_is_the_number_of_degrees_and_equipartition_shares_it(make_trajectory) -> None:
    lines = [200.0, 350.0, 500.0, 650.0, 800.0, 1000.0]
    trajectory = oscillating(make_trajectory, lines, [12.0, 28.0])
    spectrum = velocity_spectrum(trajectory, width_per_cm=8.0)
    grid = spectrum.wavenumbers_per_cm
    assert spectrum.n_degrees == 6
    assert trapezoid(spectrum.total_cm, grid) == pytest.approx(6, rel=1e-3)
    for symbol, own in (("C", lines[:3]), ("Si", lines[3:])):
        part = spectrum.by_element_cm[symbol]
        assert trapezoid(part, grid) == pytest.approx(3, rel=0.03)
        for line in own:
            near = np.abs(grid - line) < 40
            assert trapezoid(part[near], grid[near]) == pytest.approx(1, rel=0.08)
    np.testing.assert_allclose(sum(spectrum.by_element_cm.values()), spectrum.total_cm, atol=1e-12)


def test_harmonic_motion_has_the_density_of_states_of_its_modes(make_trajectory, emt) -> None:
    atoms = bulk("Cu", a=3.78, cubic=True)
    atoms.symbols[0] = "Au"
    modes = vibrations(hessian(atoms, emt, progress=False))
    assert modes.wavenumbers_per_cm.min() > 30
    rng = np.random.default_rng(9)
    n_modes, interval, masses = modes.n_modes, 1.5, atoms.get_masses()
    rates = 2 * np.pi * CM_PER_FS * modes.wavenumbers_per_cm
    times = interval * np.arange(16_000)[:, np.newaxis]
    motion = np.cos(rates * times + rng.uniform(0, 2 * np.pi, n_modes))
    velocities = np.einsum("fk,kai->fai", motion, modes.modes) / np.sqrt(masses)[:, np.newaxis]
    trajectory = make_trajectory(
        np.zeros_like(velocities),
        interval_fs=interval,
        numbers=atoms.numbers.tolist(),
        masses_amu=masses,
        velocities_A_per_fs=1e-3 * velocities,
    )
    with_motion = velocity_spectrum(trajectory, width_per_cm=2.0)
    assert with_motion.n_degrees == pytest.approx(n_modes) == 9
    harmonic = density_of_states(modes, 2.0, with_motion.wavenumbers_per_cm)
    highest = harmonic.total_cm.max()
    np.testing.assert_allclose(with_motion.total_cm, harmonic.total_cm, atol=0.03 * highest)
    for symbol, part in harmonic.by_element_cm.items():
        np.testing.assert_allclose(with_motion.by_element_cm[symbol], part, atol=0.03 * highest)
    both = overlaid([harmonic.chart(), with_motion.chart()])
    assert {"total", "total in motion"} <= set(both.series)


def test_diffusion_is_the_spectrum_at_zero(make_trajectory) -> None:
    # Velocities of free Langevin particles remember for 1/γ: the spectrum is a Lorentzian.
    rng = np.random.default_rng(5)
    tau, interval, n_frames = 200.0, 5.0, 4000
    decay = np.exp(-interval / tau)
    velocities = rng.standard_normal((n_frames, 60, 3))
    velocities[1:] *= np.sqrt(1 - decay**2)
    for index in range(1, n_frames):
        velocities[index] += decay * velocities[index - 1]
    trajectory = make_trajectory(
        np.zeros_like(velocities), interval_fs=interval, velocities_A_per_fs=velocities
    )
    correlation = velocity_correlation(trajectory, longest_fs=600.0)
    np.testing.assert_allclose(correlation.total, np.exp(-correlation.times_fs / tau), atol=0.05)
    spectrum = velocity_spectrum(trajectory, width_per_cm=3.0, n_degrees=180)
    # D = ∫ <v(0)v(t)> dt: here 4 c τ for each degree, but for what the width takes away.
    assert spectrum.total_cm[0] == pytest.approx(180 * 4 * CM_PER_FS * tau, rel=0.15)


def test_frames_that_are_too_far_apart_or_too_few_are_told(make_trajectory) -> None:
    sparse = oscillating(make_trajectory, [100.0] * 6, [1.0, 28.0], interval_fs=10.0, n_frames=900)
    with pytest.warns(NearsightWarning, match=r"up to 1668 cm⁻¹.*every 4\.2 fs for up to 4000"):
        velocity_spectrum(sparse)
    short = oscillating(make_trajectory, [100.0] * 3, [12.0], n_frames=200)
    with pytest.raises(MethodError, match=r"needs correlations over 2124 fs.*`width_per_cm` of 54"):
        velocity_spectrum(short)
    velocity_spectrum(short, width_per_cm=54.0)


def test_what_is_no_motion_is_refused(make_trajectory) -> None:
    still = np.zeros((50, 2, 3))
    with pytest.raises(MethodError, match="has no velocities"):
        velocity_correlation(make_trajectory(still))
    with pytest.raises(MethodError, match="all velocities are zero"):
        velocity_correlation(make_trajectory(still, velocities_A_per_fs=still))
    moving = make_trajectory(still, velocities_A_per_fs=still + 1.0)
    with pytest.raises(MethodError, match="is not between"):
        velocity_correlation(moving, longest_fs=50.0)
    for width in (0.0, -1.0, np.inf):
        with pytest.raises(MethodError, match="positive width"):
            velocity_spectrum(moving, width_per_cm=width)


def test_both_are_drawn(make_trajectory) -> None:
    trajectory = oscillating(make_trajectory, [300.0] * 6, [12.0, 28.0])
    velocity_correlation(trajectory).plot(Figure().add_subplot())
    axes = Figure().add_subplot()
    velocity_spectrum(trajectory).plot(axes)
    assert axes.get_xlabel() == "wavenumber / cm⁻¹"
