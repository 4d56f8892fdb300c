"""Trajectories of others and ours are the same numbers; what is cut or foreign is said by name."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write
from ase.io.trajectory import Trajectory as AseTrajectory

from mutations import mutations
from nearsight.dynamics.analysis.reading import read_trajectory
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.errors import (
    MemoryBudgetError,
    MethodError,
    NearsightError,
    NearsightWarning,
    StructureError,
)


def gliding(n_frames: int = 8, *, skewed: bool = False, n_cells: int = 1) -> list[Atoms]:
    """Rock salt of which each atom goes straight on, through the cell more than once."""
    rng = np.random.default_rng(1)
    start = bulk("NaCl", "rocksalt", a=5.6, cubic=not skewed) * ((n_cells,) * 3)
    start.set_velocities(rng.normal(0.0, 1.2 / (50 * units.fs), (len(start), 3)))
    frames = []
    for index in range(n_frames):
        frame = start.copy()
        frame.positions += index * 50 * units.fs * start.get_velocities()
        frame.calc = SinglePointCalculator(frame, energy=-0.5 * index)
        frames.append(frame)
    return frames


def wrapped(frames: list[Atoms]) -> list[Atoms]:
    copies = [frame.copy() for frame in frames]
    for copy, frame in zip(copies, frames, strict=True):
        copy.wrap()
        copy.calc = SinglePointCalculator(copy, energy=frame.get_potential_energy())
    return copies


def dump(frames: list[Atoms], columns: str, *, element: bool = True, extra: str = "") -> str:
    """Write LAMMPS's format by its own documentation, atoms in another order in each frame."""
    rng = np.random.default_rng(2)
    text = []
    for index, frame in enumerate(frames):
        cell, inside = frame.cell.array, frame.copy()
        inside.wrap()
        a, b, c = cell
        xy, xz, yz = b[0], c[0], c[1]
        bounds = [
            (min(0, xy, xz, xy + xz), a[0] + max(0, xy, xz, xy + xz), xy),
            (min(0, yz), b[1] + max(0, yz), xz),
            (0.0, c[2], yz),
        ]
        skew = any((xy, xz, yz))
        text += [extra] if extra and index == 0 else []
        text += ["ITEM: TIMESTEP", f"{100 * index}", "ITEM: NUMBER OF ATOMS", f"{len(frame)}"]
        text += [f"ITEM: BOX BOUNDS {'xy xz yz ' if skew else ''}pp pp pp"]
        text += [" ".join(f"{x:.12f}" for x in row[: 3 if skew else 2]) for row in bounds]
        names = columns.split()
        text += [
            "ITEM: ATOMS " + " ".join(["id", "type", *(["element"] if element else []), *names])
        ]
        velocities = frame.get_velocities() * units.fs * 1000
        images = np.rint((frame.positions - inside.positions) @ np.linalg.inv(cell)).astype(int)
        values = {
            "u": frame.positions,
            "su": frame.cell.scaled_positions(frame.positions),
            "": inside.positions,
            "s": frame.cell.scaled_positions(inside.positions),
        }
        for atom in rng.permutation(len(frame)):
            row = [str(atom + 1), "1" if frame.symbols[atom] == "Na" else "2"]
            row += [frame.symbols[atom]] if element else []
            for name in names:
                axis = "xyz".index(name.strip("uvis"))
                if name.startswith("i"):
                    row.append(str(images[atom, axis]))
                elif name.startswith("v"):
                    row.append(f"{velocities[atom, axis]:.12f}")
                else:
                    row.append(f"{values[name[1:]][atom, axis]:.12f}")
            text.append(" ".join(row))
    return "\n".join(text) + "\n"


def assert_same(trajectory, frames: list[Atoms], tolerance_A: float = 1e-7) -> None:
    expected = np.array([frame.positions for frame in frames])
    moved = trajectory.positions_A - trajectory.positions_A[0]
    np.testing.assert_allclose(moved, expected - expected[0], atol=tolerance_A)
    np.testing.assert_allclose(trajectory.cells_A[-1], frames[-1].cell.array, atol=1e-7)
    np.testing.assert_array_equal(trajectory.numbers, frames[0].numbers)
    np.testing.assert_allclose(trajectory.times_fs, 50.0 * np.arange(len(frames)))


