"""Gaussian's output and formatted checkpoint against the frequencies that it printed."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.data import atomic_masses_common
from numpy.testing import assert_allclose

from nearsight.errors import CheckpointError, StructureError
from nearsight.hessian.files import read_hessian
from nearsight.vibrations import vibrations

LOG = "hydrogen_peroxide.log"
PRINTED = [390.3330, 1020.0654, 1354.0782, 1476.4126, 3834.7061, 3835.3267]


@pytest.fixture
def text(data: Path) -> str:
    """The lines of the output."""
    return (data / LOG).read_text(encoding="utf-8")


@pytest.fixture
def log(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function: a file with other lines."""

    def write(lines: str) -> Path:
        path = tmp_path / "other.log"
        path.write_text(lines, encoding="utf-8")
        return path

    return write


def without_archive(text: str) -> str:
    return text.partition("\n 1\\1\\")[0] + "\n Normal termination\n"


def test_the_archive_gives_the_printed_frequencies(data: Path) -> None:
    found = read_hessian(data / LOG)
    assert_allclose(vibrations(found).wavenumbers_per_cm, PRINTED, rtol=0, atol=2e-4)
    # In another orientation than that of the force constants, rotations would not be so soft.
    lowest = vibrations(found).unprojected_eigenvalues_eV_per_A2_amu[:6]
    assert np.abs(lowest).max() < 0.003
    assert_allclose(found.atoms.get_masses(), atomic_masses_common[[8, 8, 1, 1]], rtol=0)


def test_the_block_gives_them_to_its_six_digits(
    data: Path, text: str, log: Callable[[str], Path]
) -> None:
    found = read_hessian(log(without_archive(text)))
    archived = read_hessian(data / LOG)
    rounding = 0.5e-6 * 97.18
    assert_allclose(found.matrix_eV_per_A2, archived.matrix_eV_per_A2, rtol=0, atol=1.02 * rounding)
    assert np.abs(found.matrix_eV_per_A2 - archived.matrix_eV_per_A2).max() > 0.1 * rounding
    assert_allclose(vibrations(found).wavenumbers_per_cm, PRINTED, rtol=0, atol=2e-2)


def test_lines_may_end_as_on_windows(data: Path, text: str, log: Callable[[str], Path]) -> None:
    windows = log(text.replace("\\", "|"))
    windows.write_bytes(windows.read_bytes().replace(b"\n", b"\r\n"))
    found, usual = read_hessian(windows), read_hessian(data / LOG)
    assert np.array_equal(found.matrix_eV_per_A2, usual.matrix_eV_per_A2)


def test_masses_of_five_decimals_are_taken_for_the_isotopes(
    text: str, log: Callable[[str], Path]
) -> None:
    found = read_hessian(log(text.replace(" AtmWgt=", " weights")))
    assert_allclose(found.atoms.get_masses(), atomic_masses_common[[8, 8, 1, 1]], rtol=0)
    heavy = text.replace(" AtmWgt=", " weights").replace("mass   1.00783", "mass   2.01410")
    assert_allclose(read_hessian(log(heavy)).atoms.get_masses()[2:], 2.0141, rtol=0)


def test_masses_are_those_of_the_frequencies(text: str, log: Callable[[str], Path]) -> None:
    """Isotopes that were chosen after the input was read stand with the thermochemistry only."""
    assert "AtmWgt=" in text
    heavy = log(text.replace("mass   1.00783", "mass   2.01410"))
    assert_allclose(read_hessian(heavy).atoms.get_masses()[2:], 2.0141, rtol=0)


@pytest.mark.parametrize(
    "begin",
    [
        " Entering Gaussian System, Link 0=g16\n",
        " Entering Link 1 = /opt/g16/l1.exe PID=      4699.\n",
        " Link1:  Proceeding to internal job step number  2.\n",
    ],
)
def test_masses_are_not_those_of_a_calculation_before(
    text: str, log: Callable[[str], Path], begin: str
) -> None:
    """Of the one before here the other list is printed, for other isotopes."""
    before = re.sub(r"(?<=AtmWgt=).*", 2 * "  17.9991610" + 2 * "   2.0141018", text)
    before = re.sub(r"^ Atom .* mass .*\n", "", before, flags=re.MULTILINE)
    after = re.sub(r"^ AtmWgt=.*\n", "", text, flags=re.MULTILINE)
    after = after.replace(" Entering Gaussian System, Link 0=g16\n", begin)
    assert begin in after
    found = read_hessian(log(before + after))
    assert_allclose(found.atoms.get_masses(), atomic_masses_common[[8, 8, 1, 1]], rtol=0)
    assert found.warnings == ()


