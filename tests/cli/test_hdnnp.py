"""``nearsight hdnnp convert``."""

from pathlib import Path

import pytest

from nearsight.cli.main import main
from nearsight.hdnnp.files import read_data, read_potential, same_potential, write_potential
from nearsight.hdnnp.potential import PotentialUnits
from plain_hdnnp import made_potential

LAYERS = {"H": ((4, 3), "ttl"), "O": ((4, 3), "ttl")}


@pytest.fixture
def convert(folder: Path):
    """Return a function: run the command in a folder of structures, and return its status."""
    write_potential(made_potential(1, LAYERS, radii=(6.0,)), folder / "potential")

    def run(*arguments: str) -> int:
        return main(["hdnnp", "convert", *arguments])

    return run


def test_a_potential(convert, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert("potential", "for-runner", "--to-units", "bohr,hartree") == 0
    printed = capsys.readouterr().out
    assert "H           13 symmetry functions, layers 13-4-3-1" in printed
    assert "units       bohr,hartree; of the source, those that “input.nn” names" in printed
    assert "cutoff      6 Å" in printed
    read = read_potential(folder / "for-runner")
    assert read.units == PotentialUnits("bohr", "hartree")
    assert read.cutoff_A == pytest.approx(6.0, rel=1e-14)


def test_what_n2p2_refuses_is_said(
    convert, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = made_potential(1, LAYERS | {"O": ((3,), "tl")}, radii=(6.0,))
    write_potential(made, folder / "odd")
    assert convert("odd", "other", "--to-units", "bohr,eV") == 0
    assert "n2p2 and LAMMPS will refuse" in " ".join(capsys.readouterr().out.split())


def test_keywords_of_training_are_counted(
    convert, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "potential" / "input.nn"
    file.write_text(file.read_text() + "epochs 3\nrandom_seed 1\n")
    assert convert("potential", "other") == 0
    assert "left out    2 keywords of input.nn" in capsys.readouterr().out
    file.write_text(file.read_text().replace("random_seed 1\n", ""))
    assert convert("potential", "third") == 0
    assert "left out    1 keyword of input.nn" in capsys.readouterr().out


def test_data_both_ways(convert, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert("nitrogen.xyz", "input.data", "--to-units", "bohr,hartree") == 0
    printed = capsys.readouterr().out
    assert "structures  1 of 2 atoms in all\n" in printed
    assert "energies    none, or exact zeros, which count as none\n" in printed
    assert convert("input.data", "again.extxyz") == 0
    (first,), (again,) = read_data("nitrogen.xyz"), read_data("again.extxyz")
    assert again.atoms.positions == pytest.approx(first.atoms.positions, rel=4e-16)


def test_a_potential_is_replaced_only_where_that_is_asked_for(
    convert, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With all of its files: none of an element that the new one does not have stays."""
    other = made_potential(2, {"H": ((3,), "tl"), "C": ((3,), "tl")}, radii=(5.0,))
    write_potential(other, folder / "out")
    (folder / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    assert convert("potential", "out") == 1
    assert "out has a potential already" in (said := capsys.readouterr().err)
    assert "--replace" in said
    assert read_potential(folder / "out").symbols == ("H", "C")
    assert convert("potential", "out", "--replace") == 0
    assert same_potential(read_potential(folder / "out"), read_potential(folder / "potential"))
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "input.nn",
        "notes.txt",
        "scaling.data",
        "weights.001.data",
        "weights.008.data",
    ]
    (folder / "part").mkdir()
    (folder / "part" / "weights.030.data").touch()
    assert convert("potential", "part") == 1
    assert "files of one (weights.030.data)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nitrogen.xyz", "input.data"), "name them, angstrom,eV or bohr,hartree"),
        (("nitrogen.xyz", "a.data", "--to-units", "nm,eV"), "'nm' is not known"),
        (("nitrogen.xyz", "out"), "written as .data"),
        (("nothing", "out.xyz"), "nothing cannot be read"),
        (
            ("potential/input.nn", "out.xyz"),
            "is no number of atoms, with which",
        ),
        (("copper.cif", "out.xyz"), "copper.cif, line 1"),
        (("potential", "potential"), "is what is read, too"),
        (("potential", "out", "--from-units", "bohr,hartree"), "angstrom,eV as it says"),
    ],
)
def test_what_is_refused(
    arguments: tuple[str, ...], message: str, convert, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(*arguments) == 1
    printed = capsys.readouterr()
    assert message in printed.err
    assert not printed.out
