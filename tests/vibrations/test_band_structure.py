"""Bands: against closed forms, other settings of the same crystal, and what paths must be."""

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from scipy import constants as si

from nearsight.errors import StructureError
from nearsight.hessian.force_constants import force_constants
from nearsight.hessian.matrix import hessian
from nearsight.hessian.supercell_hessian import from_hessian
from nearsight.structures.supercell import make_general_supercell
from nearsight.vibrations.band_structure import band_structure

FCC_A = 4.02  # second neighbours just beyond the range of the pair potential
STABLE_A = 3.7494662305  # where rocksalt has its lowest energy with the pair potential
COULOMB_eV_A = si.e / (4 * np.pi * si.epsilon_0) * 1e10
FCC_IN_CUBIC = np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]])


@pytest.fixture(scope="module")
def of_fcc(pair_model):
    return force_constants(bulk("Mg", "fcc", a=FCC_A), pair_model(), (4, 4, 4), method="rows")


@pytest.fixture(scope="module")
def bands_of_fcc(of_fcc):
    return band_structure(of_fcc)


@pytest.fixture(scope="module")
def rocksalt():
    return bulk("MgO", "rocksalt", a=STABLE_A)


@pytest.fixture(scope="module")
def bands_of_rocksalt(rocksalt, pair_model):
    return band_structure(force_constants(rocksalt, pair_model(), (3, 3, 3), method="rows"))


def between(bands, start, end):
    """Return the first segment between two labels."""
    return next(s for s in bands.segments if (s.start, s.end) == (start, end))


def at(bands, label):
    """Return the frequencies at a labelled point, of every segment that touches it."""
    starts = [s.frequencies_THz[0] for s in bands.segments if s.start == label]
    ends = [s.frequencies_THz[-1] for s in bands.segments if s.end == label]
    return np.array(starts + ends)


# Closed forms


def test_nearest_neighbours_of_fcc_have_their_dispersion(bands_of_fcc, pair_model):
    """Born and von Kármán's model of one neighbour shell, its two constants from a dimer."""
    dimer = Atoms("Mg2", positions=[[0, 0, 0], [FCC_A / np.sqrt(2), 0, 0]])
    block = -hessian(dimer, pair_model(), method="rows").matrix_eV_per_A2[0, :, 1]
    along, across = block[0, 0], block[1, 1]
    mass = dimer.get_masses()[0]
    to_x = between(bands_of_fcc, "Γ", "X")
    squares = np.sin(np.linspace(0, np.pi / 2, len(to_x.qpoints))) ** 2
    transverse = 4 * (along + 3 * across) / mass * squares
    longitudinal = 8 * (along + across) / mass * squares
    expected = np.stack([transverse, transverse, longitudinal], axis=1)
    assert_allclose(to_x.eigenvalues_eV_per_A2_amu, expected, atol=1e-10)
    at_l = between(bands_of_fcc, "Γ", "L").eigenvalues_eV_per_A2_amu[-1]
    expected = [2 * along + 10 * across] * 2 + [8 * along + 4 * across]
    assert_allclose(at_l, np.array(expected) / mass, atol=1e-10)


def test_born_charges_lift_the_longitudinal_mode_by_their_closed_form(
    rocksalt, pair_model, tmp_path
):
    """Lyddane, Sachs, Teller: Δω² = 4π e² Z² / (ε V μ) as q goes to zero."""
    charge, dielectric = 1.9, 3.1
    one = np.eye(3).ravel()
    tensors = [dielectric * one, charge * one, -charge * one]
    lines = [repr(COULOMB_eV_A), *(" ".join(map(repr, tensor.tolist())) for tensor in tensors)]
    (tmp_path / "BORN").write_text("\n".join(lines) + "\n", encoding="utf-8")
    constants = force_constants(rocksalt, pair_model(), (2, 2, 2), method="rows")
    settings = {"points_per_segment": 301}
    plain = between(band_structure(constants, **settings), "Γ", "X")
    lifted = between(band_structure(constants, nac=tmp_path / "BORN", **settings), "Γ", "X")
    first, second = rocksalt.get_masses()
    by_mass = 1 / first + 1 / second
    expected = 4 * np.pi * COULOMB_eV_A * charge**2 * by_mass / dielectric / rocksalt.get_volume()
    before, after = plain.eigenvalues_eV_per_A2_amu[1], lifted.eigenvalues_eV_per_A2_amu[1]
    assert after[-1] - before[-1] == pytest.approx(expected, rel=1e-3)
    assert_allclose(after[:-1], before[:-1], atol=1e-4)