@pytest.mark.parametrize("skewed", [False, True])
@pytest.mark.parametrize("suffix", [".xyz", ".xyz.gz", ".traj"])
@pytest.mark.parametrize("carried_back", [False, True])
def test_files_of_ase_are_read(
    suffix: str, carried_back: bool, skewed: bool, tmp_path: Path
) -> None:
    # Cells are so large that no atom moves by half of the short vectors of the skewed one.
    frames = gliding(skewed=skewed, n_cells=3 if skewed else 1)
    file = tmp_path / f"md{suffix}"
    kind = {} if suffix == ".traj" else {"format": "extxyz"}
    write(file, wrapped(frames) if carried_back else frames, **kind)
    trajectory = read_trajectory(file, interval_fs=50.0, unwrapped=None if carried_back else True)
    assert_same(trajectory, frames)
    velocities = np.array([frame.get_velocities() for frame in frames]) * units.fs
    np.testing.assert_allclose(trajectory.velocities_A_per_fs, velocities, atol=1e-8)
    np.testing.assert_allclose(trajectory.energies_eV, -0.5 * np.arange(8))


@pytest.mark.parametrize("skewed", [False, True])
@pytest.mark.parametrize(
    "columns",
    ["xu yu zu", "xsu ysu zsu", "x y z ix iy iz", "xs ys zs ix iy iz", "z y x", "xs ys zs"],
)
def test_dumps_of_lammps_are_read(columns: str, skewed: bool, tmp_path: Path) -> None:
    frames = gliding()
    if skewed:
        for frame in frames:
            frame.set_cell([[5.6, 0, 0], [1.5, 5.6, 0], [-1.1, 0.9, 5.6]])
    file = tmp_path / "dump.lammpstrj"
    file.write_text(dump(frames, columns))
    trajectory = read_trajectory(file, timestep_fs=0.5)
    assert_same(trajectory, frames)
    assert trajectory.unwrapped is ("u" in columns or "i" in columns)


def test_a_dump_is_what_the_reader_of_ase_makes_of_it(tmp_path: Path) -> None:
    file = tmp_path / "dump.lammpstrj.gz"
    text = dump(gliding(), "xu yu zu vx vy vz")
    file.write_bytes(gzip.compress(text.encode()))
    ours = read_trajectory(file, timestep_fs=0.5, units="metal")
    plain = tmp_path / "dump.lammpstrj"
    plain.write_text(text)
    theirs = read(plain, ":", format="lammps-dump-text", units="metal")
    for index, frame in enumerate(theirs):
        np.testing.assert_allclose(ours.positions_A[index], frame.positions, atol=1e-9)
        np.testing.assert_allclose(ours.cells_A[index], frame.cell.array, atol=1e-9)
        assert frame.get_chemical_symbols() == list(ours.symbols)
        velocities = frame.get_velocities() * units.fs
        np.testing.assert_allclose(ours.velocities_A_per_fs[index], velocities, rtol=1e-6)


def test_types_are_the_elements_that_are_given(tmp_path: Path) -> None:
    file = tmp_path / "dump"
    file.write_text(dump(gliding(), "xu yu zu", element=False))
    assert_same(read_trajectory(file, timestep_fs=0.5, elements={1: "Na", 2: "Cl"}), gliding())
    with pytest.raises(MethodError, match="no column element"):
        read_trajectory(file, timestep_fs=0.5)
    with pytest.raises(MethodError, match="type 2 is not given"):
        read_trajectory(file, timestep_fs=0.5, elements={1: "Na"})


