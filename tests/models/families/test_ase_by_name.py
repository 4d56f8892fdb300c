"""ASE calculators by a name: ASE's own, or that of a module and a class, with arguments."""

import sys
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones

from nearsight.errors import ModelError
from nearsight.models.families.ase.by_name import argument
from nearsight.models.registry import load_model

MODULE = """
from ase.calculators.lj import LennardJones
from ase.calculators.calculator import BaseCalculator
print("imported")

class Own(LennardJones):
    pass

class Strict(BaseCalculator):
    implemented_properties = ("energy",)
    def __init__(self, mode, Level=1, *, fast=False):
        super().__init__()
        if mode == "broken":
            raise ValueError("no such mode")
    def calculate(self, atoms, properties, system_changes):
        raise NotImplementedError

def make(**arguments):
    return LennardJones(**arguments)
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that Python finds, with a module of calculators; its name."""
    package = tmp_path / "site" / "calculators_of_a_test"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "some.py").write_text(MODULE)
    (package / "lacking.py").write_text("import no_such_package_at_all")
    (package / "broken.py").write_text("1 / 0")
    monkeypatch.setattr(sys, "path", [*sys.path, str(package.parent)])
    for name in [name for name in sys.modules if name.startswith(package.name)]:
        monkeypatch.delitem(sys.modules, name)
    return package.name


def test_calculators_are_loaded_by_the_name_ase_knows() -> None:
    model = load_model("ase:emt")
    assert (model.identity.name, model.identity.family) == ("ase:emt", "ase")
    assert model.evaluate([Atoms("Cu2", positions=[(0, 0, 0), (0, 0, 2.5)])])[0].energy_eV < 10
    for name in ("ase:EMT", "ASE:Emt"):
        assert load_model(name).identity == model.identity
    for name in ("nonsense", "mixing", "emt.emt"):
        with pytest.raises(ModelError, match=f"no calculator named '{name}'"):
            load_model(f"ase:{name}")
    with pytest.raises(ModelError, match=r"does not start by its name alone .*AseModel"):
        load_model("ase:espresso")


@pytest.mark.parametrize("name", ["gpaw", "GPAW", "asap"])
def test_a_calculator_without_its_package_is_told_from_an_unknown_one(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = {"gpaw": "gpaw", "asap": "asap3"}[name.lower()]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModelError, match=f"calculator {name.lower()} needs the package {package}"):
        load_model(f"ase:{name}")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("False", False),
        ("6", 6),
        ("-3", -3),
        ("0.1", 0.1),
        ("1e-3", 1e-3),
        ("+.5", 0.5),
        ("PBE", "PBE"),
        ("nan", "nan"),
        ("1_000", "1_000"),
        ("1.2.3", "1.2.3"),
        ("/a/path.model", "/a/path.model"),
    ],
)
def test_an_argument_is_a_truth_value_a_number_or_text(written: str, value: Any) -> None:
    found = argument(written)
    assert found == value
    assert type(found) is type(value)


def test_a_named_calculator_takes_arguments() -> None:
    model = load_model("ase:lj?epsilon=0.0104&sigma=3.4&rc=9&smooth=true")
    assert model.identity.name == "ase:lj"
    options = model.identity.options
    assert (options["epsilon"], options["sigma"], options["rc"]) == (0.0104, 3.4, 9)
    assert options["smooth"] is True
    argon = Atoms("Ar2", positions=[(0, 0, 0), (0, 0, 4.1)])
    expected = argon.copy()
    expected.calc = LennardJones(epsilon=0.0104, sigma=3.4, rc=9, smooth=True)
    [found] = model.evaluate([argon])
    assert found.energy_eV == expected.get_potential_energy() != 0
    assert model.identity != load_model("ase:lj?epsilon=0.0105&sigma=3.4&rc=9").identity


