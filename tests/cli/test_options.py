import subprocess
import sys
from collections.abc import Callable

import pytest

from nearsight.cli.commands import command_parser
from nearsight.cli.main import main
from nearsight.cli.request import requested
from nearsight.errors import SettingError
from nearsight.relaxation.settings import CELLS
from nearsight.workflows import (
    HeatCapacitySettings,
    RelaxationSettings,
    ThermalExpansionSettings,
)

COMMANDS = (
    "heat-capacity",
    "phonons",
    "hessian",
    "vibrations",
    "elastic",
    "thermal-expansion",
    "fragment",
    "locality",
    "report",
    "models",
)


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_imports_nothing_heavy(command: tuple[str, ...]) -> None:
    heavy = {"ase", "jinja2", "matplotlib", "numpy", "phonopy", "rich", "scipy", "spglib", "torch"}
    code = (
        "import sys; from nearsight.cli.main import main\n"
        f"try: main({[*command, '--help']!r})\n"
        f"except SystemExit: print('heavy:', *sorted(set(sys.modules) & {heavy!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1].strip() == "heavy:"


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_fits_80_columns(
    command: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 80


def test_help_lists_phonons(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "phonons " in capsys.readouterr().out


def mesh_of(*given: str) -> tuple[int, ...] | float | None:
    settings = HeatCapacitySettings()
    parsed = command_parser().parse_args(["heat-capacity", "crystal.cif", *given])
    return requested(parsed, settings).settings.phonons.mesh


@pytest.mark.parametrize(
    ("given", "mesh"), [(["4", "5", "6"], (4, 5, 6)), (["80.5"], 80.5), (["4"], 4.0)]
)
def test_mesh_is_three_numbers_or_a_length(given: list[str], mesh: tuple[int, ...] | float) -> None:
    found = mesh_of("--mesh", *given)
    assert found == mesh
    assert type(found) is type(mesh)


def test_last_mesh_counts() -> None:
    assert mesh_of("--mesh", "80", "--mesh", "4", "4", "4") == (4, 4, 4)
    assert mesh_of() is None


def test_help_of_thermal_expansion_names_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["thermal-expansion", "--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "structure files" in words
    assert "free,isotropic" in words
    for refused in ("or finished work", "yaml", "YAML", ".hess", "fixed", "lengths"):
        assert refused not in words


@pytest.mark.parametrize("cell", CELLS)
def test_cells_of_thermal_expansion_are_those_that_it_takes(cell: str) -> None:
    def is_taken(take: Callable[[], object]) -> bool:
        try:
            take()
        except (SettingError, SystemExit):
            return False
        return True

    command = ["thermal-expansion", "crystal.cif", "--cell", cell]
    assert is_taken(lambda: command_parser().parse_args(command)) == is_taken(
        lambda: ThermalExpansionSettings(relaxation=RelaxationSettings(cell=cell))
    )
