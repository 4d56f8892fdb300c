"""Hessians of molecules as programs write them, and what they printed of the same ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

DATA = Path(__file__).parents[2] / "data" / "molecular_hessians"

HARTREE_PER_BOHR2 = 27.211386245981 / 0.529177210544**2


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with files of ORCA and Gaussian."""
    return DATA


@pytest.fixture(scope="session")
def toluene() -> tuple[Atoms, np.ndarray, dict[str, Any]]:
    """Toluene, its Hessian in eV/Å² of shape (45, 45), and what Gaussian printed."""
    values = json.loads((DATA / "toluene.json").read_text(encoding="utf-8"))
    atoms = Atoms(values["numbers"], values["positions_A"], masses=values["masses_amu"])
    matrix = np.zeros((45, 45))
    for index, row in enumerate(values["hessian_lower_triangle_eV_per_A2"]):
        matrix[index, : index + 1] = matrix[: index + 1, index] = row
    return atoms, matrix, values


def _array(name: str, values: np.ndarray, kind: str = "R") -> str:
    """Return an array of a formatted checkpoint: (5E16.8), or (6I12) for whole numbers."""
    words = [f"{value:16.8E}" if kind == "R" else f"{value:12d}" for value in np.ravel(values)]
    length = 5 if kind == "R" else 6
    lines = ["".join(words[at : at + length]) for at in range(0, len(words), length)]
    return "\n".join([f"{name:40s}   {kind}   N={len(words):12d}", *lines, ""])


@pytest.fixture
def checkpoint(
    tmp_path: Path, toluene: tuple[Atoms, np.ndarray, dict[str, Any]]
) -> Callable[..., Path]:
    """Return a function: toluene as a formatted checkpoint, with masses or without."""
    atoms, matrix, _ = toluene

    def write(masses: bool = True) -> Path:
        lower = matrix[np.tril_indices(45)] / HARTREE_PER_BOHR2
        arrays = [
            _array("Atomic numbers", atoms.numbers, "I"),
            _array("Current cartesian coordinates", atoms.positions / 0.529177210544),
            _array("Real atomic weights", atoms.get_masses()) if masses else "",
            _array("Cartesian Gradient", np.zeros(45)),
            _array("Cartesian Force Constants", lower),
            _array("Dipole Moment", np.zeros(3)),
        ]
        head = "toluene\nFreq      RB3LYP                        CBSB7\nNumber of atoms  I  15\n"
        path = tmp_path / "toluene.fchk"
        path.write_text(head + "".join(arrays), encoding="utf-8")
        return path

    return write


def write_geometry(path: Path, atoms: Atoms) -> None:
    """Write an input file of FHI-aims."""
    lines = ["# a comment with an atom 0 0 0 H in it", "trust_radius 0.2"]
    lines += [f"lattice_vector {x:.10f} {y:.10f} {z:.10f}" for x, y, z in atoms.cell[atoms.pbc]]
    lines += [
        f"atom {x:.10f} {y:.10f} {z:.10f} {symbol}"
        for symbol, (x, y, z) in zip(atoms.get_chemical_symbols(), atoms.positions, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def geometry() -> Callable[[Path, Atoms], None]:
    """Return a function that writes an input file of FHI-aims."""
    return write_geometry


@pytest.fixture
def displacements(
    tmp_path: Path, toluene: tuple[Atoms, np.ndarray, dict[str, Any]]
) -> Callable[..., Path]:
    """Return a function: toluene as scripts of FHI-aims leave it, with noise of differences."""
    atoms, matrix, _ = toluene

    def write(gap: str = "", noise_eV_per_A2: float = 0.01) -> Path:
        random = np.random.default_rng(11)
        noisy = matrix + random.normal(scale=noise_eV_per_A2, size=matrix.shape)
        np.savetxt(tmp_path / "hessian.run.dat", noisy)
        lines = [
            f"{mass:10.5f}{position[0]:11.4f}{position[1]:11.4f}{position[2]:11.4f}{gap}{symbol}\n"
            for mass, position, symbol in zip(
                atoms.get_masses(), atoms.positions, atoms.get_chemical_symbols(), strict=True
            )
        ]
        (tmp_path / "masses.run.dat").write_text("".join(lines), encoding="utf-8")
        write_geometry(tmp_path / "geometry.in", atoms)
        return tmp_path / "hessian.run.dat"

    return write
