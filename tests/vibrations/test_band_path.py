"""Paths of one's own: against dynamical matrices summed by hand, and other cells of a crystal."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.geometry import find_mic
from numpy.testing import assert_allclose

from nearsight.errors import MethodError
from nearsight.hessian.force_constants import force_constants
from nearsight.structures.supercell import make_general_supercell
from nearsight.vibrations.band_path import find_band_path, require_band_path
from nearsight.vibrations.band_structure import band_structure

STABLE_A = 3.7494662305  # where rocksalt has its lowest energy with the pair potential
MONOCLINIC = [[3.1, 0, 0], [0, 3.4, 0], [1.1, 0, 3.6]]
SKEW = [[1, 0, 0], [2, 1, 0], [-1, 1, 1]]


@pytest.fixture(scope="module")
def constants(pair_model):
    """Force constants of rocksalt as a primitive, a conventional and a skewed cell."""
    primitive = bulk("MgO", "rocksalt", a=STABLE_A)
    conventional = bulk("MgO", "rocksalt", a=STABLE_A, cubic=True)
    skewed = make_general_supercell(primitive, SKEW)
    return {
        "primitive": force_constants(primitive, pair_model(), (4, 4, 4), method="rows"),
        "conventional": force_constants(conventional, pair_model(), (2, 2, 2), method="rows"),
        "skewed": force_constants(skewed, pair_model(), (4, 4, 4), method="rows"),
    }


def squares_at(force_constants, wave_vector_per_A):
    """Return ω² of a plane wave with a Cartesian wave vector (without 2π), summed pair by pair."""
    supercell, first = force_constants.supercell, force_constants.primitive_atoms
    masses = supercell.get_masses()
    cell = force_constants.primitive_vectors @ force_constants.unit_cell.cell.array
    matrix = np.zeros((len(first), 3, len(first), 3), dtype=complex)
    for row, atom in enumerate(first):
        vectors, _ = find_mic(
            supercell.positions - supercell.positions[atom], supercell.cell, supercell.pbc
        )
        for other, vector in enumerate(vectors):
            # Which atom of the primitive cell it is an image of.
            apart = (supercell.positions[other] - supercell.positions[first]) @ np.linalg.inv(cell)
            whole = np.abs(apart - np.round(apart)).max(axis=1) < 1e-6
            [column] = np.flatnonzero(whole)
            phase = np.exp(2j * np.pi * wave_vector_per_A @ vector)
            weight = np.sqrt(masses[atom] * masses[other])
            matrix[row, :, column] += (
                force_constants.values_eV_per_A2[row, :, other] * phase / weight
            )
    return np.linalg.eigvalsh(matrix.reshape(3 * len(first), -1))


@pytest.mark.parametrize("setting", ["primitive", "conventional", "skewed"])
@pytest.mark.parametrize(
    "path", ["GXWKGL", "auto", "basis: cartesian, G 0 0 0, A 0.05 0.1 0.02, B -0.03 0.06 0.11"]
)
def test_bands_are_those_of_the_waves_with_these_cartesian_vectors(constants, setting, path):
    of_cell = constants[setting]
    bands = band_structure(of_cell, path, points_per_segment=4)
    reciprocal = np.linalg.inv(bands.primitive_cell_A).T
    for segment in bands.segments:
        for qpoint, found in zip(segment.qpoints, segment.eigenvalues_eV_per_A2_amu, strict=True):
            expected = squares_at(of_cell, qpoint @ reciprocal)
            assert_allclose(found, expected, atol=1e-9)


def test_labels_lead_to_the_same_waves_in_every_cell(constants):
    one, *others = (
        band_structure(each, "G X W | K G L", points_per_segment=5) for each in constants.values()
    )
    assert one.path == "Γ-X-W|K-Γ-L"
    for other in others:
        assert other.path == one.path
        for mine, theirs in zip(one.segments, other.segments, strict=True):
            assert_allclose(
                mine.eigenvalues_eV_per_A2_amu, theirs.eigenvalues_eV_per_A2_amu, atol=1e-9
            )
            assert_allclose(mine.distances_per_A, theirs.distances_per_A, atol=1e-9)


def test_coordinates_in_the_given_cell_are_turned_into_those_of_the_primitive_one(constants):
    """X of rocksalt is half a reciprocal vector of nothing, but one whole of the cubic cell."""
    by_label = band_structure(constants["conventional"], "G X", points_per_segment=5)
    by_cell = band_structure(
        constants["conventional"], "basis: cell, G 0 0 0, X 0 0 1", points_per_segment=5
    )
    by_vector = band_structure(
        constants["conventional"],
        f"basis: cartesian, G 0 0 0, X 0 0 {1 / STABLE_A!r}",
        points_per_segment=5,
    )
    for other in (by_cell, by_vector):
        assert_allclose(
            other.segments[0].eigenvalues_eV_per_A2_amu,
            by_label.segments[0].eigenvalues_eV_per_A2_amu,
            atol=1e-9,
        )


def test_coordinates_are_those_of_the_primitive_cell_of_the_results(constants):
    path = find_band_path(constants["skewed"], "G 0 0 0, P 1/2 0.25 -1/8 | K 3/8 3/8 3/4, G 0 0 0")
    assert [[point.label for point in run] for run in path.runs] == [["G", "P"], ["K", "G"]]
    assert path.runs[0][1].qpoint == (0.5, 0.25, -0.125)


def test_four_labels_are_no_point(constants):
    [run] = find_band_path(constants["primitive"], "G X W K").runs
    assert [point.label for point in run] == ["Γ", "X", "W", "K"]


@pytest.mark.parametrize(
    "text",
    [
        "GXWKGL",
        "G X W K G L",
        "Γ-X-W-K-Γ-L",
        "GAMMA X W K GAMMA L",
        "gamma-x-w-k-g-l",
        "G,X,W,K,G,L",
    ],
)
def test_a_path_may_be_spelled_in_many_ways(constants, text):
    labels = [point.label for point in find_band_path(constants["primitive"], text).runs[0]]
    assert labels == ["Γ", "X", "W", "K", "Γ", "L"]


def test_what_is_printed_can_be_asked_for(constants, pair_model):
    tilted = Atoms("Mg", cell=MONOCLINIC, pbc=True)
    for each in (constants["primitive"], force_constants(tilted, pair_model(), (3, 3, 3))):
        printed = band_structure(each, points_per_segment=2)
        again = find_band_path(each, printed.path)
        assert [(a.label, b.label) for a, b in again.pieces] == [
            (segment.start, segment.end) for segment in printed.segments
        ]
        for (start, end), segment in zip(again.pieces, printed.segments, strict=True):
            assert_allclose([start.qpoint, end.qpoint], segment.qpoints, atol=1e-12)


def test_a_file_has_points_on_lines(constants, tmp_path):
    file = tmp_path / "path.txt"
    file.write_text(
        "# a path\nbasis: primitive\nΓ 0 0 0\nX 1/2 0 1/2  # of the face\n\n"
        "K 3/8 3/8 3/4\nΓ 0 0 0\n",
        encoding="utf-8",
    )
    path = find_band_path(constants["primitive"], str(file))
    assert [[point.label for point in run] for run in path.runs] == [["Γ", "X"], ["K", "Γ"]]
    assert path.runs[1][0].qpoint == (0.375, 0.375, 0.75)


def test_points_may_be_as_far_apart_as_is_said(constants):
    bands = band_structure(constants["primitive"], "GXWKGL", spacing_per_A=0.02)
    for segment in bands.segments:
        steps = np.diff(segment.distances_per_A)
        assert steps.max() <= 0.02 + 1e-12
        assert_allclose(steps, steps[0], atol=1e-12)
        assert len(steps) == 1 or steps.sum() / (len(steps) - 1) > 0.02


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("GXQ", r"the point Q of the path 'GXQ' is not known for this lattice, which has Γ, X, L,"),
        ("G 0 0 0 X 1/2 0 1/2", "is no point of a path"),
        ("GX W KGL", "the point GX of the path"),
        ("G X1", "the point X1 of the path"),
        ("path.txt", "there is no file path.txt with a path"),
        ("bands/path", "there is no file bands/path"),
        ("G", r"one point \(Γ\); it needs the two ends"),
        ("G X|L", r"one point \(L\)"),
        ("G X|", "no points"),
        ("", "no points"),
        ("G G", "from Γ to Γ, which are the same point"),
        ("G 0 0 0", r"one point"),
        ("G 0 0 0, X 1/2 0", "'X 1/2 0' is no point of a path"),
        ("G 0 0 0, X 1/0 0 0", "is no point of a path"),
        ("G 0 0 0, X nan 0 0", "is no point of a path"),
        ("basis: supercell, G 0 0 0, X 1 0 0", "the basis 'supercell' of a path is none of"),
    ],
)
def test_what_is_no_path_is_explained(constants, text, message):
    with pytest.raises(MethodError, match=message):
        find_band_path(constants["primitive"], text)
    with pytest.raises(MethodError, match=message):
        require_band_path(constants["conventional"].unit_cell, text)


@pytest.mark.parametrize("text", ["GXWKGL", "basis: cartesian, G 0 0 0, A 0.05 0.1 0.02", "auto"])
@pytest.mark.parametrize("setting", ["primitive", "conventional", "skewed"])
def test_what_is_a_path_of_the_results_is_one_of_the_given_cell(constants, setting, text):
    given = constants[setting].unit_cell
    require_band_path(given, text)
    given.rattle(0.01, seed=4)  # as of a file, which relaxation makes cubic
    require_band_path(given, text)


def test_g_is_not_guessed_where_the_lattice_has_a_point_of_that_name(pair_model):
    """A body-centred tetragonal lattice with c > a has one."""
    cell = np.array([[-3.4, 3.4, 4.6], [3.4, -3.4, 4.6], [3.4, 3.4, -4.6]]) / 2
    constants = force_constants(Atoms("Mg", cell=cell, pbc=True), pair_model(), (3, 3, 3))
    with pytest.raises(MethodError, match="may be Γ, or the point G that this lattice has"):
        find_band_path(constants, "G M")
    assert find_band_path(constants, "Γ M").runs[0][0].qpoint == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("spacing", [0.0, -0.1, np.nan])
def test_points_cannot_be_no_distance_apart(constants, spacing):
    with pytest.raises(MethodError, match="spacing_per_A"):
        band_structure(constants["primitive"], spacing_per_A=spacing)