def test_the_units_of_a_dump_are_its_own(tmp_path: Path) -> None:
    file = tmp_path / "dump"
    file.write_text(dump(gliding(), "xu yu zu vx vy vz", extra="ITEM: UNITS\nmetal"))
    velocities = gliding()[0].get_velocities() * units.fs
    trajectory = read_trajectory(file, timestep_fs=0.5)
    np.testing.assert_allclose(trajectory.velocities_A_per_fs[-1], velocities, atol=1e-12)
    with pytest.raises(MethodError, match="units are metal, not real"):
        read_trajectory(file, timestep_fs=0.5, units="real")
    file.write_text(dump(gliding(), "xu yu zu vx vy vz"))
    with pytest.warns(NearsightWarning, match="velocities, since the style"):
        assert read_trajectory(file, timestep_fs=0.5).velocities_A_per_fs is None
    file.write_text(dump(gliding(), "xu yu zu", extra="ITEM: UNITS\nlj"))
    with pytest.raises(MethodError, match="units are lj"):
        read_trajectory(file, timestep_fs=0.5)


def test_our_own_are_read_with_times_velocities_and_energies(copper, emt, tmp_path: Path) -> None:
    file = tmp_path / "md.extxyz.gz"
    settings = DynamicsSettings(time_ps=0.05, timestep_fs=2.5, thermostat="bussi")
    end = run_dynamics(
        copper, emt, settings, OutputSettings(every_fs=5.0, velocities=True), trajectory=file
    )
    trajectory = read_trajectory(file)
    np.testing.assert_allclose(trajectory.times_fs, np.arange(0, 50.1, 5.0))
    np.testing.assert_allclose(trajectory.positions_A[-1], end.atoms.positions, atol=1e-7)
    velocities = end.atoms.get_velocities() * units.fs
    np.testing.assert_allclose(trajectory.velocities_A_per_fs[-1], velocities, atol=1e-7)
    energies = [sample.potential_energy_eV for sample in end.samples]
    np.testing.assert_allclose(trajectory.energies_eV, energies, atol=1e-7)
    assert trajectory.unwrapped
    assert len(read_trajectory(file, every=2)) == 6


@pytest.mark.parametrize("kind", ["xyz", "dump"])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_that_is_cut_is_read_up_to_its_last_whole_frame(
    kind: str, compressed: bool, tmp_path: Path
) -> None:
    frames = gliding(3)
    file = tmp_path / f"md.{kind}{'.gz' if compressed else ''}"
    if kind == "xyz":
        write(tmp_path / "whole.xyz", frames, format="extxyz")
        pieces = [(tmp_path / "whole.xyz").read_bytes()]
    else:
        pieces = [dump(frames, "xu yu zu").encode()]
    # As the writer does, each frame is compressed by itself.
    n_lines = pieces[0].count(b"\n") // 3
    lines = pieces[0].splitlines(keepends=True)
    pieces = [b"".join(lines[i * n_lines : (i + 1) * n_lines]) for i in range(3)]
    packed = [gzip.compress(piece) if compressed else piece for piece in pieces]
    told = {"interval_fs": 50.0}
    for n_bytes in range(1, len(packed[2]) - 24, 7 if compressed else 31):
        file.write_bytes(packed[0] + packed[1] + packed[2][:n_bytes])
        with pytest.warns(NearsightWarning, match="cut behind frame 2") as raised:
            trajectory = read_trajectory(file, unwrapped=True, **told)
        assert len(raised) == len(trajectory.warnings) == 1
        assert_same(trajectory, frames[:2])
    file.write_bytes(packed[0][:-40])
    with pytest.raises(StructureError, match="cut within its first frame"):
        read_trajectory(file, **told)


