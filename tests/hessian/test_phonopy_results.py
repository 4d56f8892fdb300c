"""Force constants out of phonopy's files, and the sum rules that it imposes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import phonopy
import pytest
from ase import Atoms
from phonopy import file_IO

from nearsight.errors import CheckpointError
from nearsight.hessian.force_constants import ForceConstants, force_constants
from nearsight.hessian.phonopy_io import lower_symmetry_is_fine, write_phonopy
from nearsight.hessian.phonopy_results import is_phonopy_file, read_phonopy, with_sum_rules


@pytest.fixture
def skewed(pair_model: Callable[..., Any], mgo: Atoms) -> ForceConstants:
    """Force constants of MgO in a supercell that is no multiple of its vectors."""
    return force_constants(mgo, pair_model(), np.array([[2, 1, 0], [0, 2, 0], [0, 1, 3]]))


@pytest.fixture
def conventional(pair_model: Callable[..., Any], mgo: Atoms) -> ForceConstants:
    """Force constants of MgO whose unit cell holds four primitive ones."""
    cubic = Atoms(
        "Mg4O4",
        scaled_positions=np.array(
            [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
        )
        / 2,
        cell=4.25 * np.eye(3),
        pbc=True,
    )
    return force_constants(cubic, pair_model(), (2, 1, 2))


@pytest.mark.parametrize("which", ["skewed", "conventional"])
def test_what_was_written_is_read_again(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    ours = request.getfixturevalue(which)
    write_phonopy(tmp_path / "constants.yaml", ours)
    read = read_phonopy(tmp_path / "constants.yaml")
    assert len(read.primitive_atoms) == 2
    np.testing.assert_array_equal(read.supercell_matrix, ours.supercell_matrix)
    np.testing.assert_allclose(read.supercell.positions, ours.supercell.positions, atol=1e-9)
    np.testing.assert_allclose(
        read.at_gamma().matrix_eV_per_A2, ours.at_gamma().matrix_eV_per_A2, atol=1e-9
    )
    np.testing.assert_allclose(
        read.values_eV_per_A2[np.argsort(read.primitive_atoms)], ours.values_eV_per_A2, atol=1e-9
    )
    assert read.provenance.model.checkpoint_sha256 is not None


def test_forces_in_the_file_become_force_constants(
    skewed: ForceConstants, pair_model: Callable[..., Any], tmp_path: Path
) -> None:
    phonon = skewed.to_phonopy()
    phonon.generate_displacements(distance=1e-4)
    phonon.forces = [
        pair_model()
        .evaluate([Atoms(cell.numbers, cell.positions, cell=cell.cell, pbc=True)])[0]
        .forces_eV_per_A
        for cell in phonon.supercells_with_displacements
    ]
    phonon.force_constants = None
    phonon.save(tmp_path / "forces.yaml", settings={"force_constants": False})
    read = read_phonopy(tmp_path / "forces.yaml")
    np.testing.assert_allclose(read.values_eV_per_A2, skewed.values_eV_per_A2, atol=1e-4)


def test_sum_rules_remove_noise_and_leave_what_obeys_them(skewed: ForceConstants) -> None:
    exact = with_sum_rules(skewed)
    np.testing.assert_allclose(exact.values_eV_per_A2, skewed.values_eV_per_A2, atol=1e-10)
    noise = np.random.default_rng(4).normal(scale=1e-3, size=skewed.values_eV_per_A2.shape)
    noisy = replace(skewed, values_eV_per_A2=skewed.values_eV_per_A2 + noise)
    mended = with_sum_rules(noisy)
    assert noisy.sum_rule_eV_per_A2 > 1e-3
    assert mended.sum_rule_eV_per_A2 < 1e-12
    assert noisy.at_gamma().asymmetry_eV_per_A2 > 1e-3
    assert mended.at_gamma().asymmetry_eV_per_A2 < 1e-12
    assert np.abs(mended.values_eV_per_A2 - skewed.values_eV_per_A2).max() < 5e-3


@pytest.mark.parametrize("content", ["", "a: [1, 2", "phonopy:\n  version: 4.8.0\n"])
def test_other_files_are_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(content)
    with pytest.raises(CheckpointError, match="not a readable YAML file of phonopy"):
        read_phonopy(path)


def test_missing_file_and_file_without_forces_are_told_apart(
    skewed: ForceConstants, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        read_phonopy(tmp_path / "missing.yaml")
    phonon = phonopy.Phonopy(skewed.to_phonopy().unitcell, np.eye(3), primitive_matrix="P")
    phonon.save(tmp_path / "bare.yaml")
    with pytest.raises(CheckpointError, match="neither force constants nor forces"):
        read_phonopy(tmp_path / "bare.yaml")


def test_names_of_phonopy_files() -> None:
    assert all(map(is_phonopy_file, ("a.yaml", "b/phonopy.yml", Path("c.yaml.xz"), "d.yml.gz")))
    assert not any(map(is_phonopy_file, ("a.cif", "b.npz", "yaml")))


@pytest.mark.parametrize("name", ["FORCE_SETS", "FORCE_CONSTANTS", "force_constants.hdf5"])
def test_forces_of_the_current_folder_are_not_those_of_a_file(
    name: str, conventional: ForceConstants, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`phonopy.load` takes whatever of these the current folder has for its own."""
    phonon = conventional.to_phonopy()
    constants = phonon.force_constants
    phonon.generate_displacements()
    phonon.save(tmp_path / "bare.yaml", settings={"force_constants": False})
    phonon.forces = np.zeros((len(phonon.displacements), len(conventional.supercell), 3))
    writers: dict[str, Callable[[], Any]] = {
        "FORCE_SETS": lambda: file_IO.write_FORCE_SETS(phonon.dataset),
        "FORCE_CONSTANTS": lambda: file_IO.write_FORCE_CONSTANTS(
            constants, p2s_map=phonon.primitive.p2s_map
        ),
        "force_constants.hdf5": lambda: file_IO.write_force_constants_to_hdf5(constants),
    }
    monkeypatch.chdir(tmp_path)
    writers[name]()
    assert Path(name).is_file()
    with lower_symmetry_is_fine():
        assert phonopy.load("bare.yaml", log_level=0).force_constants is not None
    with pytest.raises(CheckpointError, match="neither force constants nor forces"):
        read_phonopy("bare.yaml")


def test_charges_of_the_current_folder_are_not_those_of_a_file(
    conventional: ForceConstants, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_phonopy(tmp_path / "constants.yaml", conventional)
    monkeypatch.chdir(tmp_path)
    tensor = "{0} 0 0 0 {0} 0 0 0 {0}"
    Path("BORN").write_text("\n".join(["14.4", *(tensor.format(v) for v in (3, 2, -2))]) + "\n")
    with lower_symmetry_is_fine():
        assert phonopy.load("constants.yaml", log_level=0).nac_params is not None
    assert read_phonopy("constants.yaml").to_phonopy().nac_params is None
