import argparse
import re
import warnings
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest

from nearsight.cli.commands import command_parser
from nearsight.cli.main import main
from nearsight.errors import NearsightWarning
from nearsight.hessian import Hessian
from nearsight.models.families import FAMILIES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
START = ROOT / "docs" / "start"
IN_PYTHON = (START / "in_python.md").read_text(encoding="utf-8")
COMMAND_LINE = (START / "command_line.md").read_text(encoding="utf-8")
MOF5 = "examples/structures/mof5.extxyz"


def snippets(text: str, language: str) -> list[str]:
    """Return the blocks of a language in Markdown."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.slow
@pytest.mark.skipif(FAMILIES["sevennet"].obstacle is not None, reason="the snippets need sevenn")
def test_snippets_do_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow: the README relaxes quartz with a network and takes its phonons."""
    first, *others = snippets(IN_PYTHON, "python")
    assert snippets(README, "python") == [first]
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", NearsightWarning)
        exec(compile(first, "in_python.md", "exec"), names)
    said = [str(each.message) for each in raised if each.category is NearsightWarning]
    record = names["record"]
    assert said == list(record.warnings)
    assert "modes of the Brillouin zone are imaginary" in said[0]
    by_verb = [row.J_per_g_K for row in record.heat_capacity]
    printed = re.search(r"\[([\d., ]+)\]\n", first)
    assert printed is not None
    assert [float(value) for value in printed[1].split(",")] == [round(c, 2) for c in by_verb]
    relaxed = ase.io.read("quartz.relaxed.cif")
    assert relaxed.get_volume() == pytest.approx(record.volume_A3, rel=1e-4)

    for snippet in others:
        exec(compile(snippet, "in_python.md", "exec"), names)
    saved = Hessian.load(tmp_path / "quartz.hessian.npz")
    assert np.array_equal(saved.matrix_eV_per_A2, names["H"].matrix_eV_per_A2)
    assert names["modes"].n_imaginary == 0
    assert names["constants"].rows_needed == 5
    assert names["again"] == record

    # What commands print is what verbs give, which is asserted of every verb elsewhere.
    assert record.relaxation is not None
    for pattern, shown, tolerance in (
        (r"300\.00 +([\d.]+)", by_verb[1], 2e-4),
        (r"volume by \+([\d.]+) %", 100 * record.relaxation.volume_change, 0.02),
        (r"zero point +([\d.]+) eV per cell", record.zero_point_energy_eV, 2e-4),
        (r"(\d) of 216 rows needed", names["constants"].rows_needed, 0),
    ):
        found = re.search(pattern, README)
        assert found is not None
        assert float(found[1]) == pytest.approx(shown, abs=tolerance)


def test_fragments_of_the_readme_are_what_the_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, shown, _ = snippets(README, "console")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    command, _, printed = shown.partition("\n")
    assert command == f"$ nearsight fragment {MOF5} --radius 4.359 --out fragments"
    assert main(command.split()[2:]) == 0
    assert capsys.readouterr().out == printed


def test_settings_of_the_command_line_are_what_config_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (text,) = snippets(COMMAND_LINE, "toml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    Path("nearsight.toml").write_text(text, encoding="utf-8")
    assert main(["config", "heat-capacity"]) == 0
    shown = capsys.readouterr().out
    for line in (
        "spectrum = mesh",
        "model.device = cpu",
        "relaxation.fmax_eV_per_A = 0.001",
        "thermodynamics.temperatures_K = [250, 300, 350]",
        "resources.cores = 4",
    ):
        assert f"{line}  (nearsight.toml)\n" in shown


def test_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make (\w+)`", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    parser = command_parser()
    (commands,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    assert commands.choices is not None
    assert set(re.findall(r"^\| `nearsight ([a-z-]+)", README, re.MULTILINE)) == set(
        commands.choices
    )
    options = {
        option
        for command in commands.choices.values()
        for action in command._actions
        for option in action.option_strings
    }
    assert set(re.findall(r"--[a-z][a-z-]+", README)) <= options


def test_links_of_the_readme_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)#]+)", README)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []
