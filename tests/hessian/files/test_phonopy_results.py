"""Force constants out of phonopy's files, and the sum rules that it imposes."""

import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import phonopy
import pytest
from ase import Atoms
from ase.calculators.emt import EMT
from phonopy import file_IO
from phonopy.harmonic.force_constants import compact_fc_to_full_fc
from phonopy.structure.atoms import PhonopyAtoms

from nearsight.errors import CheckpointError
from nearsight.hessian.born_charges import BornCharges
from nearsight.hessian.files.phonopy_objects import any_cell_is_fine, phonopy_atoms
from nearsight.hessian.files.phonopy_results import (
    read_phonopy,
    with_born,
    with_sum_rules,
    write_phonopy,
)
from nearsight.hessian.force_constants import ForceConstants, force_constants


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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not a readable YAML file of phonopy: it is empty"),
        ("a: [1, 2", "not a readable YAML file of phonopy: did not find"),
        ("just words", "not a readable YAML file of phonopy: it is no mapping"),
        ("phonopy:\n  version: 4.8.0\n", "it has no unit_cell, but phonopy"),
        ("nqpoint: 3\nnpath: 1\npath: []\nphonon: []\n", r"a band structure .*\(band.yaml\)"),
        ("mesh: [2, 2, 2]\nnqpoint: 8\nphonon: []\n", r"frequencies on a mesh .*\(mesh.yaml\)"),
        ("nqpoint: 3\nphonon: []\n", r"at q-points .*\(qpoints.yaml\)"),
        ("thermal_properties: []\n", "thermal properties that phonopy has computed"),
        ("phono3py: {version: 4}\nunit_cell: {}\n", "parameters of phono3py"),
    ],
)
def test_other_files_are_refused_as_what_they_seem_to_be(
    content: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(content)
    with pytest.raises(CheckpointError, match=message):
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
    with any_cell_is_fine():
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
    with any_cell_is_fine():
        assert phonopy.load("constants.yaml", log_level=0).nac_params is not None
    assert read_phonopy("constants.yaml").to_phonopy().nac_params is None


COPPER = Path(__file__).parents[2] / "data" / "phonopy" / "copper_vasp_units.yaml"
CHARGED = COPPER.with_name("born_charges_inside.yaml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mass: 63.546000", "mass: heavy", r"unit_cell.points.1.mass \(line 48\) holds something"),
        ("mass: 63.546000", "mass: -63.5", "is -63.5; a mass is positive"),
        ("symbol: Cu", "symbol: Cq", "“Cq” is no element"),
        ("symbol: Cu", "symbol: X", "“X” is no element"),
        ("symbol: Cu", "mixture: [[Cu, 0.5], [Zn, 0.5]]\n    symbol: Cu", "a mixture of elements"),
        ("lattice:", "lettice:", r"unit_cell.lattice \(line \d+\) is missing"),
        ("- [   2,   0,   0 ]", "- [ 2.5, 0, 0 ]", r"supercell_matrix \(line 21\) holds something"),
        ("- [   2,   0,   0 ]", "- [ 3, 0, 0 ]", "forces .line 202. holds 32×3 numbers in place"),
        ("- [   2,   0,   0 ]", "- [ -2, 0, 0 ]", "turns the handedness round"),
        ("- atom:    1", "- atom:   77", "is 77, but the supercell has 32 atoms"),
        ("0.0100000000000000, ", "0.0, ", r"displacements.1.displacement \(line \d+\) is zero"),
        ("tolerance: 1.00000e-05", "tolerance: 100", "is 100, which makes no sense"),
    ],
)
def test_fields_that_cannot_be_are_named_with_their_lines(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    # A cell stands in the file three times; the unit cell is the one that counts.
    begin, middle, end = COPPER.read_text().partition("unit_cell:")
    text = (
        begin + middle + end.replace(old, new, 1)
        if old in end
        else begin.replace(old, new) + (middle + end)
    )
    assert text != COPPER.read_text()
    path = tmp_path / "changed.yaml"
    path.write_text(text)
    with pytest.raises(CheckpointError, match=message):
        read_phonopy(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("symbol: Cu # 1\n", "symbol: Ag # 1\n", "its supercell is not its unit_cell times"),
        ("0.500000000000000,  0.500000000000000,  0.000000000000000 ]", "0.4, 0.5, 0.0 ]", "is 0"),
    ],
)
def test_supercell_that_is_none_of_the_unit_cell_is_refused(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    begin, _, end = COPPER.read_text().partition("\nsupercell:")
    assert old in end
    path = tmp_path / "changed.yaml"
    path.write_text(f"{begin}\nsupercell:{end.replace(old, new, 1)}")
    with pytest.raises(CheckpointError, match="contradicts itself") as refused:
        read_phonopy(path)
    assert message in str(refused.value)


def changes_of_forces(phonon: phonopy.Phonopy, model: Any) -> np.ndarray:
    """Return what displacements do to the forces in supercells."""
    cells = [phonon.supercell, *phonon.supercells_with_displacements]
    structures = [Atoms(cell.numbers, cell.positions, cell=cell.cell, pbc=True) for cell in cells]
    forces = np.array([found.forces_eV_per_A for found in model.evaluate(structures)])
    return forces[1:] - forces[0]


def test_lost_displacements_are_noticed(
    pair_model: Callable[..., Any], alpha_quartz: Atoms, tmp_path: Path
) -> None:
    """phonopy fills in zeros where a direction of an atom was not displaced."""
    phonon = phonopy.Phonopy(phonopy_atoms(alpha_quartz), np.eye(3, dtype=int), "P")
    phonon.generate_displacements(distance=1e-3, is_plusminus=True)
    phonon.forces = changes_of_forces(phonon, pair_model())
    whole = tmp_path / "whole.yaml"
    phonon.save(whole)
    assert read_phonopy(whole).warnings == ()
    of_one_atom = [first["number"] for first in phonon.dataset["first_atoms"]]
    last_kept = of_one_atom.index(of_one_atom[-1])
    for kept, message in ((last_kept + 1, "in all directions"), (last_kept, "or one like it")):
        lost = {**phonon.dataset, "first_atoms": phonon.dataset["first_atoms"][:kept]}
        phonon.dataset = lost
        phonon.save(tmp_path / "lost.yaml")
        with pytest.raises(CheckpointError, match=f"too few displacements.*{message}"):
            read_phonopy(tmp_path / "lost.yaml")


def test_too_few_supercells_and_forces_of_something_else_are_noticed(
    pair_model: Callable[..., Any], alpha_quartz: Atoms, tmp_path: Path
) -> None:
    phonon = phonopy.Phonopy(phonopy_atoms(alpha_quartz), np.eye(3, dtype=int), "P")
    phonon.generate_displacements(distance=1e-3, number_of_snapshots=9, random_seed=1)
    forces = changes_of_forces(phonon, pair_model())
    moved = phonon.displacements
    phonon.forces = forces
    phonon.save(tmp_path / "enough.yaml")
    assert read_phonopy(tmp_path / "enough.yaml").warnings == ()
    phonon.forces = forces[::-1]
    phonon.save(tmp_path / "swapped.yaml")
    (warning,) = read_phonopy(tmp_path / "swapped.yaml").warnings
    assert "unexplained" in warning
    phonon.dataset = {"displacements": moved[:2], "forces": forces[:2]}
    phonon.save(tmp_path / "few.yaml")
    with pytest.raises(CheckpointError, match=r"forces of 2 supercells .* need [3-9] at least"):
        read_phonopy(tmp_path / "few.yaml")


def test_charges_inside_the_file_count(tmp_path: Path) -> None:
    """ω_LO² - ω_TO² = Z² e²/(ε₀ ε V μ) for two ions of charge ±Z in a cubic cell."""
    found = read_phonopy(CHARGED)
    assert found.born is not None
    np.testing.assert_array_equal(found.born.charges_e, [np.eye(3), -np.eye(3)])
    assert (found.born.file, found.born.in_place_of) == ("born_charges_inside.yaml", None)
    near = 1e-4 * np.array([1.0, 0, 0])
    with_charges, without = found.to_phonopy(), replace(found, born=None).to_phonopy()
    split, together = (
        (phonon.run_qpoints([near]).frequencies[0] / phonon.unit_conversion_factor) ** 2
        for phonon in (with_charges, without)
    )
    masses = found.primitive_cell.get_masses()
    rise = 4 * np.pi * 14.399652 / (3.0 * 27.0) * masses.sum() / masses.prod()
    assert split.sum() - together.sum() == pytest.approx(rise, rel=1e-4)
    # Saved, and written for phonopy, they are kept.
    found.save(tmp_path / "saved.npz")
    again = ForceConstants.load(tmp_path / "saved.npz").born
    assert again is not None
    assert again.summary() == found.born.summary()
    np.testing.assert_array_equal(again.charges_e, found.born.charges_e)
    write_phonopy(tmp_path / "again.yaml", found)
    written = read_phonopy(tmp_path / "again.yaml").born
    assert written is not None
    np.testing.assert_array_equal(written.charges_e, found.born.charges_e)


@pytest.mark.parametrize(
    ("name", "value"),
    [("coulomb_eV_A", "14"), ("coulomb_eV_A", float("nan")), ("method", "other"), ("file", 3)],
)
def test_saved_charges_that_cannot_be_are_refused(name: str, value: Any) -> None:
    born = read_phonopy(CHARGED).born
    assert born is not None
    header, arrays = born.archived()
    assert BornCharges.from_archived(header, arrays).summary() == born.summary()
    with pytest.raises((ValueError, TypeError), match=f"“{name}”"):
        BornCharges.from_archived({**header, name: value}, arrays)


def test_charges_of_a_named_file_count_in_their_place(tmp_path: Path) -> None:
    tensor = "{0} 0 0 0 {0} 0 0 0 {0}"
    born = tmp_path / "BORN"
    born.write_text("\n".join(["2.0", *(tensor.format(v) for v in (3, 2, -2))]) + "\n")
    found = with_born(read_phonopy(CHARGED), born)
    assert found.born is not None
    assert found.born.source == "BORN, in place of those in born_charges_inside.yaml"
    np.testing.assert_array_equal(found.born.charges_e, [2 * np.eye(3), -2 * np.eye(3)])
    # 2 is e²/(4πε₀) in rydberg and bohr: charges are in e whatever program had them.
    assert found.born.coulomb_eV_A == pytest.approx(14.399645, rel=1e-6)
    born.write_text(born.read_text().replace("2.0", "7.0", 1))
    with pytest.raises(CheckpointError, match="begins with the unit conversion 7"):
        with_born(read_phonopy(CHARGED), born)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("14.399652", "2.0", r"unit_conversion_factor \(line \d+\) is 2, but .* is 14.3996"),
        ("  dielectric_constant:", "  dialectric:", "comes without the other half"),
        ("  - # 2 (Au)\n", "  - [[0, 0, 0], [0, 0, 0], [0, 0, 0]]\n  -\n", "charges of 3 atoms"),
        (
            "3.000000000000000,  0.000000000000000,  0.000000000000000 ]\n    - [  0",
            "-3, 0, 0]\n    - [  0",
            "not positive",
        ),
    ],
)
def test_charges_that_cannot_be_are_refused(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    begin, _, end = CHARGED.read_text().partition("nac:")
    assert old in end
    path = tmp_path / "changed.yaml"
    path.write_text(f"{begin}nac:{end.replace(old, new, 1)}")
    with pytest.raises(CheckpointError, match=message):
        read_phonopy(path)


@pytest.mark.parametrize(
    "older",
    [
        lambda text: text.replace('"angstrom"', '"Angstrom"').replace("eV/a", "eV/A"),
        lambda text: text.replace("  points:", "  atoms:").replace("coordinates:", "position:"),
        lambda text: re.sub(r"physical_unit:\n(  .*\n)+", "", text),
        lambda text: re.sub(r"\nsupercell:\n(  .*\n)+", "\n", text),
        lambda text: re.sub(r"    mass: .*\n", "", text),
    ],
)
def test_layouts_of_older_versions_are_read(older: Callable[[str], str], tmp_path: Path) -> None:
    text = COPPER.read_text()
    assert older(text) != text
    path = tmp_path / "older.yaml"
    path.write_text(older(text))
    found, expected = read_phonopy(path), read_phonopy(COPPER)
    np.testing.assert_array_equal(found.values_eV_per_A2, expected.values_eV_per_A2)
    np.testing.assert_allclose(found.unit_cell.get_masses(), 63.546, rtol=1e-12)


def _without_primitive_matrix(text: str) -> str:
    return re.sub(r"primitive_matrix:\n(- .*\n)+", "", text, count=1)


def _without_primitive_cell(text: str) -> str:
    return re.sub(r"\nprimitive_cell:\n(  .*\n)+", "\n", _without_primitive_matrix(text), count=1)


@pytest.mark.parametrize("older", [_without_primitive_matrix, _without_primitive_cell])
def test_primitive_cell_without_its_matrix_is_found(
    older: Callable[[str], str], tmp_path: Path
) -> None:
    text = COPPER.read_text()
    path = tmp_path / "older.yaml"
    path.write_text(older(text))
    assert "primitive_matrix" not in path.read_text()
    found, expected = read_phonopy(path), read_phonopy(COPPER)
    np.testing.assert_allclose(found.primitive_vectors, expected.primitive_vectors, atol=1e-12)
    np.testing.assert_allclose(found.values_eV_per_A2, expected.values_eV_per_A2, atol=1e-12)


@pytest.mark.parametrize("full", [False, True])
def test_unit_cell_is_primitive_where_rows_and_charges_are_of_all_its_atoms(
    full: bool, conventional: ForceConstants, tmp_path: Path
) -> None:
    """As versions before 4 wrote what had no primitive matrix."""
    found = conventional.to_phonopy()
    with any_cell_is_fine():
        phonon = phonopy.Phonopy(found.unitcell, found.supercell_matrix, primitive_matrix="P")
    whole = compact_fc_to_full_fc(found.primitive, found.force_constants)
    phonon.force_constants = whole if full else whole[phonon.primitive.p2s_map]
    charges = [np.eye(3) if symbol == "Mg" else -np.eye(3) for symbol in found.unitcell.symbols]
    phonon.nac_params = {
        "born": np.array(charges),
        "dielectric": 3 * np.eye(3),
        "factor": 14.399645,
        "method": "gonze",
    }
    text = str(phonon.to_phonopy_yaml(settings={"force_constants": True}))
    (tmp_path / "older.yaml").write_text(_without_primitive_cell(text))
    read = read_phonopy(tmp_path / "older.yaml")
    q = [[0.1, 0.2, 0.3]]
    np.testing.assert_allclose(
        read.to_phonopy().run_qpoints(q).frequencies, phonon.run_qpoints(q).frequencies, atol=1e-6
    )


def test_charges_are_made_neutral_as_phonopy_does_and_that_is_said(tmp_path: Path) -> None:
    """Otherwise acoustic modes would not go to zero at Γ."""
    begin, _, end = CHARGED.read_text().partition("nac:")
    path = tmp_path / "uneven.yaml"
    path.write_text(f"{begin}nac:{end.replace('[  1.0', '[  1.2').replace(',  1.0', ',  1.2')}")
    found = read_phonopy(path)
    assert found.born is not None
    np.testing.assert_allclose(found.born.charges_e, [1.1 * np.eye(3), -1.1 * np.eye(3)])
    assert found.warnings == found.born.remarks
    (remark,) = found.warnings
    assert "in uneven.yaml sum to 0.2 e in place of zero" in remark
    assert found.born.summary()["sum_in_file_e"] == pytest.approx(0.2)
    near = [[1e-3, 0, 0], [0.1, 0.2, 0.3]]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Symmetry of Born effective charge is largely broken")
        expected = phonopy.load(path, log_level=0).run_qpoints(near).frequencies
    np.testing.assert_allclose(
        found.to_phonopy().run_qpoints(near).frequencies, expected, atol=1e-6
    )
    # Those of a BORN file alike, in whose favour the remark about the others goes.
    tensor = "{0} 0 0 0 {0} 0 0 0 {0}"
    born = tmp_path / "BORN"
    born.write_text("\n".join(["14.4", *(tensor.format(v) for v in (3, 1.2, -1.0))]) + "\n")
    of_file = with_born(found, born)
    assert of_file.born is not None
    np.testing.assert_allclose(of_file.born.charges_e, found.born.charges_e)
    (remark,) = of_file.warnings
    assert "in BORN sum to 0.2 e" in remark


@pytest.mark.parametrize(
    "told_apart",
    [
        {"magnetic_moments": [1.0, -1.0]},
        {"magnetic_moments": [[0, 0, 1.0], [0, 0, -1.0]]},
        {"symbols": ["Cu1", "Cu2"]},
    ],
)
def test_moments_and_labels_that_break_the_symmetry_are_kept(
    told_apart: dict[str, Any], tmp_path: Path
) -> None:
    cell = PhonopyAtoms(
        **{"symbols": ["Cu", "Cu"], **told_apart},
        cell=2.9 * np.eye(3),
        scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]],
    )
    phonon = phonopy.Phonopy(cell, 2 * np.eye(3, dtype=int), primitive_matrix="P")
    phonon.generate_displacements()
    supercells = []
    for moved in phonon.supercells_with_displacements:
        atoms = Atoms(moved.numbers, moved.positions, cell=moved.cell, pbc=True)
        atoms.calc = EMT()
        supercells.append(atoms.get_forces())
    phonon.forces = supercells
    phonon.save(tmp_path / "phonopy.yaml")
    found = read_phonopy(tmp_path / "phonopy.yaml")
    expected = phonopy.load(tmp_path / "phonopy.yaml", log_level=0)
    assert found.unit_cell.get_chemical_formula() == "Cu2"
    np.testing.assert_allclose(
        found.to_phonopy().force_constants, expected.force_constants, rtol=0, atol=1e-12
    )
