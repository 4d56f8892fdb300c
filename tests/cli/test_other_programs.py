"""Files that hold a Hessian and a structure: which of the two counts, in every command."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from json_warnings import messages
from nearsight.cli.main import main
from nearsight.hessian.files import read_hessian, remarks_on_frequencies
from nearsight.hessian.matrix import Hessian
from nearsight.vibrations.modes import vibrations

DATA = Path(__file__).parents[1] / "data" / "molecular_hessians"
LOG = DATA / "hydrogen_peroxide.log"
CHECKPOINT = DATA / "water_with_ghost.fchk"
TRANSITION_STATE = DATA / "ch3clf_transition_state.hess"
PRINTED = [390.3330, 1020.0654, 1354.0782, 1476.4126, 3834.7061, 3835.3267]

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def record(here: Path) -> Run:
    """Return a function: the record of a command."""

    def run(command: str, file: Path, *options: str) -> dict[str, Any]:
        assert main([command, str(file), *options, "--json", "r.json"]) == 0
        found: dict[str, Any] = json.loads((here / "r.json").read_text())
        return found

    return run


def wavenumbers(found: dict[str, Any]) -> list[float]:
    return [value for value in found["modes"]["wavenumbers_per_cm"] if abs(value) > 100]


@pytest.mark.parametrize("command", ["vibrations", "heat-capacity"])
def test_the_hessian_of_an_output_is_taken(command: str, record: Run) -> None:
    found = record(command, LOG)
    assert found["hessian"]["method"] == "read"
    assert wavenumbers(found) == pytest.approx(PRINTED, abs=2e-3)


def test_the_hessian_of_an_output_is_saved(record: Run, here: Path) -> None:
    record("hessian", LOG, "--output", "kept.npz")
    found = Hessian.load(here / "kept.npz")
    assert np.array_equal(found.matrix_eV_per_A2, read_hessian(LOG).matrix_eV_per_A2)


@pytest.mark.parametrize("file", [LOG, CHECKPOINT, TRANSITION_STATE], ids=lambda file: file.suffix)
@pytest.mark.parametrize("command", ["vibrations", "heat-capacity"])
def test_recompute_asks_for_the_structure(command: str, file: Path, record: Run) -> None:
    options = ("--model", "ase:lj", "--no-relax", "--method", "central-difference")
    found = record(command, file, *options, "--recompute")
    assert found["hessian"]["method"] == "central-difference"
    atoms = read_hessian(file).atoms
    assert found["formula"] == atoms.get_chemical_formula()
    assert found["model"]["name"] == "ase:lj"


def test_an_output_of_frequencies_without_their_hessian_is_said_to_be_one(
    record: Run, here: Path
) -> None:
    """It was cut off before its force constants: the structure is all that is left to take."""
    text = LOG.read_text()
    cut = here / "cut.log"
    cut.write_text(text[: text.index(" Force constants in Cartesian")])
    options = ("--model", "ase:lj", "--no-relax")
    warnings = messages(record("vibrations", cut, *options))
    assert warnings[0].startswith("cut.log is an output of Gaussian of a calculation of freq")
    assert "no force constants: only its structure is taken" in warnings[0]
    assert "cut.log" not in str(messages(record("vibrations", cut, *options, "--recompute")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  * O   R   C   A *\n\nVIBRATIONAL FREQUENCIES\n", "keeps its Hessian in the .hess"),
        ("  * O   R   C   A *\n\nCARTESIAN COORDINATES\n", None),
        (" Entering Gaussian System\n #p b3lyp/6-31g* opt freq\n", "in the .fchk"),
        (" Entering Gaussian System\n #p b3lyp/6-31g* opt\n", None),
        ("3\n\nVIBRATIONAL FREQUENCIES\n", None),
    ],
)
def test_only_outputs_of_frequencies_are_said_to_be_some(
    text: str, expected: str | None, here: Path
) -> None:
    (here / "some.out").write_text(text)
    remarks = remarks_on_frequencies("some.out")
    assert [expected in remark for remark in remarks] == ([True] if expected else [])


def test_a_model_that_was_not_asked_is_said(record: Run) -> None:
    (warning,) = messages(record("vibrations", LOG, "--model", "ase:emt"))
    assert warning.startswith("ase:emt was not asked")
    assert "`recompute`" in warning
    assert messages(record("vibrations", LOG)) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("elastic FILE", "which has no strain; give a structure, saved .* or set --recompute"),
        ("hessian FILE --plan", "needs no plan; --recompute plans one"),
        ("phonons FILE", "is not periodic in three directions"),
        ("vibrations FILE --symmetrize 0.1", "comes too late for it.* set --recompute"),
        ("heat-capacity FILE --spectrum probing", "nothing to be probed. --recompute"),
    ],
)
@pytest.mark.parametrize("file", [LOG, CHECKPOINT], ids=lambda file: file.suffix)
@pytest.mark.usefixtures("here")
def test_what_a_hessian_cannot_stand_for_is_said_alike(
    file: Path, arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.replace("FILE", str(file)).split()) == 1
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    assert re.search(message, " ".join(errors.split()))


def test_recompute_plans_what_it_would_compute(record: Run) -> None:
    assert record("hessian", CHECKPOINT, "--plan", "--recompute")["n_atoms"] == 3


def test_a_page_shows_hessians_of_other_programs(here: Path) -> None:
    assert main(["report", str(LOG), str(TRANSITION_STATE), "--output", "page.html"]) == 0
    page = (here / "page.html").read_text(encoding="utf-8")
    assert "read from hydrogen_peroxide.log" in page
    assert "transition state" in page
    assert "relax it" not in page


def test_fragments_are_cut_from_the_structure_of_either(here: Path) -> None:
    for file in (LOG, CHECKPOINT):
        assert main(["fragment", str(file), "--radius", "3", "--out", file.stem]) == 0
        assert list((here / file.stem).iterdir())


@pytest.mark.parametrize("command", ["vibrations", "heat-capacity"])
def test_a_transition_state_is_one_and_nobody_is_to_relax_it(
    command: str, record: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    found = record(command, TRANSITION_STATE, "--report", "page.html")
    (warning,) = [text for text in messages(found) if "imaginary" in text]
    assert (
        "1 imaginary mode contributes nothing (-503.2 cm⁻¹): the structure in the file is a t"
        in (warning)
    )
    shown = " ".join(capsys.readouterr().out.split())
    page = Path("page.html").read_text(encoding="utf-8")
    assert "is a transition state" in shown
    assert "transition state" in page
    for text in (*messages(found), shown):
        assert not re.search("relax|fmax|follow.imaginary|this model", text)
    assert "not at a minimum" not in page


def test_two_imaginary_modes_are_no_transition_state(tmp_path: Path) -> None:
    hessian = read_hessian(LOG)
    turned = replace(hessian, matrix_eV_per_A2=-hessian.matrix_eV_per_A2)
    (warning,) = [text for text in vibrations(turned).warnings if "imaginary" in text]
    assert warning.startswith("6 imaginary modes contribute nothing")
    assert "is not at a minimum of the method that had its Hessian" in warning
    assert "relax" not in warning


def test_a_damaged_hessian_is_no_structure_in_its_stead(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = LOG.read_text()
    Path("cut.log").write_text(text.replace("0.45460442,", "*********,"))
    for command in ("vibrations", "heat-capacity", "hessian"):
        assert main([command, "cut.log"]) == 1
        assert "too large for its column" in capsys.readouterr().err
    assert not (here / "cut.hessian.npz").exists()
