"""Several structures in one file, and CIFs that contradict themselves, in every command."""

import json
from collections.abc import Callable
from pathlib import Path

import ase.io
import pytest
from ase.build import bulk, molecule

from json_warnings import messages
from nearsight.cli.main import main
from nearsight.hessian.matrix import Hessian

Run = Callable[..., int]
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def two(folder: Path) -> Path:
    """Nitrogen, then oxygen."""
    ase.io.write(folder / "two.xyz", [molecule("N2"), molecule("O2")], format="xyz")
    return folder


@pytest.fixture
def contradiction(folder: Path) -> Path:
    """Four atoms that are said to be five, in too large a volume."""
    ase.io.write(folder / "wrong.cif", bulk("Cu", cubic=True))
    text = (folder / "wrong.cif").read_text()
    (folder / "wrong.cif").write_text(text.replace('"Cu4"', "'Cu5'\n_cell_volume 50.0"))
    return folder


def test_two_choices_have_two_results(nearsight: Run, two: Path) -> None:
    assert nearsight("hessian", "two.xyz@1", "two.xyz@2", "--no-relax") == 0
    formulas = [
        Hessian.load(two / f"two@{number}.hessian.npz").atoms.get_chemical_formula()
        for number in (1, 2)
    ]
    assert formulas == ["N2", "O2"]


def test_one_choice_twice_is_refused_before_anything_is_computed(
    nearsight: Run, two: Path, capsys: Captured
) -> None:
    (two / "other").mkdir()
    ase.io.write(two / "other" / "two.xyz", [molecule("N2"), molecule("O2")], format="xyz")
    assert nearsight("hessian", "two.xyz@1", "other/two.xyz@1", "--no-relax") == 1
    assert "same file name (two@1)" in capsys.readouterr().err


def test_the_file_of_a_choice_is_not_overwritten(
    nearsight: Run, two: Path, capsys: Captured
) -> None:
    before = (two / "two.xyz").read_bytes()
    assert nearsight("vibrations", "two.xyz@1", "--no-relax", "--json", "two.xyz") == 1
    assert "two.xyz (--json) is one of the structures" in " ".join(capsys.readouterr().err.split())
    assert (two / "two.xyz").read_bytes() == before


@pytest.mark.usefixtures("two")
def test_unfinished_work_is_called_after_the_choice(
    nearsight: Run, interrupt_after: Callable[[int], None]
) -> None:
    interrupt_after(3)
    assert nearsight("hessian", "two.xyz@2", "--no-relax", "--work-dir", "kept") == 130
    [kept] = [file.name for file in Path("kept").iterdir() if file.suffix == ".rows"]
    assert kept.startswith("two@2-")


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    "command",
    [
        ["hessian", "two.xyz", "--plan"],
        ["vibrations", "two.xyz", "--no-relax", "--model", "ase:emt"],
        ["models", "compare", "two.xyz", "--models", "ase:emt"],
        ["fragment", "two.xyz", "--radius", "3", "--out", "pieces"],
    ],
)
def test_every_command_says_which_structure_it_took(command: list[str], capsys: Captured) -> None:
    assert main(command) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "holds 2 structures, of which the last was taken; FILE@1 to FILE@2" in shown
    assert "O2" in shown


@pytest.mark.usefixtures("two")
def test_a_choice_is_not_warned_about(nearsight: Run, capsys: Captured) -> None:
    assert nearsight("vibrations", "two.xyz@1", "--no-relax", "--json", "-") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["structure"] == "two.xyz@1"
    assert record["formula"] == "N2"
    assert not any("holds 2 structures" in warning for warning in messages(record))


@pytest.mark.usefixtures("contradiction")
def test_a_contradiction_ends_a_command_with_both_values(nearsight: Run, capsys: Captured) -> None:
    assert nearsight("vibrations", "wrong.cif", "--no-relax") == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "'Cu5', but its sites give Cu4" in told
    assert "said to be 50 Å³, but the lengths and angles of its cell give 47.05 Å³" in told
    assert "--accept-contradictions" in told


@pytest.mark.usefixtures("contradiction")
@pytest.mark.parametrize(
    "command",
    [
        ["vibrations", "wrong.cif", "--no-relax", "--model", "ase:emt"],
        ["heat-capacity", "wrong.cif", "--no-relax", "--spectrum", "dense", "--model", "ase:emt"],
        ["hessian", "wrong.cif", "--plan"],
        ["models", "compare", "wrong.cif", "--models", "ase:emt"],
    ],
)
def test_an_accepted_contradiction_stands_in_the_result(
    command: list[str], capsys: Captured
) -> None:
    assert main([*command, "--accept-contradictions", "--json", "-"]) == 0
    record = json.loads(capsys.readouterr().out)
    warnings = messages(record[0] if isinstance(record, list) else record)
    assert any("'Cu5', but its sites give Cu4" in warning for warning in warnings)
    assert any("50 Å³" in warning for warning in warnings)
