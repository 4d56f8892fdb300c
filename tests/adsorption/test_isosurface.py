"""Surfaces of equal value: spheres, planes, and the free energy of a gas in slanted cells."""

from types import SimpleNamespace

import numpy as np
import pytest
from ase import Atoms

from nearsight.adsorption.isosurface import Mesh, free_energy_surfaces, isosurface
from nearsight.adsorption.placements import Placements
from nearsight.adsorption.trials import Trials
from nearsight.arrays import FloatArray
from nearsight.units import BOLTZMANN_EV_PER_K

TEMPERATURE_K = 300.0
THERMAL_EV = BOLTZMANN_EV_PER_K * TEMPERATURE_K


def area_and_volume(vertices: FloatArray, faces: np.ndarray) -> tuple[float, float]:
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    normals = np.cross(b - a, c - a) / 2
    return float(np.linalg.norm(normals, axis=1).sum()), float((a * normals).sum() / 3)


def sphere(n: int, radius: float) -> Mesh:
    axes = np.arange(n) - (n - 1) / 2 - 0.1
    x, y, z = np.meshgrid(axes, axes, axes, indexing="ij")
    return isosurface(np.sqrt(x**2 + y**2 + z**2), radius)


def test_a_sphere_has_its_area_and_volume() -> None:
    radius = 8.0
    mesh = sphere(23, radius)
    area, volume = area_and_volume(mesh.vertices, mesh.faces)
    assert area == pytest.approx(4 * np.pi * radius**2, rel=0.01)
    assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.01)  # faces look outwards
    distances = np.linalg.norm(mesh.vertices - 11.1, axis=1)
    assert np.abs(distances - radius).max() < 0.05


def test_the_surface_is_closed() -> None:
    """Every edge is one of two faces, once in each direction; Euler's number is that of a ball."""
    mesh = sphere(15, 5.3)
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    directed = {tuple(edge) for edge in edges.tolist()}
    assert len(directed) == len(edges)
    assert all((b, a) in directed for a, b in directed)
    assert len(mesh.vertices) - len(edges) // 2 + len(mesh.faces) == 2


def test_a_linear_function_has_a_flat_surface() -> None:
    x, y, z = np.meshgrid(np.arange(5.0), np.arange(6.0), np.arange(4.0), indexing="ij")
    mesh = isosurface(2 * x - y + 0.5 * z, 1.3)
    assert mesh.vertices @ np.array([2, -1, 0.5]) == pytest.approx(1.3)


@pytest.mark.parametrize("slant", [0.0, 5.0])
def test_half_of_the_molecules_are_within_the_first_surface(slant: float) -> None:
    """A harmonic well in the middle of a slanted cell: balls of known radii around it."""
    cell = np.array([[14.0, 0, 0], [slant, 13.0, 0], [0, -0.5 * slant, 12.0]])
    rng = np.random.default_rng(0)
    fractions = rng.random((200_000, 3))
    places = fractions @ cell
    middle = np.full(3, 0.5) @ cell
    width_A = 1.6
    energies = THERMAL_EV * ((places - middle) ** 2).sum(axis=1) / (2 * width_A**2) - 0.3
    nothing = np.zeros(len(places), dtype=bool)
    trials = Trials(
        Placements(places, np.tile([1.0, 0, 0, 0], (len(places), 1)), np.ones(len(places))),
        energies,
        nothing,
        nothing,
        np.full(len(places), np.nan),
    )
    framework = SimpleNamespace(cell=Atoms(cell=cell, pbc=True))
    sampling = SimpleNamespace(trials=trials, interaction=SimpleNamespace(framework=framework))
    adsorption = SimpleNamespace(
        samplings=(sampling,), henry=(SimpleNamespace(temperature_K=TEMPERATURE_K),)
    )
    half, above = free_energy_surfaces(adsorption)  # type: ignore[arg-type]
    # Of a Gaussian in three dimensions half is within 1.538 widths.
    for surface, radius_A in ((half, 1.538 * width_A), (above, width_A * np.sqrt(1.538**2 + 2))):
        expected_eV = THERMAL_EV * radius_A**2 / (2 * width_A**2) - 0.3
        assert surface.level_eV == pytest.approx(expected_eV, abs=0.12 * THERMAL_EV)
        distances = np.linalg.norm(surface.mesh.vertices @ cell - middle, axis=1)
        assert distances.mean() == pytest.approx(radius_A, abs=0.08)
        assert distances.std() < 0.13
    assert half.share == pytest.approx(0.5, abs=0.01)
    assert above.share == pytest.approx(0.764, abs=0.02)