def test_a_checkpoint_has_masses_of_the_frequencies_too(data: Path, tmp_path: Path) -> None:
    text = (data / "water_with_ghost.fchk").read_text()
    title, values = "Real atomic weights  ", "  1.59949146E+01  1.00782504E+00  1.00782504E+00"
    assert title in text
    assert values in text
    line = next(line for line in text.splitlines() if line.startswith(title))
    own = line.replace(title, "Vib-AtMass".ljust(len(title)))
    heavy = "  1.59949146E+01  2.01410178E+00  2.01410178E+00  1.59949146E+01"
    path = tmp_path / "heavy.fchk"
    path.write_text(f"{text.rstrip()}\n{own}\n{heavy}\n")
    assert_allclose(read_hessian(path).atoms.get_masses()[1:], 2.01410178, rtol=0)


@pytest.mark.parametrize(
    ("hydrogen", "mass", "remarks"), [(1, 1.00782503, 0), (2, 2.01410178, 0), (3, 3.0, 1)]
)
def test_mass_numbers_stand_for_isotopes(
    data: Path, tmp_path: Path, hydrogen: int, mass: float, remarks: int
) -> None:
    text = (data / "water_with_ghost.fchk").read_text()
    title = "Integer atomic weights                     I   N=           4"
    numbers = f"{title}\n          16{hydrogen:12}{hydrogen:12}          16\n"
    path = tmp_path / "heavy.fchk"
    path.write_text(re.sub(r"Real atomic weights.*\n.*\n", numbers, text))
    found = read_hessian(path)
    assert_allclose(found.atoms.get_masses(), [15.99491462, mass, mass], rtol=1e-8)
    assert sum("mass numbers" in warning for warning in found.warnings) == remarks


def test_frozen_atoms_of_a_checkpoint_are_refused(data: Path, tmp_path: Path) -> None:
    text = (data / "water_with_ghost.fchk").read_text()
    title = "MicOpt                                     I   N=           4"
    path = tmp_path / "frozen.fchk"
    path.write_text(f"{text.rstrip()}\n{title}\n          -1          -1          -1          -2\n")
    assert read_hessian(path).n_atoms == 3
    path.write_text(f"{text.rstrip()}\n{title}\n          -1          -1          -2          -1\n")
    with pytest.raises(StructureError, match=r"1 of the atoms were held fixed .* atom 3"):
        read_hessian(path)


def test_the_archive_has_the_structure_too(
    data: Path, text: str, log: Callable[[str], Path]
) -> None:
    usual = read_hessian(data / LOG).atoms
    found = read_hessian(log(text.replace("Input orientation", "Other orientation"))).atoms
    assert found.get_chemical_symbols() == usual.get_chemical_symbols()
    assert_allclose(found.positions, usual.positions, rtol=0, atol=1e-6)
    assert_allclose(found.get_masses(), usual.get_masses(), rtol=0)


def test_without_the_input_orientation_the_structure_must_be_given(
    data: Path, text: str, log: Callable[[str], Path]
) -> None:
    internal = text.replace("Input orientation", "Other orientation")
    standard = log(internal.replace("O,0.604051\n ,-0.386909,0.241737", "O,1,r1,2,a1\n "))
    with pytest.raises(StructureError, match="comes without the structure"):
        read_hessian(standard)
    usual = read_hessian(data / LOG)
    given = read_hessian(standard, atoms=usual.atoms)
    assert np.array_equal(given.matrix_eV_per_A2, usual.matrix_eV_per_A2)


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("0474,0.15987894", "archive entry has no end"),
        ("     12  0.165816D+00", "lacks some of its numbers"),
        (" Force constants in", "without force constants"),
    ],
)
def test_what_is_cut_off_is_refused(
    text: str, log: Callable[[str], Path], end: str, message: str
) -> None:
    assert end in text
    with pytest.raises(CheckpointError, match=message):
        read_hessian(log(text.partition(end)[0]))


def test_what_lacks_a_number_is_refused(text: str, log: Callable[[str], Path]) -> None:
    assert "0.45460442," in text
    with pytest.raises(CheckpointError, match="77 force constants fill no triangle"):
        read_hessian(log(text.replace("0.45460442,", "")))


