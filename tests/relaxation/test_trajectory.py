"""Steps in a file: each once, over interruption and resuming, and with the model's own numbers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import read, write

from nearsight.errors import SettingError, StorageError
from nearsight.relaxation import Relaxation, RelaxationSettings, relax
from nearsight.relaxation.trajectory import Trajectory

SETTINGS = RelaxationSettings(fmax_eV_per_A=1e-3, optimizer="BFGS")


def frames_in(path: Path) -> list[Atoms]:
    frames: list[Atoms] = read(path, ":")
    return frames


def lacks_steps(found: Relaxation) -> bool:
    return any(warning.code == "trajectory-incomplete" for warning in found.warnings)


def keys_in(path: Path) -> list[tuple[int, int]]:
    return [(frame.info["round"], frame.info["step"]) for frame in frames_in(path)]


@pytest.fixture(params=[".traj", ".extxyz", ".xyz"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"steps{request.param}"


def test_every_step_is_there_with_what_the_model_says(
    emt: Any, rattled_copper: Atoms, path: Path
) -> None:
    n_plain = relax(rattled_copper, emt, SETTINGS).n_steps
    plain_calls, emt.n_calls = emt.n_calls, 0
    found = relax(rattled_copper, emt, SETTINGS, trajectory=path)
    assert emt.n_calls == plain_calls  # nothing is asked for the file
    assert keys_in(path) == [(0, step) for step in range(n_plain + 1)]
    frames = frames_in(path)
    np.testing.assert_allclose(frames[0].positions, rattled_copper.positions, atol=1e-8)
    np.testing.assert_allclose(frames[-1].positions, found.atoms.positions, atol=1e-8)
    np.testing.assert_allclose(frames[-1].cell.array, found.atoms.cell.array, atol=1e-8)
    for frame in frames:
        [said] = emt.evaluate([frame.copy()], stress=True)
        assert frame.get_potential_energy() == pytest.approx(said.energy_eV, abs=1e-6)
        np.testing.assert_allclose(frame.get_forces(), said.forces_eV_per_A, atol=1e-5)
        np.testing.assert_allclose(frame.get_stress(), said.stress_eV_per_A3, atol=1e-6)


def test_neither_pressure_nor_projection_is_in_the_numbers(
    emt: Any, copper_gold: Atoms, tmp_path: Path
) -> None:
    path = tmp_path / "steps.traj"
    relax(copper_gold, emt, replace(SETTINGS, pressure_GPa=3, symmetrize_A=0.01), trajectory=path)
    for frame in frames_in(path):
        [said] = emt.evaluate([frame.copy()], stress=True)
        assert frame.get_potential_energy() == pytest.approx(said.energy_eV, abs=1e-12)
        np.testing.assert_allclose(frame.get_stress(), said.stress_eV_per_A3, atol=1e-12)


def test_newton_keeps_what_it_accepts(pair_model: Callable[..., Any], tmp_path: Path) -> None:
    solid = bulk("MgO", "rocksalt", a=3.9, cubic=True)
    solid.rattle(0.1, seed=1)
    path = tmp_path / "steps.traj"
    found = relax(solid, pair_model(), RelaxationSettings(), trajectory=path)
    steps = [step for _, step in keys_in(path)]
    assert steps == sorted(set(steps))
    assert steps[0] == 0
    assert steps[-1] == found.n_steps
    energies = [frame.get_potential_energy() for frame in frames_in(path)]
    assert all(np.diff(energies) < 1e-6 * len(solid))


@pytest.mark.parametrize("fail_at", [4, 8, 9])
def test_an_interrupted_relaxation_doubles_and_misses_nothing(
    emt: Any, rattled_copper: Atoms, path: Path, tmp_path: Path, fail_at: int
) -> None:
    kept = tmp_path / "checkpoint"
    emt.fail_at, emt.failure = fail_at, KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        relax(rattled_copper, emt, SETTINGS, checkpoint=kept, trajectory=path)
    assert keys_in(path) == [(0, step) for step in range(fail_at - 3)]
    emt.fail_at = None
    found = relax(rattled_copper, emt, SETTINGS, checkpoint=kept, trajectory=path)
    assert keys_in(path) == [(0, step) for step in range(found.n_steps + 1)]
    assert not lacks_steps(found)
    # once more, from the end
    relax(rattled_copper, emt, SETTINGS, checkpoint=kept, trajectory=path)
    assert keys_in(path) == [(0, step) for step in range(found.n_steps + 1)]


def test_steps_beyond_the_checkpoint_are_taken_anew(
    emt: Any, rattled_copper: Atoms, path: Path, tmp_path: Path
) -> None:
    """As a process leaves it that is killed some seconds after its last checkpoint."""
    kept = tmp_path / "checkpoint"
    relax(rattled_copper, emt, replace(SETTINGS, max_steps=3), checkpoint=kept, trajectory=path)
    old = kept.read_bytes()
    relax(rattled_copper, emt, replace(SETTINGS, max_steps=7), checkpoint=kept, trajectory=path)
    assert keys_in(path) == [(0, step) for step in range(8)]
    kept.write_bytes(old)
    found = relax(rattled_copper, emt, SETTINGS, checkpoint=kept, trajectory=path)
    assert keys_in(path) == [(0, step) for step in range(found.n_steps + 1)]
    assert not lacks_steps(found)


@pytest.mark.parametrize("left", [0.5, 0.97])
def test_a_frame_that_is_torn_is_written_again(
    emt: Any, rattled_copper: Atoms, tmp_path: Path, left: float
) -> None:
    path, kept = tmp_path / "steps.extxyz", tmp_path / "checkpoint"
    relax(rattled_copper, emt, replace(SETTINGS, max_steps=4), checkpoint=kept, trajectory=path)
    whole = path.read_bytes()
    frame = len(whole) // 5
    # a process that died while it wrote the frame after the checkpoint
    path.write_bytes(whole + whole[-frame:][: int(left * frame)])
    found = relax(rattled_copper, emt, SETTINGS, checkpoint=kept, trajectory=path)
    assert keys_in(path) == [(0, step) for step in range(found.n_steps + 1)]


def test_a_file_that_was_lost_is_said_to_be_incomplete(
    emt: Any, rattled_copper: Atoms, path: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "checkpoint"
    relax(rattled_copper, emt, replace(SETTINGS, max_steps=3), checkpoint=kept)
    found = relax(rattled_copper, emt, SETTINGS, checkpoint=kept, trajectory=path)
    assert keys_in(path) == [(0, step) for step in range(3, found.n_steps + 1)]
    assert lacks_steps(found)
    warning = found.warnings[-1]
    assert "lacks steps before step 3" in warning
    again = relax(rattled_copper, emt, SETTINGS, checkpoint=kept, trajectory=path)
    assert lacks_steps(again)


def test_a_new_relaxation_takes_no_place_but_its_own(
    emt: Any, rattled_copper: Atoms, path: Path
) -> None:
    path.write_text("something else")
    with pytest.raises(StorageError, match="Give another name"):
        relax(rattled_copper, emt, SETTINGS, trajectory=path)
    assert path.read_text() == "something else"
    path.unlink()
    relax(bulk("Au"), emt, SETTINGS, trajectory=path)
    with pytest.raises(StorageError, match="does not begin as this one does"):
        relax(rattled_copper, emt, SETTINGS, trajectory=path)
    path.unlink()
    found = relax(rattled_copper, emt, SETTINGS, trajectory=path)
    assert keys_in(path) == [(0, step) for step in range(found.n_steps + 1)]
    steps = Trajectory(path)
    for _ in range(2):  # one object serves two relaxations as well
        relax(rattled_copper, emt, replace(SETTINGS, max_steps=2), trajectory=steps)
        assert keys_in(path) == [(0, 0), (0, 1), (0, 2)]


def test_files_of_something_else_are_not_gone_on_with(
    emt: Any, rattled_copper: Atoms, path: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "checkpoint"
    relax(rattled_copper, emt, replace(SETTINGS, max_steps=3), checkpoint=kept, trajectory=path)
    calls = emt.n_calls
    write(path, bulk("Au"))
    with pytest.raises(StorageError, match="its atoms are others"):
        relax(rattled_copper, emt, SETTINGS, checkpoint=kept, trajectory=path)
    write(path, rattled_copper)
    with pytest.raises(StorageError, match="do not say which steps"):
        relax(rattled_copper, emt, SETTINGS, checkpoint=kept, trajectory=path)
    path.write_text("no frames at all\n")
    with pytest.raises(StorageError, match="nothing in it can be read"):
        relax(rattled_copper, emt, SETTINGS, checkpoint=kept, trajectory=path)
    assert path.read_text() == "no frames at all\n"
    assert emt.n_calls == calls


@pytest.mark.parametrize("name", ["steps.foo", "steps", "steps.cif", "steps.xyz.gz"])
def test_formats_without_steps_are_refused_before_work(
    emt: Any, rattled_copper: Atoms, tmp_path: Path, name: str
) -> None:
    with pytest.raises(SettingError, match=r"ends in \.traj or \.extxyz") as error:
        relax(rattled_copper, emt, trajectory=tmp_path / name)
    assert error.value.setting == "trajectory"
    assert emt.n_calls == 0
    assert not list(tmp_path.iterdir())


def test_places_that_cannot_be_written_are_refused_before_work(
    emt: Any, rattled_copper: Atoms, tmp_path: Path
) -> None:
    (tmp_path / "folder.traj").mkdir()
    (tmp_path / "protected.traj").touch(mode=0o444)
    for name, words in (
        ("folder.traj", "is a folder"),
        ("nowhere/steps.traj", "does not exist"),
        ("protected.traj", "write-protected"),
    ):
        with pytest.raises(StorageError, match=words):
            relax(rattled_copper, emt, trajectory=tmp_path / name)
    assert emt.n_calls == 0


def test_a_full_disk_is_said_and_the_checkpoint_kept(
    emt: Any, rattled_copper: Atoms, tmp_path: Path
) -> None:
    class Full(Trajectory):
        def _append(self, frame: Atoms) -> None:
            if frame.info["step"] == 3:
                raise OSError(28, "No space left on device")
            super()._append(frame)

    kept, path = tmp_path / "checkpoint", tmp_path / "steps.extxyz"
    with pytest.raises(StorageError, match=r"cannot write .*steps\.extxyz: No space"):
        relax(rattled_copper, emt, SETTINGS, checkpoint=kept, trajectory=Full(path))
    assert keys_in(path) == [(0, 0), (0, 1), (0, 2)]
    found = relax(rattled_copper, emt, SETTINGS, checkpoint=kept, trajectory=path)
    assert keys_in(path) == [(0, step) for step in range(found.n_steps + 1)]


def test_rounds_share_a_file(pair_model: Callable[..., Any], tmp_path: Path) -> None:
    from nearsight.vibrations.minimum import relax_to_minimum

    metal = bulk("Mg", "fcc", a=3.75, cubic=True).repeat(2)
    neighbour = 1 + int(np.argmin(metal.get_distances(0, range(1, len(metal)), mic=True)))
    metal.positions[neighbour] -= metal.get_distance(0, neighbour, mic=True, vector=True) / 2
    del metal[0]
    settings = RelaxationSettings(fmax_eV_per_A=1e-3, cell="fixed")
    path, kept = tmp_path / "steps.traj", tmp_path / "checkpoint"
    whole = relax_to_minimum(metal, pair_model(), settings, checkpoint=kept, trajectory=path)
    keys = keys_in(path)
    assert keys == sorted(set(keys))
    assert {number for number, _ in keys} == set(range(len(whole.followed) + 1))
    assert [step for number, step in keys if step == 0] == [0] * (len(whole.followed) + 1)
    # going through all of it again changes nothing
    content = path.read_bytes()
    relax_to_minimum(metal, pair_model(), settings, checkpoint=kept, trajectory=path)
    assert path.read_bytes() == content
    # a last round that is begun again is not there twice
    for file in tmp_path.glob(f"checkpoint.round-{len(whole.followed) - 1}*"):
        file.unlink()
    again = relax_to_minimum(metal, pair_model(), settings, checkpoint=kept, trajectory=path)
    assert keys_in(path) == keys
    assert again.warnings == whole.warnings
    # and a new search begins a new file
    relax_to_minimum(metal, pair_model(), replace(settings, max_steps=1), trajectory=path)
    assert keys_in(path)[:2] == [(0, 0), (0, 1)]
    assert len(keys_in(path)) < len(keys)
