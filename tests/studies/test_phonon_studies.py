"""The studies of symmetry, finite cells and phonons, on tiny crystals with a cheap model."""

import csv
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import make_supercell
from phonopy import Phonopy
from phonopy.file_IO import write_FORCE_SETS

from nearsight import units
from nearsight.hessian import hessian
from nearsight.hessian.files.phonopy_objects import phonopy_atoms
from nearsight.models.engines.torch_model import TorchModel
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.vibrations import thermodynamics, vibrations

NAME = "23268-nai-fm-3m-225"
"""A crystal of the database whose bands are drawn; MgO stands for it here."""
BORN_CHARGE, DIELECTRIC = 1.9, 3.1
MESH_LENGTH_A = 30.0


@pytest.fixture
def run(
    study: Callable[[str], ModuleType],
    pair_model: Callable[..., TorchModel],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., ModuleType]:
    """Return a function that runs a study; without `computing` nothing may be computed."""

    def refuse(*positional: object, **settings: object) -> None:
        raise AssertionError("every record was there")

    def main(name: str, *options: str, computing: bool = True) -> ModuleType:
        module = study(name)
        if hasattr(module, "MESH_LENGTH_A"):
            monkeypatch.setattr(module, "MESH_LENGTH_A", MESH_LENGTH_A)
        folders = ["--records", str(tmp_path / "records"), "--results", str(tmp_path / "results")]
        monkeypatch.setattr("sys.argv", [name, *options, *folders])
        monkeypatch.setattr(module, "load_model", lambda label: pair_model())
        if not computing:
            verbs = {"relax", "hessian", "force_constants", "phonons", "plan"}
            for verb in verbs & set(vars(module)):
                monkeypatch.setattr(module, verb, refuse)
        module.main()
        return module

    return main


@pytest.fixture
def mgo_file(mgo: Atoms, tmp_path: Path) -> Path:
    path = tmp_path / "mgo.cif"
    ase.io.write(path, mgo)
    return path


def _record(tmp_path: Path, name: str, folder: str = "pair") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "records" / folder / f"{name}.json").read_text())
    return found


def _texts(folder: Path) -> dict[str, str]:
    texts = [path for path in folder.rglob("*") if path.suffix in {".md", ".json"}]
    return {path.name: path.read_text(encoding="utf-8") for path in texts}


# --- irreducible rows ---


def test_irreducible_rows(
    run: Callable[..., ModuleType], mgo: Atoms, mgo_file: Path, tmp_path: Path
) -> None:
    moved = mgo.repeat((2, 1, 1))
    moved.positions[1] += [0.002, 0.001, 0.0]
    near = tmp_path / "near.cif"
    ase.io.write(near, moved)
    options = [str(mgo_file), str(near), "--model", "pair", "--timed", "mgo"]
    run("irreducible_rows", *options)
    exact, nearly = _record(tmp_path, "mgo"), _record(tmp_path, "near")
    assert exact["plans"]["1e-05"]["rows_needed"] == 2
    assert exact["plans"]["1e-05"]["rows_needed_by_model"] == 2
    assert exact["plans"]["1e-05"]["space_group"] == "Fm-3m (225)"
    # The doubled cell has the rows of the primitive one once it is back where it was.
    assert nearly["plans"]["1e-05"]["rows_needed"] > 2
    assert nearly["plans"]["0.01"]["rows_needed"] == nearly["on_its_group"]["rows_needed"] == 2
    assert nearly["on_its_group"]["n_atoms_primitive"] == 2
    assert 0 < nearly["on_its_group"]["max_displacement_A"] < 0.01
    # MgO is at a minimum with respect to its positions, so that going there lowers the energy.
    assert nearly["on_its_group"]["energy_change_eV_per_atom"] < 0
    assert exact["on_its_group"]["energy_change_eV_per_atom"] == pytest.approx(0, abs=1e-9)
    given, kept = _record(tmp_path, "mgo", "pair-timed")["routes"].values()
    assert kept["heat_capacity_J_per_g_K"] == pytest.approx(given["heat_capacity_J_per_g_K"], 1e-3)
    before = _texts(tmp_path)
    run("irreducible_rows", *options, computing=False)
    assert _texts(tmp_path) == before
    assert "| near | 4 | 12 |" in before["irreducible_rows.md"]
    assert "From the file to the heat capacity" in before["irreducible_rows.md"]
    assert (tmp_path / "results" / "irreducible_rows.png").stat().st_size > 0


