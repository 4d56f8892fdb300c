"""Files of forces that are named are read whole, as what they are, and nothing else is read."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from phonopy import file_IO

from nearsight.errors import CheckpointError
from nearsight.hessian.files.phonopy_results import read_phonopy

COPPER = Path(__file__).parents[2] / "data" / "phonopy" / "copper_vasp_units.yaml"


@pytest.fixture(scope="module")
def constants() -> np.ndarray:
    """Compact force constants of copper, shape ``(1, 32, 3, 3)``."""
    values: np.ndarray = read_phonopy(COPPER).to_phonopy().force_constants
    return values


@pytest.mark.parametrize("full", [False, True])
def test_text_and_hdf5_hold_the_same(full: bool, constants: np.ndarray, tmp_path: Path) -> None:
    from phonopy.harmonic.force_constants import compact_fc_to_full_fc

    phonon = read_phonopy(COPPER).to_phonopy()
    values = compact_fc_to_full_fc(phonon.primitive, constants) if full else constants
    rows = np.arange(32) if full else phonon.primitive.p2s_map
    text, binary = tmp_path / "FORCE_CONSTANTS", tmp_path / "force_constants.hdf5"
    file_IO.write_FORCE_CONSTANTS(values, text, rows)
    file_IO.write_force_constants_to_hdf5(values, binary, rows, compression="gzip")
    expected = read_phonopy(COPPER).values_eV_per_A2
    for file in (text, binary):
        found = read_phonopy(COPPER, file)
        np.testing.assert_allclose(found.values_eV_per_A2, expected, rtol=0, atol=1e-14)
        assert found.reason == f"read from {file.name}"


def test_hdf5_in_other_units_says_so(constants: np.ndarray, tmp_path: Path) -> None:
    file = tmp_path / "force_constants.hdf5"
    file_IO.write_force_constants_to_hdf5(constants / 48.5867, file, physical_unit="Ry/au^2")
    found = read_phonopy(COPPER, file).values_eV_per_A2
    np.testing.assert_allclose(found, read_phonopy(COPPER).values_eV_per_A2, rtol=1e-4)
    file_IO.write_force_constants_to_hdf5(constants, file, physical_unit="N/m")
    with pytest.raises(CheckpointError, match="has force constants in “N/m”; known are"):
        read_phonopy(COPPER, file)


def _elsewhere(file: h5py.File, constants: np.ndarray) -> None:
    other = Path(file.filename).with_name("other.hdf5")
    with h5py.File(other, "w") as target:
        target["force_constants"] = constants
    file["force_constants"] = h5py.ExternalLink(other.name, "force_constants")


def _elsewhere_by_another_link(file: h5py.File, constants: np.ndarray) -> None:
    other = Path(file.filename).with_name("other.hdf5")
    with h5py.File(other, "w") as target:
        target["force_constants"] = constants
    file["elsewhere"] = h5py.ExternalLink(other.name, "/")
    file["force_constants"] = h5py.SoftLink("/elsewhere/force_constants")


def _endless_unit(file: h5py.File, constants: np.ndarray) -> None:
    file["force_constants"] = constants
    file.create_dataset("physical_unit", (1,), "S2000000000")


def _virtual(file: h5py.File, constants: np.ndarray) -> None:
    other = Path(file.filename).with_name("other.hdf5")
    with h5py.File(other, "w") as target:
        target["force_constants"] = constants
    layout = h5py.VirtualLayout(constants.shape, constants.dtype)
    layout[...] = h5py.VirtualSource(str(other), "force_constants", constants.shape)
    file.create_virtual_dataset("force_constants", layout)


def _external_storage(file: h5py.File, constants: np.ndarray) -> None:
    other = Path(file.filename).with_name("other.bin")
    other.write_bytes(constants.tobytes())
    where = [(str(other), 0, constants.nbytes)]
    file.create_dataset("force_constants", constants.shape, constants.dtype, external=where)


def _empty(file: h5py.File, constants: np.ndarray) -> None:
    file.create_dataset("force_constants", (32, 32, 3, 3), "f8", chunks=True, fillvalue=1.0)
    assert constants.size


def _objects(file: h5py.File, constants: np.ndarray) -> None:
    kind = h5py.string_dtype()
    file.create_dataset("force_constants", constants.shape, kind)


def _complex(file: h5py.File, constants: np.ndarray) -> None:
    file["force_constants"] = constants.astype(complex)


def _another_supercell(file: h5py.File, constants: np.ndarray) -> None:
    file["force_constants"] = constants[:, :16]


def _infinite(file: h5py.File, constants: np.ndarray) -> None:
    file["force_constants"] = constants / 0.0


def _rows_of_another_atom(file: h5py.File, constants: np.ndarray) -> None:
    file["force_constants"], file["p2s_map"] = constants, [7]


def _something_else(file: h5py.File, constants: np.ndarray) -> None:
    file["frequency"] = constants


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (_elsewhere, "is no array in this file"),
        (_elsewhere_by_another_link, "is no array in this file"),
        (_endless_unit, "“physical_unit” .* is no word"),
        (_virtual, "is no array in this file"),
        (_external_storage, "is no array in this file"),
        (_empty, "has no room for the numbers that it claims to hold"),
        (_objects, "numbers of type object"),
        (_complex, "numbers of type complex128"),
        (_another_supercell, "holds 1×16×3×3 numbers"),
        (_infinite, "not finite"),
        (_rows_of_another_atom, r"have the rows of \[8\]: they are of another primitive cell"),
        (_something_else, "neither “force_constants” nor “fc2”"),
    ],
)
def test_hdf5_that_is_something_else_is_refused(
    write: Callable[[h5py.File, np.ndarray], None],
    message: str,
    constants: np.ndarray,
    tmp_path: Path,
) -> None:
    file = tmp_path / "force_constants.hdf5"
    with np.errstate(all="ignore"), h5py.File(file, "w") as opened:
        write(opened, constants)
    with pytest.raises(CheckpointError, match=message):
        read_phonopy(COPPER, file)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "", "is empty"),
        (lambda text: text[:2000], "lines after the first, but 1×32 force constants are 128"),
        (lambda text: text.replace("1   32", "1   16", 1), "of a supercell of 16 atoms, that of"),
        (lambda text: text.replace("1   32", "1   1e9", 1), "neither a FORCE_CONSTANTS nor"),
        (lambda text: text.replace("1   32", "99   32", 1), "has 99 for a number of atoms"),
        (lambda text: text.replace("\n1 2\n", "\n1 3\n", 1), "has atoms 1 and 3 where 1 and 2"),
        (
            lambda text: text.replace("0.", "O.", 1),
            "line 3 of .* holds something that is no number",
        ),
        (lambda text: f"{text}\n1 2 3\n", "lines after the first"),
    ],
)
def test_text_that_is_something_else_is_refused(
    change: Callable[[str], str], message: str, constants: np.ndarray, tmp_path: Path
) -> None:
    file = tmp_path / "FORCE_CONSTANTS"
    file_IO.write_FORCE_CONSTANTS(constants, file, np.array([0]))
    text = file.read_text()
    assert change(text) != text
    file.write_text(change(text))
    with pytest.raises(CheckpointError, match=message):
        read_phonopy(COPPER, file)


def test_forces_of_other_displacements_are_refused(tmp_path: Path) -> None:
    text = COPPER.read_text()
    bare = tmp_path / "phonopy_disp.yaml"
    bare.write_text(text[: text.index("  forces:")])
    file = tmp_path / "FORCE_SETS"
    forces = np.random.default_rng(2).normal(size=(32, 3))
    for atom, step, message in (
        (0, 0.01, None),
        (0, 0.02, "forces of other displacements than .*phonopy_disp.yaml lists"),
        (1, 0.01, "forces of other displacements"),
    ):
        first = {"number": atom, "displacement": np.array([step, 0, 0]), "forces": forces}
        file_IO.write_FORCE_SETS({"natom": 32, "first_atoms": [first]}, file)
        if message is None:
            assert read_phonopy(bare, file).reason.endswith("forces in FORCE_SETS")
            continue
        with pytest.raises(CheckpointError, match=message):
            read_phonopy(bare, file)


def test_force_constants_that_break_the_sum_rule_are_remarked(
    constants: np.ndarray, tmp_path: Path
) -> None:
    file = tmp_path / "FORCE_CONSTANTS"
    for change_eV_per_A2, n_warnings in ((0.0, 0), (0.5, 1)):
        changed = constants.copy()
        changed[0, 5, 0, 1] += change_eV_per_A2
        file_IO.write_FORCE_CONSTANTS(changed, file, np.array([0]))
        warnings = read_phonopy(COPPER, file).warnings
        assert len(warnings) == n_warnings
    assert "break the translational sum rule by 0.5" in warnings[0]