def test_a_calculator_of_any_package(installed: str, capsys: pytest.CaptureFixture[str]) -> None:
    name = f"ase:{installed}.some:Own"
    model = load_model(f"{name}?sigma=3.4&rc=9")
    assert (model.identity.name, model.identity.family) == (name, "ase")
    assert model.identity.options["sigma"] == 3.4
    argon = Atoms("Ar2", positions=[(0, 0, 0), (0, 0, 4.1)])
    expected = load_model("ase:lj?sigma=3.4&rc=9").evaluate([argon])[0].energy_eV
    assert model.evaluate([argon])[0].energy_eV == expected
    assert capsys.readouterr().out == ""


def test_arguments_are_recorded_although_a_calculator_keeps_none(installed: str) -> None:
    first = load_model(f"ase:{installed}.some:Strict?mode=a&Level=2").identity
    assert first.options == {"mode": "a", "Level": 2}
    assert first != load_model(f"ase:{installed}.some:Strict?mode=b&Level=2").identity


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("{}.none:Own", r"no module \S+\.none here, .* install its package"),
        ("no_such_package:Own", "no module no_such_package here, .* current folder is not search"),
        ("{}.some:Owm", r"\.some has no calculator Owm: its calculators are .*Own, Strict"),
        ("os:getcwdd", "module os has no calculator getcwdd: it has none"),
        ("{}.some:make", r"some:make is not a calculator: .* pass AseModel\(calculator\)"),
        ("os:system", "os:system is not a calculator: it is no class"),
        ("{}.lacking:Own", "lacking:Own needs the package no_such_package_at_all"),
        ("{}.broken:Own", "broken cannot be imported: ZeroDivisionError: .* install it anew"),
        ("./some.py:Own", "is not understood: .* ase:package.module:Class, .* a file cannot be"),
        (".some:Own", "is not understood: "),
        ("{}.some:", "is not understood: "),
        ("{}.some:Own?rcut=3", "Own has no argument rcut: it takes epsilon, rc, ro, sigma, smooth"),
        ("{}.some:Strict", "cannot be made so: missing a required argument: 'mode'; it takes"),
        ("{}.some:Strict?mode=a&level=1", "Strict cannot be made so: .*'level'; .*Level, fast, mo"),
        ("{}.some:Strict?mode=broken", r"with mode=broken \(no such mode\); set it up in Python"),
        ("emt?charge=1", "calculator emt has no argument charge: it takes asap_cutoff"),
        ("lj?sigma=big", "calculator lj does not start with sigma=big"),
    ],
)
def test_what_cannot_be_had_is_said_with_the_remedy(
    target: str, message: str, installed: str
) -> None:
    with pytest.raises(ModelError, match=message):
        load_model(f"ase:{target.format(installed)}")


@pytest.mark.parametrize("entry", ["", "{}"])
def test_a_file_in_the_current_folder_is_not_run_by_accident(
    entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lying_around.py").write_text(
        f"from pathlib import Path\nPath({str(tmp_path / 'ran')!r}).touch()\n{MODULE}"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "lying_around", raising=False)
    path = [entry.format(tmp_path), *sys.path]
    monkeypatch.setattr(sys, "path", path.copy())
    with pytest.raises(ModelError, match="current folder is not searched unless PYTHONPATH"):
        load_model("ase:lying_around:Own")
    assert not (tmp_path / "ran").exists()
    assert sys.path == path
    # PYTHONPATH stands behind the folder of the program, and is what the user chose.
    monkeypatch.setattr(sys, "path", [*path, str(tmp_path)])
    assert load_model("ase:lying_around:Own").identity.name == "ase:lying_around:Own"


def test_dispersion_can_be_added_to_a_calculator_with_arguments() -> None:
    pytest.importorskip("torch_dftd", reason="+d3 needs torch-dftd")
    model = load_model("ase:lj?rc=6&sigma=3.4+d3:pbe")
    assert model.identity.name == "ase:lj+d3:pbe"


def test_a_module_that_ends_the_program_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a_script_that_ends.py").write_text("raise SystemExit(0)")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelError, match="a_script_that_ends cannot be imported: SystemExit: 0"):
        load_model("ase:a_script_that_ends:Own")
