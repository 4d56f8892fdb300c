"""Interruptions, resumption, and checkpoints that do not belong here."""

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import CheckpointError, ModelError, StorageError
from nearsight.relaxation import RelaxationSettings
from nearsight.relaxation.answers import Answers
from nearsight.relaxation.checkpoint import Checkpoint, State
from nearsight.relaxation.frame import Frame
from nearsight.relaxation.relax import relax
from nearsight.result_archives import load_archive, save_archive


class Scaled:
    """A model whose energy and forces are larger by a factor, under the name of the right one."""

    def __init__(self, model: Any, factor: float) -> None:
        self.model, self.factor = model, factor
        self.identity, self.capabilities = model.identity, model.capabilities

    def evaluate(self, structures: Any, **asked: Any) -> list[Any]:
        return [
            replace(
                each,
                energy_eV=each.energy_eV * self.factor,
                forces_eV_per_A=(
                    None if each.forces_eV_per_A is None else each.forces_eV_per_A * self.factor
                ),
            )
            for each in self.model.evaluate(structures, **asked)
        ]

    def linearize(self, *arguments: Any, **settings: Any) -> Any:
        return self.model.linearize(*arguments, **settings)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the checkpoint goes."""
    return tmp_path / "relax.npz"


def steps_in(path: Path) -> int:
    return load_archive(path, "relaxation-checkpoint")[0]["n_steps"]


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Fill the disk: from then on nothing can be written."""

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    return lambda: monkeypatch.setattr("os.fsync", refuse)


@pytest.mark.parametrize("optimizer", ["newton", "BFGS", "BFGSLineSearch", "FIRE"])
@pytest.mark.parametrize("cell", ["free", "isotropic", "fixed"])
def test_a_run_that_is_killed_twice_ends_where_a_whole_one_does(
    emt: Any, rattled_copper: Atoms, path: Path, optimizer: str, cell: str
) -> None:
    """To the bit, whatever the optimizer keeps beside the geometry."""
    settings = RelaxationSettings(optimizer=optimizer, cell=cell, fmax_eV_per_A=1e-4)
    whole = relax(rattled_copper, emt, settings)
    calls = 13 if optimizer == "newton" else 6  # products are made of eight
    for fail_at in (calls, calls + 1):
        emt.n_calls, emt.fail_at, emt.failure = 0, fail_at, KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            relax(rattled_copper, emt, settings, checkpoint=path)
    emt.fail_at = None
    resumed = relax(rattled_copper, emt, settings, checkpoint=path)
    assert resumed.converged
    assert resumed.n_steps == whole.n_steps
    assert resumed.energy_after_eV == whole.energy_after_eV
    np.testing.assert_array_equal(resumed.atoms.positions, whole.atoms.positions)
    np.testing.assert_array_equal(resumed.atoms.cell.array, whole.atoms.cell.array)