# What symmetry demands


def test_acoustic_branches_start_at_zero(bands_of_fcc, bands_of_rocksalt):
    for bands in (bands_of_fcc, bands_of_rocksalt):
        assert np.abs(at(bands, "Γ")[:, :3]).max() < 1e-4
        slopes = between(bands, "Γ", "X").frequencies_THz[:3, :3]
        assert_allclose(slopes[2], 2 * slopes[1], rtol=5e-3)


def test_transverse_branches_are_degenerate_along_the_axes(bands_of_rocksalt):
    """Along Γ-X and Γ-L: two transverse acoustic and two transverse optical branches."""
    for label in ("X", "L"):
        values = between(bands_of_rocksalt, "Γ", label).eigenvalues_eV_per_A2_amu
        gaps = np.diff(values, axis=1)
        assert ((gaps < 1e-10).sum(axis=1) >= 2).all()
    triple = at(bands_of_rocksalt, "Γ")[:, 3:]
    assert np.ptp(triple) < 1e-6


def test_point_has_the_same_frequencies_on_every_segment_that_meets_it(bands_of_rocksalt):
    for label in ("Γ", "X", "L", "W"):
        values = at(bands_of_rocksalt, label)
        assert len(values) >= 1
        assert_allclose(values, np.broadcast_to(values[0], values.shape), atol=1e-4)


# Settings


@pytest.mark.parametrize(
    "basis",
    [
        [[1, 1, 0], [0, 1, 0], [0, 0, 1]],
        [[1, 0, 0], [2, 1, 0], [-1, 1, 1]],
        [[0, 1, 0], [0, 0, 1], [1, 0, 0]],
    ],
)
def test_bands_do_not_depend_on_the_setting(
    rocksalt, pair_model, bands_of_rocksalt, turn, *, basis
):
    skewed = make_general_supercell(rocksalt, basis)
    skewed.translate([0.3, -1.2, 0.7])
    skewed.positions = skewed.positions @ turn
    skewed.cell = skewed.cell.array @ turn
    skewed.wrap()
    found = band_structure(force_constants(skewed, pair_model(), (3, 3, 3), method="rows"))
    assert found.path == bands_of_rocksalt.path
    for one, other in zip(found.segments, bands_of_rocksalt.segments, strict=True):
        assert_allclose(one.eigenvalues_eV_per_A2_amu, other.eigenvalues_eV_per_A2_amu, atol=1e-8)
        assert_allclose(one.distances_per_A, other.distances_per_A, atol=1e-8)


def test_conventional_cell_has_the_bands_of_the_primitive_cell(rocksalt, pair_model):
    cubic = bulk("MgO", "rocksalt", a=STABLE_A, cubic=True)
    small = force_constants(rocksalt, pair_model(), 2 * FCC_IN_CUBIC, method="rows")
    large = force_constants(cubic, pair_model(), (2, 2, 2), method="rows")
    for one, other in zip(
        band_structure(small).segments, band_structure(large).segments, strict=True
    ):
        assert (one.start, one.end) == (other.start, other.end)
        assert_allclose(one.eigenvalues_eV_per_A2_amu, other.eigenvalues_eV_per_A2_amu, atol=1e-8)


def test_triclinic_crystal_without_symmetry_has_a_path(spring_crystal):
    bands = band_structure(from_hessian(spring_crystal()))
    assert "Γ" in bands.path
    assert len(bands.segments) >= 3
    values = at(bands, "Γ")
    assert values.shape[1] == 12
    assert np.abs(values[:, :3]).max() < 1e-3
    assert bands.warnings == ()


# Paths


def test_path_of_fcc_is_that_of_the_convention(bands_of_fcc):
    assert bands_of_fcc.path == "Γ-X-U|K-Γ-L-W-X"
    labels = [(segment.start, segment.end) for segment in bands_of_fcc.segments]
    assert labels == [("Γ", "X"), ("X", "U"), ("K", "Γ"), ("Γ", "L"), ("L", "W"), ("W", "X")]


