"""ORCA's file against the frequencies in it and against an earlier conversion of it."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nearsight.errors import CheckpointError, StructureError
from nearsight.hessian.files import read_hessian
from nearsight.vibrations import vibrations

NAME = "ch3clf_transition_state"


def test_frequencies_are_those_in_the_file(data: Path) -> None:
    found = vibrations(read_hessian(data / f"{NAME}.hess"))
    text = (data / f"{NAME}.hess").read_text(encoding="utf-8")
    lines = text.partition("$vibrational_frequencies\n18\n")[2].splitlines()[:18]
    printed = np.array([float(line.split()[1]) for line in lines])
    assert found.n_imaginary == 1
    # ORCA's conversion to cm⁻¹ differs by 1.8e-5, the same for all modes.
    ratio = found.wavenumbers_per_cm / printed[printed != 0]
    assert_allclose(ratio, 1.0, atol=2e-5)
    assert np.ptp(ratio) < 2e-8


def test_units_are_ours(data: Path) -> None:
    found = read_hessian(data / f"{NAME}.hess")
    converted = json.loads((data / f"{NAME}.json").read_text(encoding="utf-8"))
    lower = np.concatenate(converted["hessian_lower_triangle_eV_per_A2"])
    assert_allclose(found.symmetric()[np.tril_indices(18)], lower, rtol=0, atol=1e-9)
    assert_allclose(found.atoms.positions, converted["positions_A"], rtol=0, atol=1e-9)
    assert found.atoms.numbers.tolist() == converted["numbers"]
    assert found.atoms.get_masses().tolist() == converted["masses_amu"]
    assert found.asymmetry_eV_per_A2 == 0


def test_six_columns_of_six_decimals_as_older_versions_print(data: Path, tmp_path: Path) -> None:
    new = read_hessian(data / f"{NAME}.hess")
    text = (data / f"{NAME}.hess").read_text(encoding="utf-8")
    values = new.symmetric() / (27.211386245981 / 0.529177210544**2)
    lines = ["$hessian", "18"]
    for first in range(0, 18, 6):
        lines.append("".join(f"{column:11d}" for column in range(first, first + 6)))
        for row in range(18):
            words = "".join(f"{value:11.6f}" for value in values[row, first : first + 6])
            lines.append(f"{row:5d} {words}")
    before, _, rest = text.partition("$hessian\n")
    older = before + "\n".join(lines) + "\n\n$" + rest.partition("\n$")[2]
    (tmp_path / "old.hess").write_text(older, encoding="utf-8")
    found = read_hessian(tmp_path / "old.hess")
    assert_allclose(found.symmetric(), new.symmetric(), rtol=0, atol=0.5e-6 * 97.18)


@pytest.mark.parametrize(
    ("of", "to", "message"),
    [
        ("$normal_modes", "$end", None),  # nothing of that is needed
        ("    17     -1.1728085918E-04 ", "$end", "lacks 3 of its 18² numbers"),
        ("$atoms", "$end", r"no section \$atoms"),
        (" F     18.99800", "$end", r"\$atoms lacks some of its lines"),
        ("$hessian\n18", "$hessian\n", "does not begin with its size"),
        ("5.7626450938E-01", "5.76264*********", "no number"),
        ("5.7626450938E-01", "nan", "not finite"),
        (" F     18.99800     -7.7", "17\n F     18.99800     -7.7", "lacks some of its lines"),
    ],
)
def test_damage_is_named(data: Path, tmp_path: Path, of: str, to: str, message: str | None) -> None:
    text = (data / f"{NAME}.hess").read_text(encoding="utf-8")
    assert text.replace("$normal_modes", "") == text  # it is left out of this copy
    text += "" if of in text else of
    damaged = text.partition(of)[0] + to if to == "$end" else text.replace(of, to)
    (tmp_path / "damaged.hess").write_text(damaged, encoding="utf-8")
    if message is None:
        assert read_hessian(tmp_path / "damaged.hess").n_atoms == 6
    else:
        with pytest.raises(CheckpointError, match=message):
            read_hessian(tmp_path / "damaged.hess")


def with_more_centres(text: str, *lines: str) -> str:
    """Return ORCA's file with more lines of `$atoms`, whose rows of the Hessian are zeros."""
    first, last = text.index("$hessian\n"), text.index("$vibrational_frequencies")
    tokens = [line.split() for line in text[first:last].splitlines()[2:]]
    matrix = np.zeros((18 + 3 * len(lines), 18 + 3 * len(lines)))
    columns: list[int] = []
    for words in filter(None, tokens):
        if all(word.isdigit() for word in words):
            columns = [int(word) for word in words]
        else:
            matrix[int(words[0]), columns] = [float(word) for word in words[1:]]
    table = ["$hessian", str(len(matrix)), " ".join(map(str, range(len(matrix))))]
    table += [f"{row} " + " ".join(f"{x:.10E}" for x in matrix[row]) for row in range(len(matrix))]
    text = text[:first] + "\n".join(table) + "\n\n" + text[last:]
    return text.replace("$atoms\n6\n", f"$atoms\n{6 + len(lines)}\n").replace(
        "$end", "\n".join([*lines, "", "$end"])
    )