def test_a_checkpoint_gives_the_frequencies_of_toluene(
    checkpoint: Callable[..., Path], toluene: tuple[Atoms, np.ndarray, dict[str, Any]]
) -> None:
    _, matrix, printed = toluene
    found = read_hessian(checkpoint())
    wavenumbers = vibrations(found).wavenumbers_per_cm
    expected = np.array(printed["printed_wavenumbers_per_cm"])
    assert_allclose(wavenumbers[1:], expected[1:], rtol=0, atol=2e-4)
    assert wavenumbers[0] == pytest.approx(expected[0], abs=2e-3)  # the methyl rotor
    assert_allclose(found.symmetric(), matrix, rtol=1e-8, atol=1e-8)
    assert found.warnings == ()


def test_a_checkpoint_without_masses_says_so(checkpoint: Callable[..., Path]) -> None:
    found = read_hessian(checkpoint(masses=False))
    assert found.atoms.get_masses()[-1] == pytest.approx(1.008)
    assert any("no masses" in note for note in found.warnings)


def test_a_damaged_checkpoint_is_refused(checkpoint: Callable[..., Path]) -> None:
    path = checkpoint()
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[: whole.index("Dipole") - 100], encoding="utf-8")
    with pytest.raises(
        CheckpointError, match=r"“Cartesian Force Constants” has 102[89] of its 1035"
    ):
        read_hessian(path)
    path.write_text(whole.replace("Cartesian Force", "Cartesian Farce"), encoding="utf-8")
    with pytest.raises(CheckpointError, match="without force constants"):
        read_hessian(path)
    path.write_text(whole.replace("Current cartesian", "Former cartesian"), encoding="utf-8")
    with pytest.raises(CheckpointError, match="Current cartesian coordinates"):
        read_hessian(path)


WATER = [1539.67, 3643.13, 3651.27]
"""Of the force constants of both files of water."""


def test_exponents_of_three_digits_are_numbers(data: Path) -> None:
    found = read_hessian(data / "water_three_digit_exponent.fchk")
    assert_allclose(vibrations(found).wavenumbers_per_cm, WATER, rtol=0, atol=0.01)
    tiny = (data / "water_three_digit_exponent.fchk").read_text().count("1.00000000-105")
    # None of them is on the diagonal.
    assert np.count_nonzero(np.abs(found.matrix_eV_per_A2) < 1e-99) == 2 * tiny
    assert found.warnings == ()


def test_a_ghost_centre_is_no_atom(data: Path) -> None:
    found = read_hessian(data / "water_with_ghost.fchk")
    assert found.atoms.get_chemical_formula() == "H2O"
    assert_allclose(vibrations(found).wavenumbers_per_cm, WATER, rtol=0, atol=0.01)
    assert vibrations(found).n_rigid_body == 6
    (note,) = found.warnings
    assert "1 ghost centre is no atom" in note


def test_a_core_potential_makes_no_ghost_and_no_other_element(data: Path, tmp_path: Path) -> None:
    text = (data / "water_with_ghost.fchk").read_text()
    charges = "  8.00000000E+00  1.00000000E+00  1.00000000E+00  0.00000000E+00"
    assert charges in text
    path = tmp_path / "water.fchk"
    path.write_text(text.replace(charges, charges.replace("8.0", "6.0")))
    assert read_hessian(path).atoms.get_chemical_formula() == "H2O"
    path.write_text(text.replace(charges, charges.replace("8.0", "9.0")))
    with pytest.raises(CheckpointError, match="“Nuclear charges” are not those"):
        read_hessian(path)


@pytest.mark.parametrize(
    ("of", "to", "message"),
    [
        ("5.41561770E-06", "**************", r"“\*+” \(too large for its column\)"),
        ("5.41561770E-06", "5.41561770X-06", "no number, “5.41561770X-06”"),
        ("           8           1", "           8         777", "777 is the atomic number of no"),
        ("           8           1", "           8        1.5", "something else than whole"),
        ("N=           9", "N=          12", "“Current cartesian coordinates” has 9 of its 12"),
        ("N=          45", "N= 99999999999", "“Cartesian Force Constants” has “99999999999” in"),
        ("  1.59949146E+01", " -1.59949146E+01", "do not all have a mass"),
        ("Real atomic weights", "Atomic numbers     ", "twice"),
    ],
)
def test_what_cannot_be_in_a_checkpoint_is_named(
    data: Path, tmp_path: Path, of: str, to: str, message: str
) -> None:
    text = (data / "water_three_digit_exponent.fchk").read_text()
    assert of in text
    path = tmp_path / "damaged.fchk"
    path.write_text(text.replace(of, to, 1))
    with pytest.raises(CheckpointError, match=message):
        read_hessian(path)


