"""``FILE@2`` and ``FILE@name``: which structure is meant, and what it is called."""

import os
from pathlib import Path

import pytest

from nearsight.errors import StructureError
from nearsight.structures import read_structure
from nearsight.structures.selection import choose, split_selection, structure_stem

FRAMES = "1\nfirst\nHe 0 0 0\n1\nsecond\nNe 0 0 0\n1\nthird\nAr 0 0 0\n"


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    path = tmp_path / "run.xyz"
    path.write_text(FRAMES)
    return path


def test_structures_are_counted_from_1(frames: Path) -> None:
    found = [read_structure(f"{frames}@{number}").get_chemical_formula() for number in (1, 2, 3)]
    assert found == ["He", "Ne", "Ar"]


def test_a_choice_needs_no_note_and_its_lack_does(frames: Path) -> None:
    assert read_structure(f"{frames}@2").info == {}
    last = read_structure(frames)
    assert last.get_chemical_formula() == "Ar"
    [note] = last.info["reading_notes"]
    assert "holds 3 structures, of which the last was taken; FILE@1 to FILE@3 choose one" in note


@pytest.mark.parametrize(
    "choice", ["0", "4", "-1", "first", "1:2", ":", pytest.param("9" * 5000, id="long")]
)
def test_what_is_not_there_is_refused(frames: Path, choice: str) -> None:
    with pytest.raises(
        StructureError, match=f"no structure @{choice}: there are 3, counted from 1"
    ):
        read_structure(f"{frames}@{choice}")


def test_a_file_with_an_at_sign_in_its_name_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text(FRAMES)
    (tmp_path / "a.xyz@2").write_text("1\n\nXe 0 0 0\n")
    assert split_selection(tmp_path / "a.xyz@2") == (tmp_path / "a.xyz@2", None)
    assert split_selection(tmp_path / "a.xyz@3") == (tmp_path / "a.xyz", "3")
    (tmp_path / "b@3.xyz").write_text(FRAMES)
    assert read_structure(tmp_path / "b@3.xyz@1").get_chemical_formula() == "He"
    assert read_structure(tmp_path / "b@3.xyz").get_chemical_formula() == "Ar"


def test_a_missing_file_is_missing_by_its_whole_name(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match=r"none\.cif@2 does not exist"):
        read_structure(tmp_path / "none.cif@2")


def test_two_choices_have_two_names(frames: Path) -> None:
    assert structure_stem(frames) == "run"
    assert structure_stem(f"{frames}@1") == "run@1"
    assert structure_stem(f"{frames}@a/b c") == "run@a_b_c"
    os.unlink(frames)  # a saved result still tells them apart
    assert structure_stem(f"{frames}@2") == "run@2"
    assert structure_stem("a@3.xyz") == "a@3"


def test_names_and_numbers() -> None:
    assert choose("two", ["one", "two"]) == (1, None)
    assert choose("1", ["one", "two"]) == (0, None)
    assert choose("2015", ["2014", "2015"]) == (1, None)
    assert choose(None, ["one"]) == (0, None)


@pytest.mark.parametrize(("choice", "names"), [("a", ["a", "a"]), ("1", ["x", "1"])])
def test_what_may_mean_two_structures_is_refused(choice: str, names: list[str]) -> None:
    with pytest.raises(StructureError, match=f"@{choice} may mean more than one"):
        choose(choice, names)
