"""200 damaged copies of a file of each format: an error for the user, or what the file declares."""

import gzip
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.io import write

from cif_text import cif_text
from mutations import mutations
from nearsight.errors import NearsightWarning, StructureError
from nearsight.structures import read_structure

N_COPIES = 200


def quartz_cif() -> bytes:
    return cif_text(
        ["Si1 Si 0.4697 0 0.666667", "O1 O 0.4135 0.2669 0.7856"],
        cell=(4.9137, 4.9137, 5.4047, 90, 90, 120),
        header=[
            "_chemical_formula_sum 'O2 Si'",
            "_cell_formula_units_Z 3",
            "_cell_volume 113.01",
            "_symmetry_space_group_name_H-M 'P 32 2 1'",
        ],
        operations=[
            "x,y,z",
            "-y,x-y,z+2/3",
            "-x+y,-x,z+1/3",
            "y,x,-z",
            "x-y,-y,-z+1/3",
            "-x,-x+y,-z+2/3",
        ],
    ).encode()


def salt() -> Atoms:
    return bulk("NaCl", "rocksalt", a=5.64, cubic=True)


def content(tmp_path: Path, name: str, kind: str, atoms: Atoms, **settings: object) -> bytes:
    write(tmp_path / name, atoms, format=kind, **settings)
    return (tmp_path / name).read_bytes()


def saved(path: Path, content: bytes) -> bytes:
    path.write_bytes(content)
    return content


def outcome(path: Path) -> tuple[Atoms | None, str]:
    """What is read, or why nothing is; any warning but our own that escapes fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", NearsightWarning)
        try:
            return read_structure(path), ""
        except StructureError as error:
            return None, str(error)


def first_number(text: str) -> int:
    """The number of atoms that the first line declares."""
    return int(text.split(maxsplit=1)[0])


def poscar_counts(text: str) -> int:
    """The number of atoms in line 6 (VASP 4) or 7."""
    lines = [line.split() for line in text.splitlines()[5:7]]
    return sum(map(int, next(line for line in lines if all(map(str.isdecimal, line)))))


def espresso_count(text: str) -> int:
    found = re.search(r"nat\s*=\s*(\d+)", text)
    assert found is not None
    return int(found.group(1))


FORMATS: dict[str, tuple[Callable[[Path], bytes], Callable[[str], int] | None]] = {
    # the name of the file, how it is written, and the number of atoms that it declares
    "a.xyz": (lambda p: content(p, "a.xyz", "xyz", molecule("CH3CH2OH")), first_number),
    "a.extxyz": (lambda p: content(p, "a.extxyz", "extxyz", salt()), first_number),
    "POSCAR": (lambda p: content(p, "POSCAR", "vasp", salt()), poscar_counts),
    "a.gen": (lambda p: content(p, "a.gen", "gen", salt()), first_number),
    "a.pwi": (
        lambda p: content(
            p, "a.pwi", "espresso-in", salt(), pseudopotentials={"Na": "n", "Cl": "c"}
        ),
        espresso_count,
    ),
    "a.pdb": (lambda p: content(p, "a.pdb", "proteindatabank", salt()), None),
    "a.traj": (lambda p: content(p, "a.traj", "traj", salt()), None),
    "a.cif.gz": (lambda p: saved(p / "a.cif.gz", gzip.compress(quartz_cif(), mtime=0)), None),
    "a.json": (lambda p: content(p, "a.json", "json", salt()), None),
}


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files_are_refused_or_hold_as_many_atoms_as_they_say(
    tmp_path: Path, name: str
) -> None:
    make, declared = FORMATS[name]
    path = tmp_path / name
    original = make(tmp_path)
    assert len(read_structure(path)) > 1
    n_refused = 0
    for copy in mutations(original, seed=19, count=N_COPIES):
        path.write_bytes(copy)
        atoms, refusal = outcome(path)
        if atoms is None:
            assert refusal.startswith(str(path))
            n_refused += 1
            continue
        assert np.isfinite(atoms.positions).all()
        assert np.isfinite(atoms.cell.array).all()
        assert atoms.get_chemical_formula()  # every number is of an element
        if declared is not None:
            assert len(atoms) == declared(copy.decode("utf-8", errors="replace"))
    assert n_refused >= N_COPIES // 4  # a truncated file, one in five, is hardly ever whole


def test_a_damaged_cif_is_refused_or_has_the_composition_of_its_formula(tmp_path: Path) -> None:
    path = tmp_path / "quartz.cif"
    path.write_bytes(quartz_cif())
    assert read_structure(path).info == {}
    formula = b"_chemical_formula_sum 'O2 Si'"
    n_whole = 0
    for copy in mutations(quartz_cif(), seed=19, count=N_COPIES):
        path.write_bytes(copy)
        atoms, refusal = outcome(path)
        if atoms is None:
            assert refusal.startswith(str(path))
            continue
        n_whole += 1
        if formula in copy:
            counts = atoms.symbols.formula.count()
            assert set(counts) == {"O", "Si"}
            assert counts["O"] == 2 * counts["Si"]
        if formula in copy and b"_cell_formula_units_Z 3\n" in copy:
            assert atoms.get_chemical_formula() == "O6Si3"
    assert N_COPIES // 10 < n_whole < N_COPIES // 2


def test_random_bytes_are_no_structure(tmp_path: Path) -> None:
    random = np.random.default_rng(19)
    for name in ("a.cif", "a.xyz", "POSCAR", "a.pdb", "a.gen", "geometry.in", "a.traj", "a.json"):
        for _ in range(5):
            (tmp_path / name).write_bytes(random.integers(0, 256, 300, dtype=np.uint8).tobytes())
            with pytest.raises(StructureError):
                read_structure(tmp_path / name)
