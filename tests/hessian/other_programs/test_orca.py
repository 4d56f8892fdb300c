"""ORCA's file against the frequencies in it and against an earlier conversion of it."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nearsight.errors import CheckpointError
from nearsight.hessian.other_programs import read_hessian
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