def test_an_overflow_in_an_output_is_refused(text: str, log: Callable[[str], Path]) -> None:
    with pytest.raises(CheckpointError, match="too large for its column"):
        read_hessian(log(text.replace("0.45460442,", "**********,")))


@pytest.mark.parametrize(
    "line", [" O    -1      0.7  0.0  0.0", " O,-1,0.7,0.0,0.0", " O(Iso=18)    -1   0.7 0.0 0.0"]
)
def test_frozen_atoms_are_refused(text: str, log: Callable[[str], Path], line: str) -> None:
    begin = text.rindex("\n", 0, text.index("Input orientation")) + 1
    head = f" Charge =  0 Multiplicity = 1\n{line}\n H  0  0.0 0.0 0.0\n\n"
    bare = without_archive(text)
    frozen = log(bare[:begin] + head + bare[begin:])
    with pytest.raises(StructureError, match=r"1 of the atoms were held fixed .* of them a O"):
        read_hessian(frozen)
    free = log(bare[:begin] + head.replace("-1", "0 ") + bare[begin:])
    assert_allclose(vibrations(read_hessian(free)).wavenumbers_per_cm, PRINTED, atol=2e-2)


def test_frozen_atoms_of_the_archive_are_refused(text: str, log: Callable[[str], Path]) -> None:
    frozen = text.replace("\\0,1\\O,0.604051", "\\0,1\\O,-1,0.604051")
    assert frozen != text
    with pytest.raises(StructureError, match="1 of the atoms were held fixed"):
        read_hessian(log(frozen))


def test_ghost_centres_of_an_output_are_no_atoms(
    text: str, log: Callable[[str], Path], data: Path
) -> None:
    """Three more rows of the table: a centre without an element, and two with functions only."""
    usual = read_hessian(data / LOG)
    table = re.search(r"Input orientation: *\n(?:.*\n){4}(?: +\d+ +\d+ +\d+ .*\n)+", text)
    assert table is not None
    ghosts = "".join(
        f"      {number}    {species}      {kind}    {number}.0    0.0    5.0\n"
        for number, species, kind in ((5, 0, 0), (6, 8, 1008), (7, 8, 0))
    )
    size = 21
    matrix = np.zeros((size, size))
    matrix[:12, :12] = usual.matrix_eV_per_A2.reshape(12, 12) / 97.1736
    numbers = ",".join(f"{value:.8f}" for value in matrix[np.tril_indices(size)])
    centres = r"O,0.6\O,-0.5\H,1.1\H,-1.1\Bq,0.\O-Bq,0.\O(Bq),0."
    entry = rf" 1\1\GINC\Freq\\#p\\title\\0,1\{centres}\\NImag=0\\{numbers}\\0.\\@"
    lines = [entry[at : at + 70] for at in range(0, len(entry), 70)]
    wrapped = "\n" + "\n ".join(lines) + "\n Normal termination\n"
    rest = text[table.end() :].partition(" Force constants in Cartesian")[0]
    body = text[: table.end()] + ghosts + rest
    found = read_hessian(log(body + wrapped))
    assert found.atoms.get_chemical_formula() == "H2O2"
    assert_allclose(vibrations(found).wavenumbers_per_cm, PRINTED, rtol=0, atol=0.05)
    assert any("3 ghost centres are no atom" in note for note in found.warnings)


def test_what_is_printed_twice_must_agree(text: str, log: Callable[[str], Path]) -> None:
    assert "0.45460442," in text
    with pytest.raises(CheckpointError, match=r"the force constant 0.45461442, .* 0.454604 hart"):
        read_hessian(log(text.replace("0.45460442,", "0.45461442,")))
    table = "      1          8           0        0.604051"
    assert table in text
    with pytest.raises(CheckpointError, match="orientation has S O H H, its archive entry O O H H"):
        read_hessian(log(text.replace(table, table.replace("     8 ", "    16 "), 1)))