def test_what_is_no_trajectory_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "md.xyz"
    with pytest.raises(StructureError, match=r"md\.xyz: There is no such file"):
        read_trajectory(file)
    for content, reason in (
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"data_quartz\n_cell_length_a 4.9\n", "no trajectory that is known"),
        (b"\x89HDF\r\n\x1a\n", "no trajectory that is known"),
        (b"2\n\nNa 0 0 0\nCl 0 0 zero\n", "frame 1 is damaged"),
        (b"2\n\nNa 0 0 0\nQq 0 0 1\n", "'Qq' is no element"),
        (b"2\n\nNa 0 0 0\nCl 0 0 nan\n", "not finite"),
        (b"1\n\nNa 0 0 0\n2\n\nNa 0 0 0\nCl 0 0 2\n", "frame 2 has 2 atoms"),
        (b"1\n\nNa 0 0 0\n1\n\nK 0 0 0\n", "atom 0 of frame 2 is another element"),
        (b"- of Ulm but no more", "no trajectory of ASE"),
    ):
        file.write_bytes(content)
        with pytest.raises(StructureError, match=reason):
            read_trajectory(file, interval_fs=1.0)


def test_times_are_told_once_and_go_forwards(tmp_path: Path) -> None:
    file = tmp_path / "md.xyz"
    frame = "1\nstep={step} time_fs={time}\nNa 0 0 0\n"
    file.write_text(frame.format(step=0, time=0) + frame.format(step=1, time=0.5))
    assert read_trajectory(file).interval_fs == 0.5
    with pytest.raises(MethodError, match="tells its times"):
        read_trajectory(file, timestep_fs=1.0)
    file.write_text(frame.format(step=1, time=0.5) * 2)
    with pytest.raises(StructureError, match=r"frame 2 is at 0\.5 fs, not later"):
        read_trajectory(file)
    file.write_text("1\n\nNa 0 0 0\n" * 2)
    with pytest.raises(MethodError, match="does not tell its times; give `interval_fs`"):
        read_trajectory(file)
    with pytest.raises(MethodError, match="counts no steps"):
        read_trajectory(file, timestep_fs=1.0)


def test_steps_that_wrapped_positions_cannot_show_are_refused(tmp_path: Path) -> None:
    fast = gliding(60, n_cells=2)[::20]
    file = tmp_path / "md.traj"
    with AseTrajectory(file, "w") as writer:
        for frame in wrapped(fast):
            writer.write(frame)
    with pytest.raises(StructureError, match="Write frames more often"):
        read_trajectory(file, interval_fs=50.0)


def test_velocities_without_a_unit_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "md.xyz"
    head = "1\nProperties=species:S:1:pos:R:3:vel:R:3\n"
    file.write_text(f"{head}Na 0 0 0 1 2 3\n")
    with pytest.warns(NearsightWarning, match="column vel, whose unit"):
        trajectory = read_trajectory(file, interval_fs=1.0)
    with pytest.raises(MethodError, match="has no velocities"):
        trajectory.require_velocities()


def test_a_part_of_a_trajectory_is_that_between_two_times(tmp_path: Path) -> None:
    file = tmp_path / "md.traj"
    write(file, gliding(9))
    part = read_trajectory(file, interval_fs=10.0, unwrapped=True).between(20.0, 70.0, every=2)
    np.testing.assert_allclose(part.times_fs, [20.0, 40.0, 60.0])
    np.testing.assert_allclose(part.positions_A[1], gliding(9)[4].positions)
    np.testing.assert_allclose(part.energies_eV, [-1.0, -2.0, -3.0])
    with pytest.raises(MethodError, match="no frame is at 1000 fs or later"):
        part.between(1000.0)
    with pytest.raises(MethodError, match="no frame is between 1 and 2 fs"):
        part.between(1.0, 2.0)