def test_unknown_name_is_not_timed(run: Callable[..., ModuleType], mgo_file: Path) -> None:
    with pytest.raises(SystemExit, match="names nacl, which is none"):
        run("irreducible_rows", str(mgo_file), "--timed", "nacl")


# --- finite size ---


def test_finite_size(
    run: Callable[..., ModuleType],
    pair_model: Callable[..., TorchModel],
    mgo_file: Path,
    tmp_path: Path,
) -> None:
    module = run("finite_size", str(mgo_file), "--model", "pair")
    record = _record(tmp_path, "mgo")
    model = pair_model()
    relaxed = relax(ase.io.read(mgo_file), model, RelaxationSettings(symmetrize_A=0.01)).atoms
    for cells, repeats in {"1x1x1": 1, "2x2x2": 2}.items():
        dense = hessian(relaxed.repeat(repeats), model, row_symmetry_A=None)
        for convention in ("exclude", "classical"):
            expected = thermodynamics(vibrations(dense), 300.0, convention)
            assert record["gamma"][cells][convention] == pytest.approx(
                expected.heat_capacity_J_per_g_K[0], rel=1e-6
            )
    values = {key: mesh["heat_capacity_J_per_g_K"] for key, mesh in record["meshes"].items()}
    assert values["50"] == pytest.approx(values["100"], rel=1e-4)
    # Bookkeeping is k_B for each of three modes of the cell; it vanishes with the size of the cell.
    grams = relaxed.get_masses().sum() * units.AMU_IN_GRAM
    for cells, number in {"1x1x1": 1, "2x2x2": 8}.items():
        both = record["gamma"][cells]
        left_out = 3 * units.BOLTZMANN_EV_PER_K * units.EV_IN_JOULE / (number * grams)
        assert both["classical"] - both["exclude"] == pytest.approx(left_out, rel=1e-6)
    errors = [abs(record["gamma"][key]["classical"] / values["100"] - 1) for key in module.CELLS]
    assert errors[1] < 0.01 < errors[0]
    assert not module.is_imaginary(record)
    assert record["boundary_eV_per_A2"]["2x2x2"] < record["boundary_eV_per_A2"]["1x1x1"]
    before = _texts(tmp_path)
    run("finite_size", str(mgo_file), "--model", "pair", computing=False)
    assert _texts(tmp_path) == before
    assert "| all (1) | 2x2x2 cells | classical |" in before["finite_size.md"]
    assert (tmp_path / "results" / "finite_size.png").stat().st_size > 0