def test_where_sums_are_rounded_in_another_way_a_run_goes_on_from_its_last_geometry(
    emt: Any, rattled_copper: Atoms, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tight = RelaxationSettings(fmax_eV_per_A=1e-5)
    relax(rattled_copper, emt, replace(tight, max_steps=3), checkpoint=path)
    kept = emt.n_calls
    apply = Frame.apply

    def apply_a_bit_off(frame: Frame, x: np.ndarray, atoms: Atoms) -> None:
        apply(frame, x, atoms)
        atoms.positions *= 1 + 1e-15

    monkeypatch.setattr(Frame, "apply", apply_a_bit_off)
    resumed = relax(rattled_copper, emt, tight, checkpoint=path)
    assert resumed.converged
    assert resumed.n_steps > 3
    assert emt.n_calls > kept


def test_a_way_that_is_too_long_is_not_kept_and_the_last_geometry_is(
    emt: Any, rattled_copper: Atoms, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nearsight.relaxation.answers.MOST_BYTES", 3 * 96)
    tight = RelaxationSettings(fmax_eV_per_A=1e-5)
    relax(rattled_copper, emt, replace(tight, max_steps=4), checkpoint=path)
    header, arrays = load_archive(path, "relaxation-checkpoint")
    assert (header["n_steps"], header["origin_step"], header["answers"]) == (4, 4, [])
    np.testing.assert_array_equal(arrays["origin_positions_A"], arrays["positions_A"])
    assert relax(rattled_copper, emt, tight, checkpoint=path).converged


@pytest.mark.parametrize("optimizer", ["BFGS", "FIRE"])
def test_resumed_run_takes_no_step_twice(
    emt: Any, rattled_copper: Atoms, path: Path, optimizer: str
) -> None:
    settings = RelaxationSettings(optimizer=optimizer, fmax_eV_per_A=1e-4)
    whole = relax(rattled_copper, emt, settings)
    emt.n_calls, emt.fail_at, emt.failure = 0, 8, KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        relax(rattled_copper, emt, settings, checkpoint=path)
    # Calls 1 and 2 are the two energies before the start, call 3 is step 0, call 8 fails.
    assert steps_in(path) == 4
    emt.n_calls, emt.fail_at = 0, None
    resumed = relax(rattled_copper, emt, settings, checkpoint=path)
    assert resumed.converged
    # Each step is one call; the start and step 4 are evaluated again, to tell the model by, and the
    # end once more for the report.
    assert resumed.n_steps == 4 + emt.n_calls - 3
    assert steps_in(path) == resumed.n_steps
    assert resumed.energy_before_eV == whole.energy_before_eV
    assert resumed.energy_after_eV == whole.energy_after_eV


def test_finished_run_takes_no_further_step(emt: Any, rattled_copper: Atoms, path: Path) -> None:
    first = relax(rattled_copper, emt, checkpoint=path)
    emt.n_calls = 0
    again = relax(rattled_copper, emt, checkpoint=path)
    assert emt.n_calls == 3
    assert (again.converged, again.n_steps) == (True, first.n_steps)
    assert again.provenance.settings == first.provenance.settings  # with how products came
    np.testing.assert_array_equal(again.atoms.positions, first.atoms.positions)
    np.testing.assert_array_equal(again.atoms.cell.array, first.atoms.cell.array)


def test_step_limit_counts_all_runs_and_may_be_raised(
    emt: Any, rattled_copper: Atoms, path: Path
) -> None:
    tight = RelaxationSettings(fmax_eV_per_A=1e-6)
    for limit in (2, 2, 5):
        result = relax(rattled_copper, emt, replace(tight, max_steps=limit), checkpoint=path)
        assert (result.converged, result.n_steps) == (False, limit)
    lower = relax(rattled_copper, emt, replace(tight, max_steps=3), checkpoint=path)
    assert lower.n_steps == 5
    assert relax(rattled_copper, emt, tight, checkpoint=path).converged


def test_memory_may_be_another_one_when_a_run_goes_on(
    emt: Any, rattled_copper: Atoms, path: Path
) -> None:
    relax(
        rattled_copper,
        emt,
        RelaxationSettings(max_steps=2),
        checkpoint=path,
        memory_budget_bytes=10**11,
    )
    resumed = relax(rattled_copper, emt, checkpoint=path, memory_budget_bytes=10**12)
    assert resumed.converged
    assert resumed.n_steps > 2


def test_last_good_geometry_survives_a_model_that_fails(
    emt: Any, rattled_copper: Atoms, path: Path
) -> None:
    emt.fail_at = 7
    emt.failure = lambda evaluation: replace(evaluation, energy_eV=float("nan"))
    with pytest.raises(ModelError, match="energy nan"):
        relax(rattled_copper, emt, RelaxationSettings(optimizer="BFGS"), checkpoint=path)
    assert steps_in(path) == 3
    emt.fail_at = None
    stopped = relax(
        rattled_copper, emt, RelaxationSettings(optimizer="BFGS", max_steps=3), checkpoint=path
    )
    whole = relax(rattled_copper, emt, RelaxationSettings(optimizer="BFGS", max_steps=3))
    np.testing.assert_allclose(stopped.atoms.positions, whole.atoms.positions, atol=1e-12)


def test_failure_before_the_first_step_leaves_no_file(
    emt: Any, rattled_copper: Atoms, path: Path
) -> None:
    emt.fail_at, emt.failure = 3, KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        relax(rattled_copper, emt, checkpoint=path)
    assert not path.exists()


def test_other_structure_model_and_settings_are_refused_by_name(
    emt: Any, make_model: Callable[..., Any], rattled_copper: Atoms, path: Path
) -> None:
    relax(rattled_copper, emt, RelaxationSettings(max_steps=1), checkpoint=path)
    content = path.read_bytes()
    other = rattled_copper.copy()
    other.positions[0, 0] += 1e-6
    with pytest.raises(CheckpointError, match=r"another structure\. .*delete .*relax\.npz"):
        relax(other, emt, checkpoint=path)
    with pytest.raises(CheckpointError, match="another model"):
        relax(rattled_copper, make_model(name="emt-2"), checkpoint=path)
    for changed in (
        {"fmax_eV_per_A": 0.01},
        {"cell": "fixed"},
        {"cell": "isotropic"},
        {"pressure_GPa": 1.0},
        {"optimizer": "FIRE"},
    ):
        settings = RelaxationSettings(**changed)
        with pytest.raises(
            CheckpointError, match="another `fmax_eV_per_A`, `cell`, `pressure_GPa`"
        ):
            relax(rattled_copper, emt, settings, checkpoint=path)
    with pytest.raises(CheckpointError, match="another structure and it used another model"):
        relax(other, make_model(name="emt-2"), checkpoint=path)
    assert path.read_bytes() == content


def test_damaged_checkpoint_is_refused_with_a_remedy(
    emt: Any, rattled_copper: Atoms, path: Path
) -> None:
    relax(rattled_copper, emt, RelaxationSettings(max_steps=1), checkpoint=path)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not an archive"):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match=r"delete .*relax\.npz or give another path"):
            relax(rattled_copper, emt, checkpoint=path)
        assert path.read_bytes() == damaged


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("answered_energy_eV", lambda array: array[1:]),
        ("answered_forces_eV_per_A", lambda array: array[:, :2]),
        ("answered_products_eV_per_A2", lambda array: array[:0]),
        ("origin_positions_A", lambda array: array[:, :2]),
        ("answers", lambda listed: [5]),
        ("answers", lambda listed: listed[1:]),
        ("methods", lambda listed: [{"name": "analytic"}]),
    ],
)
def test_parts_that_do_not_fit_are_refused_with_a_remedy(
    emt: Any, rattled_copper: Atoms, path: Path, name: str, change: Callable[[Any], Any]
) -> None:
    relax(rattled_copper, emt, RelaxationSettings(max_steps=3), checkpoint=path)
    header, arrays = load_archive(path, "relaxation-checkpoint")
    part = arrays if name in arrays else header
    part[name] = change(part[name])
    save_archive(path, "relaxation-checkpoint", header, arrays)
    with pytest.raises(CheckpointError, match=r"is damaged \(.*\); delete"):
        relax(rattled_copper, emt, checkpoint=path)


