"""What files of settings say, and which of them counts."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nearsight.cli.main import main

ENERGY = ["energy", "copper.cif"]


@pytest.fixture(autouse=True)
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    return tmp_path / "user" / "nearsight"


@pytest.fixture
def said(folder: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that fails, and return the last line that it says."""

    def run(*arguments: str) -> str:
        assert main(list(arguments)) == 1
        return capfd.readouterr().err.splitlines()[-1]

    return run


def asked(folder: Path, *arguments: str) -> dict[str, dict[str, object]]:
    """Return what the record of a relaxation says was asked for."""
    command = ["relax", "copper.cif", "--json", "record.json", "--model", "ase:emt"]
    assert main([*command, *arguments]) == 0
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    found: dict[str, dict[str, object]] = record["provenance"]["asked"]
    return found


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_options_come_before_the_file_of_the_run_this_folder_and_the_user(
    folder: Path, user_folder: Path
) -> None:
    text = "[relaxation]\nfmax_eV_per_A = {}\nmax_steps = {}\npressure_GPa = {}\ncell = '{}'\n"
    write(user_folder / "nearsight.toml", text.format(0.04, 40, 4, "isotropic"))
    write(folder / "nearsight.toml", "[relaxation]\nfmax_eV_per_A = 0.03\nmax_steps = 30\n")
    first = asked(folder)["relaxation"]
    assert first["fmax_eV_per_A"] == 0.03
    assert first["max_steps"] == 30
    assert first["pressure_GPa"] == 4
    assert first["cell"] == "isotropic"
    write(folder / "run.toml", "[relaxation]\nfmax_eV_per_A = 0.02\nmax_steps = 20\n")
    second = asked(folder, "--config", "run.toml", "--fmax", "0.01")["relaxation"]
    assert second["fmax_eV_per_A"] == 0.01
    assert second["max_steps"] == 20
    assert second["pressure_GPa"] == 4


def test_a_file_of_the_folder_may_say_what_other_commands_need(folder: Path) -> None:
    write(folder / "nearsight.toml", "spectrum = 'dense'\n[thermodynamics]\nscale_factor = 0.9\n")
    assert "thermodynamics" not in asked(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[relaxation]\nfmax = 1", "relaxation.fmax: there is no setting `fmax`; did you mean "),
        ("[relaxation]\nfmax = 1", "`fmax_eV_per_A`?"),
        ("fmax = 1", "did you mean `relaxation.fmax_eV_per_A`?"),
        ("temperatures_K = [3]", "is in a group of settings: `thermodynamics.temperatures_K`."),
        ("[modle]\nname = 'ase:emt'", "did you mean `model`?"),
        ("model = 'ase:emt'", "is a table, of name, dtype, device, trust, not 'ase:emt'."),
        ("[relaxation]\nfmax_eV_per_A = -1", "`fmax_eV_per_A` is positive, not -1."),
        ("[thermodynamics]\ntemperatures_K = '3'", "`temperatures_K` is a list of numbers, not"),
        ("[resources]\ncores = 1.5", "`cores` is a whole number or left out, not 1.5."),
        ("[relaxation", "is no TOML file"),
        ("[model]\ntrust = true", "model.trust: a checkpoint is trusted for one run at a time"),
    ],
)
def test_what_a_file_cannot_say_is_refused_in_its_words(
    folder: Path, said: Callable[..., str], text: str, words: str
) -> None:
    write(folder / "nearsight.toml", text)
    line = said(*ENERGY)
    assert "nearsight.toml" in line
    assert words in line


def test_settings_of_two_places_that_contradict_each_other_name_the_file(
    folder: Path, said: Callable[..., str]
) -> None:
    write(folder / "nearsight.toml", "[phonons]\nmesh = [8, 8, 8]\n")
    line = said("heat-capacity", "copper.cif", "--spectrum", "dense")
    assert "leave --mesh out. What nearsight.toml says counts, too." in line


def test_a_missing_file_of_a_run_is_an_error(said: Callable[..., str]) -> None:
    assert "none.toml cannot be read" in said(*ENERGY, "--config", "none.toml")


def test_config_says_what_applies_and_from_where(
    folder: Path, user_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(user_folder / "nearsight.toml", "[model]\nname = 'ase:lj'\ndtype = 'float32'\n")
    write(folder / "nearsight.toml", "[model]\nname = 'ase:emt'\n")
    assert main(["config"]) == 0
    shown = capsys.readouterr().out
    assert "nearsight.toml: 1 setting\n" in shown
    assert "nearsight.toml: 2 settings\n" in shown
    assert "model.name = ase:emt  (nearsight.toml)" in shown
    assert f"model.dtype = float32  ({user_folder / 'nearsight.toml'})" in shown
    assert main(["config", "relax"]) == 0
    everything = capsys.readouterr().out
    assert "relaxation.fmax_eV_per_A = 0.005\n" in everything
    assert "model.name = ase:emt  (nearsight.toml)" in everything