def test_cell_that_is_not_primitive_fails(
    run: Callable[..., ModuleType], mgo: Atoms, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cubic.cif"
    cubic = make_supercell(mgo, [[-1, 1, 1], [1, -1, 1], [1, 1, -1]])
    ase.io.write(path, cubic)
    with pytest.raises(SystemExit, match="every structure failed"):
        run("finite_size", str(path), "--model", "pair")
    assert "its primitive cell 2; give the primitive cell" in capsys.readouterr().err


# --- phonons against DFT ---


@pytest.fixture
def database(mgo: Atoms, pair_model: Callable[..., TorchModel], tmp_path: Path) -> Path:
    """Entries as in the phonon database, with the forces of the cheap model and phonopy's work."""
    model = pair_model()
    primitive = relax(mgo, model, RelaxationSettings(fmax_eV_per_A=1e-6, symmetrize_A=1e-3)).atoms
    cubic = make_supercell(primitive, [[-1, 1, 1], [1, -1, 1], [1, 1, -1]])
    phonon = Phonopy(
        phonopy_atoms(cubic), np.diag([2, 2, 2]), primitive_matrix=(np.ones((3, 3)) - np.eye(3)) / 2
    )
    phonon.generate_displacements(distance=0.001)
    forces = []
    for cell in phonon.supercells_with_displacements:
        moved = Atoms(cell.numbers, cell.positions, cell=cell.cell, pbc=True)
        forces.append(model.evaluate([moved])[0].forces_eV_per_A)
    phonon.forces = forces
    phonon.produce_force_constants()
    phonon.symmetrize_force_constants()
    charges = [BORN_CHARGE * np.eye(3), -BORN_CHARGE * np.eye(3)]
    phonon.nac_params = {"born": charges, "dielectric": DIELECTRIC * np.eye(3), "factor": 14.4}
    phonon.run_mesh(MESH_LENGTH_A)
    phonon.run_thermal_properties(temperatures=[300.0], cutoff_frequency=1e-3)
    folder = tmp_path / "phonondb"
    folder.mkdir()
    write_FORCE_SETS(phonon.dataset, filename=str(tmp_path / "FORCE_SETS"))
    ase.io.write(tmp_path / "POSCAR", cubic, format="vasp", direct=True)
    flat = [" ".join(f"{x:.8f}" for x in (f * np.eye(3)).ravel()) for f in (3.1, 1.9, -1.9)]
    files = {
        "POSCAR-unitcell": (tmp_path / "POSCAR").read_text(),
        "FORCE_SETS": (tmp_path / "FORCE_SETS").read_text(),
        "BORN": "\n".join(["# epsilon and Z* of atoms 1 5", *flat]) + "\n",
        "phonopy.conf": "DIM = 2 2 2\nPRIMITIVE_AXIS = 0 1/2 1/2 1/2 0 1/2 1/2 1/2 0\n",
        "INCAR-force": "GGA = PS\n",
    }
    with tarfile.open(folder / f"materials-id-{NAME}.tar.lzma", "w:xz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"mp-23268-20180417/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    thermal = phonon.thermal_properties
    with open(folder / "phonopy_reference.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "natoms_prim", "Cv300_NAC", "S300_NAC", "fmax_THz_NAC"])
        values = [thermal.heat_capacity[0], thermal.entropy[0], phonon.mesh.frequencies.max()]
        writer.writerow([NAME, 2, *values])
    return folder


def test_model_agrees_with_phonons_from_its_own_forces(
    run: Callable[..., ModuleType], database: Path, tmp_path: Path
) -> None:
    """Slow: phonons of 64 atoms by two routes, over a coarser mesh than the study's."""
    options = ["--phonondb", str(database), "--models", "pair"]
    module = run("phonons_against_dft", *options)
    record = _record(tmp_path, NAME)
    assert record["deviation_from_reference"] < 1e-4
    assert record["n_atoms_primitive"] == 2
    assert record["n_atoms_supercell"] == 64
    for route in module.ROUTES:
        for key in module.QUANTITIES:
            assert record[route][key] == pytest.approx(record["dft"][key], rel=2e-4), (route, key)
        found, theirs = (
            np.concatenate(of["bands"]["frequencies_THz"]) for of in (record[route], record["dft"])
        )
        assert np.abs(found - theirs).max() < 0.01
    # Born charges lift the highest mode at Γ only along a direction.
    bands = record["dft"]["bands"]["frequencies_THz"]
    assert bands[0][0][5] > bands[0][0][4] + 1
    before = _texts(tmp_path)
    run("phonons_against_dft", *options, computing=False)
    assert _texts(tmp_path) == before
    assert f"| {NAME} | 2 (64) |" in before["phonons_against_dft.md"]
    assert "PBEsol" in before["phonons_against_dft.md"]
    for name in ("phonons_against_dft.png", "phonons_against_dft_bands.png"):
        assert (tmp_path / "results" / name).stat().st_size > 0


def test_ticks_of_a_path_with_a_gap(study: Callable[[str], ModuleType]) -> None:
    bands = {
        "distances": [[0.0, 1.0], [1.0, 1.5], [1.5, 2.5]],
        "labels": ["Γ", "X", "U", "K", "Γ"],
        "connected": [True, False, True],
    }
    places, names = study("phonon_figures").ticks(bands)
    assert places == [0.0, 1.0, 1.5, 2.5]
    assert names == ["Γ", "X", "U|K", "Γ"]
