"""phonopy's YAML on the command line: nothing in it runs, nothing beside it counts, all is said."""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from phonopy import file_IO

from json_warnings import messages
from nearsight.cli.main import main
from nearsight.hessian.files.phonopy_results import read_phonopy

DATA = Path(__file__).parents[1] / "data" / "phonopy"
MESH = ("--mesh", "4", "4", "4")

Phonons = Callable[..., dict[str, Any]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with phonopy's files of copper and of charged CuAu."""
    for name in ("copper_qe_units.yaml", "copper_vasp_units.yaml", "born_charges_inside.yaml"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def record(here: Path) -> Phonons:
    """Return a function: the record of a command."""

    def run(*arguments: str, command: str = "phonons") -> dict[str, Any]:
        assert main([command, *arguments, *MESH, "--json", "r.json"]) == 0
        found: dict[str, Any] = json.loads((here / "r.json").read_text())
        return found

    return run


@pytest.mark.parametrize("command", ["phonons", "heat-capacity", "vibrations", "elastic", "report"])
def test_no_code_of_a_file_runs(
    command: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("e.yaml").write_text('x: !!python/object/apply:os.system ["touch RAN"]\n')
    options = ["--output", "r.html"] if command == "report" else []
    assert main([command, "e.yaml", *options]) == 1
    assert not (here / "RAN").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_copper_has_its_wavenumbers_in_the_units_of_either_program(record: Phonons) -> None:
    one, other = (record(f"copper_{name}_units.yaml")["spectrum"] for name in ("qe", "vasp"))
    highest = one["highest_wavenumber_per_cm"]
    assert round(highest) == 260
    assert other["highest_wavenumber_per_cm"] == pytest.approx(highest, abs=0.01)


def test_charges_inside_count_and_are_said(
    record: Phonons, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = record("born_charges_inside.yaml")
    assert "Born charges of born_charges_inside.yaml" in capsys.readouterr().out
    file = here / "born_charges_inside.yaml"
    charges = inside["force_constants"]["born_charges"]
    assert charges["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    text = file.read_text()
    begin, end = text.index("nac:"), text.index("displacements:")
    Path("without.yaml").write_text(text[:begin] + text[end:])
    without = record("without.yaml")
    assert without["force_constants"]["born_charges"] is None
    tensor = "{0} 0 0 0 {0} 0 0 0 {0}"
    Path("BORN").write_text("\n".join(["14.399652", *(tensor.format(v) for v in (3, 1, -1))]))
    by_nac = record("without.yaml", "--nac", "BORN")
    assert by_nac["spectrum"] == inside["spectrum"]
    assert by_nac["spectrum"] != without["spectrum"]
    capsys.readouterr()
    Path("BORN").write_text("\n".join(["14.399652", *(tensor.format(v) for v in (3, 0, 0))]))
    instead = record("born_charges_inside.yaml", "--nac", "BORN", command="heat-capacity")
    told = " ".join(capsys.readouterr().out.split())
    assert "Born charges of BORN, in place of those in born_charges_inside.yaml" in told
    highest = "highest_wavenumber_per_cm"
    assert instead["spectrum"][highest] == pytest.approx(without["spectrum"][highest], abs=1e-6)


@pytest.mark.parametrize("name", ["FORCE_SETS", "FORCE_CONSTANTS", "force_constants.hdf5"])
def test_forces_are_those_of_the_file_or_of_one_that_is_named(
    name: str, record: Phonons, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (here / "copper_vasp_units.yaml").read_text()
    Path("bare.yaml").write_text(text[: text.index("displacements:")])
    constants = read_phonopy("copper_vasp_units.yaml")
    expected = record("copper_vasp_units.yaml")
    rows = re.findall(r"^  - \[(.*)\]$", text[text.index("forces:") :], re.MULTILINE)
    forces = np.array([[float(word) for word in row.split(",")] for row in rows])
    first = {"number": 0, "displacement": np.array([0.01, 0, 0]), "forces": forces}
    if name == "FORCE_SETS":
        file_IO.write_FORCE_SETS({"natom": 32, "first_atoms": [first]}, name)
    elif name == "FORCE_CONSTANTS":
        file_IO.write_FORCE_CONSTANTS(constants.to_phonopy().force_constants, name, np.array([0]))
    else:
        file_IO.write_force_constants_to_hdf5(constants.to_phonopy().force_constants, name)
    capsys.readouterr()
    assert main(["phonons", "bare.yaml", *MESH]) == 1
    assert "neither force constants nor forces" in capsys.readouterr().err
    found = record("bare.yaml", "--force-constants", name)
    highest = "highest_wavenumber_per_cm"
    assert found["spectrum"][highest] == pytest.approx(expected["spectrum"][highest], abs=0.01)
    digest = hashlib.sha256((here / name).read_bytes()).hexdigest()
    assert found["settings"] == {"force_constants": name, "force_constants_sha256": digest}
    assert name in capsys.readouterr().out
    assert expected["settings"] == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("copper_qe_units.yaml copper_vasp_units.yaml --force-constants F", "one phonopy YAML"),
        ("copper.cif --force-constants F", "belongs to one phonopy YAML"),
        ("copper_qe_units.yaml --force-constants F", "F does not exist; give the path of a FORCE"),
        (
            "copper_qe_units.yaml --force-constants copper_qe_units.yaml",
            "neither a FORCE_CONSTANTS",
        ),
    ],
)
@pytest.mark.usefixtures("here")
def test_mistakes_about_named_files_are_explained(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["phonons", *arguments.split()]) == 1
    assert message in " ".join(capsys.readouterr().err.split())


def test_page_says_where_forces_and_charges_are_from(record: Phonons, here: Path) -> None:
    record("born_charges_inside.yaml", "--report", "page.html")
    page = (here / "page.html").read_text(encoding="utf-8")
    digest = hashlib.sha256((here / "born_charges_inside.yaml").read_bytes()).hexdigest()
    assert "Born charges" in page
    assert digest in page


def test_nobody_is_to_relax_what_is_only_read(
    record: Phonons, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Copper whose forces have the other sign is at a maximum."""
    text = (here / "copper_vasp_units.yaml").read_text()
    begin, _, forces = text.partition("  forces:\n")
    turned = re.sub(r"-?\d+\.\d+", lambda found: f"{-float(found[0]):.16f}", forces)
    Path("turned.yaml").write_text(f"{begin}  forces:\n{turned}")
    found = record("turned.yaml", "--report", "page.html")
    assert found["spectrum"]["share_imaginary"] > 0.9
    (warning,) = [text for text in messages(found) if "imaginary" in text]
    assert "it gains energy by a wave that does not fit into its cell" in warning
    shown = capsys.readouterr().out
    page = Path("page.html").read_text(encoding="utf-8")
    checks = page[: page.index('class="record-data"')]
    for told in (*messages(found), shown, checks):
        assert not re.search(r"relax it|relax a|follow.imaginary|fmax|of this model", told)
    charged = " ".join(messages(record("born_charges_inside.yaml", "--mesh", "10", "10", "10")))
    assert "length" not in charged
