"""Files of FHI-aims's scripts: which structure and masses belong to bare numbers."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from numpy.testing import assert_allclose

from nearsight.errors import CheckpointError, StructureError
from nearsight.hessian.files import read_hessian
from nearsight.vibrations import vibrations

Toluene = tuple[Atoms, np.ndarray, dict[str, Any]]


@pytest.mark.parametrize("gap", ["", " "])
def test_frequencies_are_those_of_the_matrix(
    displacements: Callable[..., Path], toluene: Toluene, gap: str
) -> None:
    atoms, _, printed = toluene
    found = read_hessian(displacements(gap, noise_eV_per_A2=1e-7))
    assert_allclose(found.atoms.get_masses(), np.round(atoms.get_masses(), 5), rtol=0)
    assert_allclose(found.atoms.positions, atoms.positions, rtol=0, atol=1e-9)
    # Five decimals of a mass of 1.007825 are 2.5e-6 of a frequency.
    expected = printed["printed_wavenumbers_per_cm"]
    assert_allclose(vibrations(found).wavenumbers_per_cm[1:], expected[1:], rtol=3e-6, atol=2e-4)


def test_provenance_has_the_files_beside_it(
    displacements: Callable[..., Path], toluene: Toluene
) -> None:
    path = displacements()
    recorded = read_hessian(path).provenance.settings
    for kind, name in (("geometry", "geometry.in"), ("masses", "masses.run.dat")):
        assert recorded[f"{kind}_file"] == name
        content = (path.parent / name).read_bytes()
        assert recorded[f"{kind}_sha256"] == hashlib.sha256(content).hexdigest()
    # A structure that is given counts in their place.
    assert read_hessian(path, toluene[0]).provenance.settings == {"format": "fhi-aims"}


def test_noise_of_differences_stays_in_the_matrix(displacements: Callable[..., Path]) -> None:
    found = read_hessian(displacements(noise_eV_per_A2=0.01))
    assert 0.02 < found.asymmetry_eV_per_A2 < 0.1
    symmetric = found.symmetric()
    assert np.array_equal(symmetric, symmetric.T)


def test_a_matrix_of_something_else_is_refused(displacements: Callable[..., Path]) -> None:
    with pytest.raises(CheckpointError, match=r"is not symmetric: elements \(\d+, \d+\)"):
        read_hessian(displacements(noise_eV_per_A2=5.0))


def test_the_relaxed_structure_is_found_by_the_masses_beside_it(
    displacements: Callable[..., Path], toluene: Toluene, geometry: Callable[[Path, Atoms], None]
) -> None:
    atoms, _, _ = toluene
    path = displacements()
    (path.parent / "geometry.in").rename(path.parent / "geometry.in.next_step")
    moved = atoms.copy()
    moved.positions[3, 0] += 0.01
    geometry(path.parent / "geometry.in", moved)
    assert_allclose(read_hessian(path).atoms.positions, atoms.positions, rtol=0, atol=1e-9)
    (path.parent / "geometry.in.next_step").unlink()
    with pytest.raises(StructureError, match=r"another structure than masses\.run\.dat"):
        read_hessian(path)


def test_the_structure_must_be_there_or_given(
    displacements: Callable[..., Path], toluene: Toluene
) -> None:
    path = displacements()
    (path.parent / "geometry.in").unlink()
    with pytest.raises(StructureError, match=r"give that as `atoms`, or put its geometry.in"):
        read_hessian(path)
    assert read_hessian(path, atoms=toluene[0]).n_atoms == 15


def test_bare_numbers_need_masses_beside_them_or_a_format(
    displacements: Callable[..., Path],
) -> None:
    path = displacements()
    (path.parent / "masses.run.dat").unlink()
    with pytest.raises(CheckpointError, match="without a word on their unit"):
        read_hessian(path)
    found = read_hessian(path, format="fhi-aims")
    assert found.warnings == ("there is no masses.run.dat; ASE's masses were taken.",)


def test_fixed_atoms_have_no_rows(displacements: Callable[..., Path]) -> None:
    path = displacements()
    masses = path.parent / "masses.run.dat"
    masses.write_text("".join(masses.read_text().splitlines(keepends=True)[:-1]))
    np.savetxt(path, np.loadtxt(path)[:-3, :-3])
    with pytest.raises(StructureError, match=r"rows of 14 of the 15 atoms .* held fixed"):
        read_hessian(path)


@pytest.mark.parametrize(
    ("name", "cut", "message"),
    [
        ("hessian.run.dat", -60, r"its 45 lines have 4[34] numbers"),
        ("masses.run.dat", -20, "masses.run.dat is cut off"),
        ("geometry.in", -3, "geometry.in is cut off"),
    ],
)
def test_what_is_cut_off_is_refused(
    displacements: Callable[..., Path], name: str, cut: int, message: str
) -> None:
    path = displacements()
    file = path.parent / name
    file.write_text(file.read_text()[:cut])
    with pytest.raises(CheckpointError, match=message):
        read_hessian(path)


def test_a_crystal_has_its_lattice_and_positions_in_it(
    displacements: Callable[..., Path], toluene: Toluene
) -> None:
    path = displacements()
    crystal = toluene[0].copy()
    crystal.set_cell([[9.0, 0.0, 0.0], [1.0, 8.0, 0.0], [0.0, 2.0, 7.0]])
    crystal.pbc = True
    inside = crystal.cell.scaled_positions(crystal.positions)
    lines = [f"lattice_vector {' '.join(map(str, vector))}" for vector in crystal.cell.array]
    lines += [
        f"atom_frac {' '.join(map(str, place))} {symbol}_1"
        for place, symbol in zip(inside, crystal.get_chemical_symbols(), strict=True)
    ]
    (path.parent / "geometry.in").write_text("\n".join(lines))
    found = read_hessian(path).atoms
    assert found.pbc.all()
    assert_allclose(found.cell.array, crystal.cell.array)
    assert_allclose(found.positions, crystal.positions, atol=1e-12)
    (path.parent / "geometry.in").write_text("\n".join(lines[1:]))
    with pytest.raises(CheckpointError, match="neither a molecule nor a crystal"):
        read_hessian(path)


def test_nothing_is_no_hessian(displacements: Callable[..., Path]) -> None:
    path = displacements()
    path.write_text("\n")
    with pytest.raises(CheckpointError, match="it is empty"):
        read_hessian(path, format="fhi-aims")


def test_an_estimate_for_relaxations_is_no_hessian(tmp_path: Path) -> None:
    (tmp_path / "hessian.aims").write_bytes(b"\x10\x00\x00\x00\x00\x00\xf0\x3f")
    with pytest.raises(CheckpointError, match="estimate of second derivatives"):
        read_hessian(tmp_path / "hessian.aims")
