import json
from pathlib import Path

import ase.io
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.cli.main import main
from nearsight.structures.fragment_files import read_fragment

MOF5 = Path(__file__).parents[1] / "data" / "crystals" / "mof5_primitive.extxyz"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    ase.io.write(tmp_path / "mof5.extxyz", ase.io.read(MOF5))
    ase.io.write(tmp_path / "ethanol.xyz", molecule("CH3CH2OH"))
    ase.io.write(tmp_path / "copper.cif", bulk("Cu", "fcc", a=3.6))
    return tmp_path


def test_unique_fragments_that_cover_mof5(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["fragment", "mof5.extxyz", "--radius", "4.359", "--out", "some/where"]
    assert main([*command, "--json", "found.json"]) == 0
    output = capsys.readouterr().out
    assert max(map(len, output.splitlines())) <= 80
    record = json.loads((folder / "found.json").read_text())
    rows = {entry["centre"]: entry for entry in record["fragments"]}
    assert {(e["n_atoms"], e["n_central"], e["charge"], e["spin"]) for e in rows.values()} == {
        (59, 17, 0, 1),
        (42, 11, 0, 1),
    }
    for entry in rows.values():
        fragment = read_fragment(folder / entry["file"])
        assert len(fragment.atoms) == entry["n_atoms"]
        assert fragment.n_central == entry["n_central"]
        assert Path(entry["file"]).name in output


def test_sites_are_chosen_by_index_with_or_without_element(folder: Path) -> None:
    command = ["fragment", "ethanol.xyz", "--radius", "1.2", "--out", "."]
    assert main([*command, "--site", "1", "O2"]) == 0
    names = {path.name for path in folder.glob("ethanol-*")}
    assert names == {"ethanol-C1.extxyz", "ethanol-O2.extxyz"}


def test_a_site_named_twice_is_one_fragment(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["fragment", "ethanol.xyz", "--radius", "1.2", "--out", ".", "--json", "-"]
    assert main([*command, "--site", "2", "O2"]) == 0
    [fragment] = json.loads(capsys.readouterr().out)["fragments"]
    assert fragment["centre"] == "O2"


@pytest.mark.parametrize(
    ("site", "message"),
    [("Zn1", "is C"), ("9", "atoms 0 to 8"), ("first", "is no site")],
)
def test_wrong_sites_are_explained(
    site: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["fragment", "ethanol.xyz", "--radius", "3", "--out", "."]
    assert main([*command, "--site", site]) == 1
    assert message in capsys.readouterr().err


def test_atoms_may_be_kept_together(folder: Path) -> None:
    command = ["fragment", "ethanol.xyz", "--radius", "1", "--site", "0", "--out", "."]
    assert main(command) == 0
    assert read_fragment(folder / "ethanol-C0.extxyz").atoms.get_chemical_formula() == "CH4"
    assert main([*command, "--keep", "0,1", "--json", "-"]) == 0
    assert read_fragment(folder / "ethanol-C0.extxyz").atoms.get_chemical_formula() == "C2H6"


def test_metal_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fragment", "copper.cif", "--radius", "3", "--out", "."]) == 1
    assert "spans the crystal" in capsys.readouterr().err


def test_folder_that_is_a_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fragment", "ethanol.xyz", "--radius", "3", "--out", "copper.cif"]) == 1
    assert "choose another place" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--radius", "0"], ["--radius", "3", "--keep", "a,b"]])
def test_wrong_options_show_the_usage(options: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(["fragment", "ethanol.xyz", *options, "--out", "."])


def test_long_names_fit_the_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "a_structure_whose_name_says_much_more_than_it_should.xyz"
    ase.io.write(folder / name, Atoms(molecule("C2H6")))
    assert main(["fragment", name, "--radius", "3", "--out", "."]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