def test_labelled_points_of_fcc_are_where_they_belong(bands_of_fcc, of_fcc):
    reciprocal = of_fcc.primitive_cell.cell.reciprocal()
    lengths = {
        "X": 1.0,
        "L": np.sqrt(3) / 2,
        "W": np.sqrt(5) / 2,
        "U": np.sqrt(1 + 2 / 16),
        "K": np.sqrt(18) / 4,
        "Γ": 0.0,
    }
    for segment in bands_of_fcc.segments:
        for label, point in ((segment.start, 0), (segment.end, -1)):
            length = np.linalg.norm(segment.qpoints[point] @ reciprocal)
            assert length == pytest.approx(lengths[label] / FCC_A, abs=1e-10)


def test_distances_are_those_walked_and_stand_still_where_the_path_jumps(
    bands_of_rocksalt, rocksalt
):
    reciprocal = rocksalt.cell.reciprocal()
    before = 0.0
    for segment in bands_of_rocksalt.segments:
        steps = np.linalg.norm(np.diff(segment.qpoints @ reciprocal, axis=0), axis=1)
        assert_allclose(np.diff(segment.distances_per_A), steps, atol=1e-10)
        assert segment.distances_per_A[0] == pytest.approx(before, abs=1e-10)
        before = segment.distances_per_A[-1]


def test_segments_have_as_many_points_as_asked_for(of_fcc):
    bands = band_structure(of_fcc, points_per_segment=7)
    assert {len(segment.qpoints) for segment in bands.segments} == {7}
    assert {segment.frequencies_THz.shape for segment in bands.segments} == {(7, 3)}


def test_summary_is_json_and_spans_what_is_printed(bands_of_rocksalt):
    summary = json.loads(json.dumps(bands_of_rocksalt.summary(), allow_nan=False))
    assert summary["path"] == bands_of_rocksalt.path
    values = np.array([segment["frequencies_THz"] for segment in summary["segments"]])
    assert values.min() == bands_of_rocksalt.lowest_THz
    assert values.max() == bands_of_rocksalt.highest_THz


@pytest.mark.parametrize(
    ("unit", "axis", "of_THz"),
    [("THz", "frequency / THz", 1), ("cm-1", "wavenumber / cm⁻¹", 33.3564095198)],
)
def test_drawing_labels_every_point_once(bands_of_fcc, unit, axis, of_THz):
    axes = Figure().subplots()
    bands_of_fcc.plot(axes, label="magnesium", unit=unit)
    assert axes.get_ylabel() == axis
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels == ["Γ", "X", "U|K", "Γ", "L", "W", "X"]
    assert len(axes.get_legend_handles_labels()[1]) == 1
    drawn = np.concatenate([line.get_ydata() for line in axes.lines])
    assert drawn.max() == pytest.approx(of_THz * bands_of_fcc.highest_THz)


# What has no path


def test_layer_has_no_bands(pair_model):
    layer = force_constants(graphene(vacuum=6.0), pair_model(), (2, 2, 1), method="rows")
    with pytest.raises(StructureError, match="not periodic in three directions"):
        band_structure(layer)


def test_lattice_between_two_paths_is_remarked_on(pair_model):
    """A cubic cell whose atoms are off their places is triclinic with angles of 90°."""
    atoms = bulk("MgO", "rocksalt", a=STABLE_A, cubic=True)
    atoms.rattle(0.02, seed=2)
    bands = band_structure(force_constants(atoms, pair_model(), (1, 1, 1), method="rows"))
    (warning,) = bands.warnings
    assert "depends on the last digits of the cell" in warning
    assert bands.segments


def test_symmetry_that_seekpath_does_not_find_is_explained(of_fcc, monkeypatch):
    import seekpath

    def lost(*positional, **settings):
        raise seekpath.hpkot.SymmetryDetectionError("spglib is at a loss")

    monkeypatch.setattr(seekpath, "get_path_orig_cell", lost)
    with pytest.raises(StructureError, match=r"at a loss\); symmetrise"):
        band_structure(of_fcc)
