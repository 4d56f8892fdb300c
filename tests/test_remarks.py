import copy
import json
import pickle
import re
from dataclasses import replace
from pathlib import Path

import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from nearsight.models.engines.ase_model import AseModel
from nearsight.relaxation import Relaxation, RelaxationSettings, relax
from nearsight.remarks import (
    CODE_PATTERN,
    CODES,
    Remark,
    Severity,
    remarks_from_json,
    remarks_to_json,
)

SOURCE = Path(__file__).parents[1] / "src" / "nearsight"


@pytest.fixture
def stopped() -> Relaxation:
    return relax(
        bulk("Cu", a=3.4),
        AseModel(EMT()),
        RelaxationSettings(max_steps=1, optimizer="BFGS"),
    )


def test_a_remark_is_its_sentence() -> None:
    remark = Remark("unrelaxed", "the structure was not relaxed.")
    assert remark == "the structure was not relaxed."
    assert {remark: 1}["the structure was not relaxed."] == 1
    assert type(str(remark)) is str
    assert (remark.code, remark.severity) == ("unrelaxed", Severity.CAUTION)


@pytest.mark.parametrize(
    "again",
    [
        lambda remark: pickle.loads(pickle.dumps(remark)),
        copy.copy,
        copy.deepcopy,
        lambda remark: Remark.from_json(json.loads(json.dumps(remark.to_json()))),
    ],
)
def test_code_and_severity_go_where_the_sentence_goes(again) -> None:
    remark = Remark("imaginary-modes", "one is imaginary.", Severity.CAUTION)
    copied = again(remark)
    assert type(copied) is Remark
    assert (copied, copied.code, copied.severity) == (remark, "imaginary-modes", Severity.CAUTION)


def test_codes_are_known_when_a_remark_is_made_and_may_be_newer_when_one_is_read() -> None:
    with pytest.raises(KeyError):
        Remark("of-tomorrow", "something.")
    written = {"code": "of-tomorrow", "severity": "problem", "message": "something."}
    [read] = remarks_from_json([written])
    assert remarks_to_json([pickle.loads(pickle.dumps(read))]) == [written]


@pytest.mark.parametrize(
    "written",
    [
        ["a sentence"],
        {"code": "unrelaxed", "message": "something."},
        {"code": "Not kebab", "severity": "note", "message": "something."},
        {"code": "unrelaxed", "severity": "grave", "message": "something."},
        {"code": "unrelaxed", "severity": ["note"], "message": "something."},
        {"code": "unrelaxed", "severity": "note", "message": 3},
        {"code": 3, "severity": "note", "message": "something."},
    ],
)
def test_what_is_no_remark_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"warning|severity"):
        remarks_from_json([written])


def test_codes_of_saved_results_are_kept(stopped: Relaxation, tmp_path: Path) -> None:
    assert "not-converged" in {remark.code for remark in stopped.warnings}
    stopped.save(tmp_path / "stopped.npz")
    loaded = Relaxation.load(tmp_path / "stopped.npz")
    assert [each.to_json() for each in loaded.warnings] == [
        each.to_json() for each in stopped.warnings
    ]
    assert replace(loaded, converged=True).warnings[0].code == stopped.warnings[0].code


def test_a_sentence_saved_before_there_were_codes_is_a_caution() -> None:
    [read] = remarks_from_json(["something."])
    assert (read, read.code, read.severity) == ("something.", "saved-without-code", "caution")


def test_every_code_is_written_as_one_and_used_and_explained() -> None:
    text = "".join(file.read_text() for file in SOURCE.rglob("*.py") if file.name != "remarks.py")
    for code, about in CODES.items():
        assert re.fullmatch(CODE_PATTERN, code)
        assert about.meaning.endswith(".")
        # The one that is given here, to sentences of files from before there were codes.
        assert f'"{code}"' in text or code == "saved-without-code", code


def test_no_warning_is_declared_without_a_code() -> None:
    """Types are checked; what is declared as remarks can hold no plain text."""
    plain = re.compile(
        r"\b(?:warnings|remarks)\b[^\n]*: (?:tuple|list)\[str|"
        r"def _?\w*(?:warnings|remarks)\w*\([^)]*\) -> (?:tuple|list)\[str"
    )
    for file in SOURCE.rglob("*.py"):
        assert not plain.findall(file.read_text()), file


def test_notes_of_a_file_have_codes(tmp_path: Path) -> None:
    from nearsight.structures import read_structure
    from nearsight.structures.reading import take_notes

    two = [Atoms("N2", positions=[[0, 0, 0], [0, 0, z]]) for z in (1.1, 1.2)]
    import ase.io

    ase.io.write(tmp_path / "two.xyz", two)
    atoms = read_structure(tmp_path / "two.xyz")
    [note] = take_notes(atoms)
    assert (note.code, note.severity) == ("one-of-several", Severity.NOTE)