@pytest.mark.parametrize(
    "ghost", [" Cl:     35.45300     9.0  9.0  9.0", " Cl     0.00000     9.0  9.0  9.0"]
)
def test_ghost_centres_are_no_atoms(data: Path, tmp_path: Path, ghost: str) -> None:
    usual = read_hessian(data / f"{NAME}.hess")
    text = (data / f"{NAME}.hess").read_text(encoding="utf-8")
    (tmp_path / "ghost.hess").write_text(with_more_centres(text, ghost))
    found = read_hessian(tmp_path / "ghost.hess")
    assert found.atoms.get_chemical_formula() == usual.atoms.get_chemical_formula()
    assert_allclose(found.matrix_eV_per_A2, usual.matrix_eV_per_A2, rtol=0, atol=1e-12)
    assert any("1 ghost centre is no atom" in note for note in found.warnings)


def test_rows_of_zeros_are_a_partial_hessian(data: Path, tmp_path: Path) -> None:
    text = (data / f"{NAME}.hess").read_text(encoding="utf-8")
    frozen = [" Cl     35.45300     9.0  9.0  9.0", " Cl     35.45300     -9.0  9.0  9.0"]
    (tmp_path / "partial.hess").write_text(with_more_centres(text, *frozen))
    with pytest.raises(StructureError, match=r"rows of 2 of its 8 atoms \(7, 8\) are zero"):
        read_hessian(tmp_path / "partial.hess")


@pytest.mark.parametrize(
    ("of", "to", "message"),
    [
        (" F     18.99800", " Qq    18.99800", "“Qq”, which is no element"),
        (" F     18.99800", " F    -18.99800", "do not all have a mass"),
        ("$atoms\n6", "$atoms\n6 6", "lacks some of its lines"),
        ("$hessian\n18", "$hessian\n99999999", "lacks some of its 99999999² numbers"),
        ("$hessian\n18", "$hessian\n9" + 40 * "9", "in place of a whole number"),
        ("$atoms\n", "$atoms\n6\n\n$atoms\n", r"the section \$atoms twice"),
    ],
)
def test_what_cannot_be_is_named(
    data: Path, tmp_path: Path, of: str, to: str, message: str
) -> None:
    text = (data / f"{NAME}.hess").read_text(encoding="utf-8")
    assert of in text
    (tmp_path / "damaged.hess").write_text(text.replace(of, to, 1), encoding="utf-8")
    with pytest.raises(CheckpointError, match=message):
        read_hessian(tmp_path / "damaged.hess")


def test_a_mass_of_no_isotope_is_remarked(data: Path, tmp_path: Path) -> None:
    text = (data / f"{NAME}.hess").read_text(encoding="utf-8")
    (tmp_path / "heavy.hess").write_text(text.replace(" F     18.99800", " F     28.99800", 1))
    (note,) = read_hessian(tmp_path / "heavy.hess").warnings
    assert "the first is atom 6, F, with 29 amu" in note