def test_checkpoint_of_another_kind_and_without_its_parts(
    emt: Any, rattled_copper: Atoms, path: Path
) -> None:
    result = relax(rattled_copper, emt, RelaxationSettings(max_steps=1))
    result.save(path)
    with pytest.raises(CheckpointError, match="holds a 'relaxation'"):
        relax(rattled_copper, emt, checkpoint=path)
    save_archive(path, "relaxation-checkpoint", {}, {})
    with pytest.raises(CheckpointError, match="lacks 'fingerprint'; delete"):
        relax(rattled_copper, emt, checkpoint=path)


def test_missing_folder_is_made(emt: Any, rattled_copper: Atoms, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "relax.npz"
    relax(rattled_copper, emt, RelaxationSettings(max_steps=1), checkpoint=path)
    assert steps_in(path) == 1


def test_place_where_no_file_can_be_is_noticed_before_the_steps(
    emt: Any, rattled_copper: Atoms, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"cannot write .*relax\.npz"):
        relax(rattled_copper, emt, checkpoint=tmp_path / "file" / "relax.npz")
    assert emt.n_calls <= 3


def test_model_of_the_same_name_with_other_parameters_is_found_out(
    emt: Any, rattled_copper: Atoms, path: Path
) -> None:
    relax(rattled_copper, emt, RelaxationSettings(max_steps=3), checkpoint=path)
    content = path.read_bytes()
    for factor in (1.0005, 1 + 1e-7):
        emt.fail_at, emt.failure = None, None
        other = Scaled(emt, factor)
        with pytest.raises(CheckpointError, match=r"another model than this .*: .* differs by"):
            relax(rattled_copper, other, checkpoint=path)
        assert path.read_bytes() == content
    assert relax(rattled_copper, Scaled(emt, 1 + 1e-11), checkpoint=path).converged


def test_other_versions_are_named(
    emt: Any, rattled_copper: Atoms, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relax(rattled_copper, emt, RelaxationSettings(max_steps=1), checkpoint=path)
    monkeypatch.setattr("nearsight.__version__", "7.0")
    with pytest.raises(CheckpointError, match=r"versions \(nearsight .*, now 7\.0\).*delete"):
        relax(rattled_copper, emt, checkpoint=path)


def test_full_disk_stops_the_run_and_leaves_the_older_checkpoint(
    emt: Any,
    rattled_copper: Atoms,
    path: Path,
    full_disk: Callable[[], None],
) -> None:
    relax(rattled_copper, emt, RelaxationSettings(max_steps=2), checkpoint=path)
    content = path.read_bytes()
    full_disk()
    emt.n_calls = 0
    with pytest.raises(StorageError, match="No space left on device"):
        relax(rattled_copper, emt, checkpoint=path)
    assert emt.n_calls == 2
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_interruption_is_not_hidden_by_a_full_disk(
    emt: Any, rattled_copper: Atoms, path: Path, full_disk: Callable[[], None]
) -> None:
    def fill_and_interrupt(evaluation: Any) -> None:
        full_disk()
        raise KeyboardInterrupt

    emt.fail_at, emt.failure = 6, fill_and_interrupt
    with pytest.raises(KeyboardInterrupt) as interruption:
        relax(rattled_copper, emt, checkpoint=path)
    assert "No space left on device" in interruption.value.__notes__[0]
    assert steps_in(path) == 0


def test_checkpoints_are_written_once_an_interval(rattled_copper: Atoms, path: Path) -> None:
    now_s = 100.0
    digests = dict.fromkeys(("structure", "model", "settings"), "0")
    checkpoint = Checkpoint(path, digests, {}, clock=lambda: now_s)
    state = State(
        positions_A=rattled_copper.positions,
        cell_A=rattled_copper.cell.array,
        n_steps=0,
        converged=False,
        energy_before_eV=0.0,
        energy_start_eV=0.0,
        energy_eV=0.0,
        forces_eV_per_A=np.zeros_like(rattled_copper.positions),
    )
    answers = Answers(state.positions_A, state.cell_A)
    for later_s, n_steps, written in ((0.0, 0, 0), (4.9, 1, 0), (5.1, 2, 2), (9.0, 3, 2)):
        now_s = 100.0 + later_s
        checkpoint.keep(replace(state, n_steps=n_steps), answers)
        assert steps_in(path) == written
    checkpoint.write()
    assert steps_in(path) == 3