@pytest.mark.parametrize("kind", ["xyz", "xyz.gz", "dump", "traj"])
def test_damaged_files_are_read_or_refused_in_words(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"md.{kind}"
    if kind == "dump":
        file.write_text(dump(gliding(3), "x y z ix iy iz vx vy vz", extra="ITEM: UNITS\nmetal"))
    else:
        write(file, gliding(3), **({} if kind == "traj" else {"format": "extxyz"}))
    told = {"timestep_fs": 0.5} if kind == "dump" else {"interval_fs": 50.0}
    refused = []
    for damaged in mutations(file.read_bytes(), seed=3, count=150):
        file.write_bytes(damaged)
        try:
            trajectory = read_trajectory(file, **told)
        except NearsightError as error:
            refused.append(str(error))
        else:
            assert np.isfinite(trajectory.positions_A).all()
    assert 0 < len(refused) < 150
    assert all(message.startswith(str(file)) for message in refused)


def test_a_periodic_frame_needs_a_cell(tmp_path: Path) -> None:
    file = tmp_path / "md.xyz"
    head = '1\npbc="T T F"{cell} Properties=species:S:1:pos:R:3\nNa 0 0 0\n'
    file.write_text(head.format(cell=""))
    with pytest.raises(StructureError, match="span no lattice"):
        read_trajectory(file, interval_fs=1.0)
    file.write_text(head.format(cell=' Lattice="3 0 0 0 3 0 0 0 0"'))
    assert read_trajectory(file, interval_fs=1.0).pbc.tolist() == [True, True, False]


@pytest.mark.parametrize("wrap", [True, False])
def test_frames_that_do_not_count_are_followed_but_not_kept(tmp_path: Path, *, wrap: bool) -> None:
    """Atoms go through more than half of the cell from one frame that counts to the next."""
    frames = gliding(41)
    file = tmp_path / "md.traj"
    with AseTrajectory(file, "w") as writer:
        for frame in wrapped(frames) if wrap else frames:
            writer.write(frame)
    whole = read_trajectory(file, interval_fs=50.0)
    some = read_trajectory(file, interval_fs=50.0, every=8)
    np.testing.assert_array_equal(some.times_fs, whole.times_fs[::8])
    np.testing.assert_allclose(some.positions_A, whole.positions_A[::8], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(some.require_velocities(), whole.require_velocities()[::8])
    moved = np.abs(np.diff(some.positions_A, axis=0)).max()
    assert moved > frames[0].cell.lengths()[0] / 2
    with pytest.raises(MethodError, match="`every` is a whole number above 0, not 0"):
        read_trajectory(file, interval_fs=50.0, every=0)


def test_frames_that_do_not_fit_are_refused_while_they_are_read(tmp_path: Path) -> None:
    file = tmp_path / "md.traj"
    with AseTrajectory(file, "w") as writer:
        for frame in gliding(250):
            writer.write(frame)
    # 8 atoms, positions and velocities of 24 bytes each, three times: 115,200 for 100 frames.
    with pytest.raises(MemoryBudgetError, match=r"md\.traj: reading 200 frames of 8 atoms"):
        read_trajectory(file, interval_fs=50.0, memory_bytes=200_000)
    assert len(read_trajectory(file, interval_fs=50.0, memory_bytes=200_000, every=2)) == 125
    assert len(read_trajectory(file, interval_fs=50.0, memory_bytes=300_000)) == 250


def test_one_frame_needs_no_time(tmp_path: Path) -> None:
    file = tmp_path / "md.xyz"
    file.write_text("1\n\nNa 0 0 0\n")
    assert read_trajectory(file).times_fs.tolist() == [0.0]


def test_wrapped_positions_that_count_as_unwrapped_are_remarked_on(tmp_path: Path) -> None:
    """ASE's `wrap` leaves the mark of our own frames, which were unwrapped."""
    frames = gliding(20)
    for index, frame in enumerate(frames):
        frame.info = {"step": 50 * index, "time_fs": 50.0 * index}
    write(tmp_path / "own.extxyz", frames)
    assert not read_trajectory(tmp_path / "own.extxyz").warnings
    write(tmp_path / "wrapped.extxyz", wrapped(frames))
    with pytest.warns(NearsightWarning, match="jump by about a cell vector"):
        read_trajectory(tmp_path / "wrapped.extxyz")
    followed = read_trajectory(tmp_path / "wrapped.extxyz", unwrapped=False)
    assert not followed.warnings
    expected = read_trajectory(tmp_path / "own.extxyz").paths_A()
    np.testing.assert_allclose(followed.paths_A(), expected, atol=1e-6)
