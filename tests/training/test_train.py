"""Training on small data: what is reached, what decides, and what an interruption changes."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from labelled_clusters import labelled_clusters
from nearsight.arrays import FloatArray
from nearsight.errors import CheckpointError, StorageError
from nearsight.hdnnp.files.reading import read_potential
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import evaluate
from nearsight.hdnnp.potential import Potential
from nearsight.structures.pairs import pairs_of
from nearsight.training.labelled import LabelledData, labelled_data
from nearsight.training.result import Training
from nearsight.training.settings import (
    DataSettings,
    FunctionSettings,
    NetworkSettings,
    OptimizerSettings,
    StoppingSettings,
    TrainingSettings,
)
from nearsight.training.train import train

SETTINGS = TrainingSettings(
    functions=FunctionSettings(cutoff_A=2.5, n_radial=5, zetas=(1.0, 4.0), smallest_range=0.02),
    network=NetworkSettings(hidden_layers=(8, 8)),
    optimizer=OptimizerSettings(n_force_components=11, observations_per_decade=400.0),
    stopping=StoppingSettings(epochs=3),
)
ADAM = replace(SETTINGS, optimizer=OptimizerSettings(optimizer="adam"))
GLOBAL = replace(SETTINGS, optimizer=replace(SETTINGS.optimizer, optimizer="global-kalman"))
EACH = pytest.mark.parametrize("settings", [SETTINGS, GLOBAL, ADAM], ids=["blocks", "one", "adam"])


def longer(settings: TrainingSettings, epochs: int) -> TrainingSettings:
    return replace(settings, stopping=StoppingSettings(epochs=epochs))


def weights_of(potential: Potential) -> FloatArray:
    return compile_potential(potential).weights


class Counter:
    """A clock that goes on by a second whenever it is asked."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


class StopError(Exception):
    """An interruption."""


def interrupted_at(n: int) -> Callable[[], float]:
    """Return a clock that interrupts when it is asked for the n-th time."""
    counter = Counter()

    def clock() -> float:
        if counter() > n:
            raise StopError
        return counter.now

    return clock


def test_lennard_jones_is_learnt(clusters: LabelledData) -> None:
    """Forces of 2.2 eV/Å to 5 %, energies to 1 meV an atom."""
    trained = train(clusters, longer(SETTINGS, 20), progress=False)
    first, best = trained.epochs[0].errors.of("test"), trained.best_errors.errors.of("test")
    assert best.force_RMSE_eV_per_A < 0.11
    assert best.energy_RMSE_eV_per_atom < 1e-3
    assert first.force_RMSE_eV_per_A > 1.0
    assert trained.epochs[-1].n_observations == 20 * 36 * 12


def test_a_cutoff_that_is_left_open_is_the_default(clusters: LabelledData, tmp_path: Path) -> None:
    """Named, it goes on with the same training."""
    few = FunctionSettings(n_radial=3, zetas=(1.0,))
    left_open = replace(SETTINGS, functions=few)
    named = replace(SETTINGS, functions=replace(few, cutoff_A=4.359))
    begun = train(clusters, longer(left_open, 1), out=tmp_path, progress=False)
    assert begun.best.cutoff_A == pytest.approx(4.359, rel=1e-12)
    assert begun.provenance.settings["cutoff_A"] == 4.359
    assert train(clusters, longer(named, 2), out=tmp_path, progress=False).resumed_epoch == 1


def test_errors_are_those_of_the_potential(clusters: LabelledData) -> None:
    """Evaluated by itself, from its coordinates."""
    trained = train(clusters, SETTINGS, progress=False)
    compiled = compile_potential(trained.best)
    energies, forces = [], []
    for place in trained.prepared.split.test:
        each = clusters.structures[place]
        of = evaluate(compiled, each.atoms.numbers, pairs_of(each.atoms, compiled.cutoff_A))
        assert of.forces_eV_per_A is not None
        energies.append((of.energy_eV - each.energy_eV) / len(each.atoms))
        forces.append(of.forces_eV_per_A - each.forces_eV_per_A)
    of_test = trained.best_errors.errors.of("test")
    assert of_test.energy_RMSE_eV_per_atom == pytest.approx(np.sqrt(np.mean(np.square(energies))))
    assert of_test.force_RMSE_eV_per_A == pytest.approx(np.sqrt(np.mean(np.square(forces))))


@EACH
def test_a_seed_decides_to_the_bit(clusters: LabelledData, settings: TrainingSettings) -> None:
    def trained(seed: int) -> Training:
        network = replace(settings.network, seed=seed)
        return train(clusters, replace(settings, network=network), progress=False)

    one, again, other = trained(1), trained(1), trained(2)
    assert (weights_of(one.last) == weights_of(again.last)).all()
    assert (weights_of(one.last) != weights_of(other.last)).all()


@EACH
@pytest.mark.parametrize("n", [12, 40, 77])
def test_a_resumed_training_equals_an_unbroken_one(
    clusters: LabelledData, settings: TrainingSettings, n: int, tmp_path: Path
) -> None:
    """To the bit, wherever it was broken, with checkpoints every few steps."""
    whole = train(clusters, settings, out=tmp_path / "whole", progress=False)
    options = {"out": tmp_path / "broken", "checkpoint_s": 5.0, "progress": False}
    with pytest.raises(StopError):
        train(clusters, settings, clock=interrupted_at(n), **options)
    left = tmp_path / "broken" / "best" / ".writing-killed"
    left.mkdir(parents=True)
    (left / "scaling.data").write_text("")
    resumed = train(clusters, settings, clock=Counter(), **options)
    assert resumed.resumed_epoch is not None
    for name in ("best", "last"):
        files = [sorted(os.listdir(tmp_path / each / name)) for each in ("whole", "broken")]
        assert files[0] == files[1]
    assert (weights_of(resumed.last) == weights_of(whole.last)).all()
    assert (weights_of(resumed.best) == weights_of(whole.best)).all()
    assert resumed.best_epoch == whole.best_epoch
    for one, other in zip(resumed.epochs, whole.epochs, strict=True):
        assert one.errors == other.errors
        assert (one.epoch, one.n_observations) == (other.epoch, other.n_observations)


def test_a_training_goes_on_beyond_its_end(clusters: LabelledData, tmp_path: Path) -> None:
    whole = train(clusters, longer(SETTINGS, 4), progress=False)
    train(clusters, longer(SETTINGS, 2), out=tmp_path, progress=False)
    more = train(clusters, longer(SETTINGS, 4), out=tmp_path, progress=False)
    assert more.resumed_epoch == 2
    assert (weights_of(more.last) == weights_of(whole.last)).all()
    with pytest.raises(CheckpointError, match="has 4 epochs already"):
        train(clusters, longer(SETTINGS, 3), out=tmp_path, progress=False)


def test_other_data_or_settings_are_another_training(
    clusters: LabelledData, tmp_path: Path
) -> None:
    train(clusters, longer(SETTINGS, 1), out=tmp_path, progress=False)
    with pytest.raises(
        CheckpointError, match=r"other settings \(`optimizer` kalman, now global-kalman\)"
    ):
        train(clusters, longer(GLOBAL, 1), out=tmp_path, progress=False)
    fewer = LabelledData(clusters.structures[1:])
    with pytest.raises(CheckpointError, match="it learnt from other data"):
        train(fewer, longer(SETTINGS, 1), out=tmp_path, progress=False)
    (tmp_path / "checkpoint").unlink()
    with pytest.raises(StorageError, match="has content already"):
        train(clusters, longer(SETTINGS, 1), out=tmp_path, progress=False)


def test_files_hold_what_came_of_it(clusters: LabelledData, tmp_path: Path) -> None:
    trained = train(clusters, SETTINGS, out=tmp_path, progress=False)
    for name, potential in (("best", trained.best), ("last", trained.last)):
        again = read_potential(tmp_path / name)
        assert (weights_of(again) == weights_of(potential)).all()
        assert again.normalization == potential.normalization
    lines = (tmp_path / "learning_curve.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [0, 1, 2, 3]
    errors = json.loads(lines[-1])["errors"]["train"]
    assert set(errors) == {"all", "run0", "run1", "run2", "run3"}
    assert errors["all"]["n_structures"] == 36


def test_the_best_is_that_of_the_lowest_score(clusters: LabelledData) -> None:
    trained = train(clusters, longer(SETTINGS, 8), progress=False)
    scores = [each.score for each in trained.epochs]
    assert trained.best_epoch == int(np.argmin(scores))


@pytest.mark.parametrize(
    ("stopping", "reason"),
    [
        ({"target_force_eV_per_A": 0.3}, "at the errors"),
        ({"target_force_eV_per_A": 0.5, "target_energy_meV": 100.0}, "at the errors"),
        ({"time_s": 300.0}, "after 300.0 s"),
        ({"patience": 2}, "since 2 epochs"),
        ({}, "after 40 epochs"),
    ],
)
def test_it_stops(clusters: LabelledData, stopping: dict[str, float], reason: str) -> None:
    few = LabelledData(clusters.structures[:20])
    asked = replace(SETTINGS, stopping=StoppingSettings(epochs=40, **stopping))
    trained = train(few, asked, progress=False, clock=Counter())
    assert trained.stopped.startswith(reason)
    last = trained.epochs[-1].errors.of("test")
    if "target_force_eV_per_A" in stopping:
        assert last.force_RMSE_eV_per_A <= stopping["target_force_eV_per_A"]
        before = trained.epochs[-2].errors.of("test")
        assert before.force_RMSE_eV_per_A > stopping["target_force_eV_per_A"]
    if "patience" in stopping:
        assert trained.epochs[-1].epoch == trained.best_epoch + 2


def test_divergence_is_said_and_the_best_stays(clusters: LabelledData, tmp_path: Path) -> None:
    """Adam with giant steps."""
    wild = replace(ADAM, optimizer=replace(ADAM.optimizer, learning_rate=1e6))
    with pytest.warns(UserWarning, match="diverged after 18 updates"):
        trained = train(clusters, wild, out=tmp_path, progress=False)
    [said] = [str(each) for each in trained.warnings if each.code == "training-diverged"]
    assert "a smaller `learning_rate`" in said
    assert trained.stopped == "since it diverged"
    assert trained.best_epoch == 0
    assert (weights_of(trained.best) == weights_of(trained.prepared.potential)).all()
    assert (weights_of(read_potential(tmp_path / "best")) == weights_of(trained.best)).all()


def test_a_training_that_learnt_nothing_says_so(clusters: LabelledData) -> None:
    """Adam with steps that are too large, but no giants, and with those that it has by itself."""
    wild = replace(ADAM, optimizer=replace(ADAM.optimizer, learning_rate=5.0))
    with pytest.warns(UserWarning, match="Give more `epochs`, or a smaller `learning_rate`"):
        trained = train(clusters, wild, progress=False)
    assert trained.best_epoch == 0
    assert (weights_of(trained.best) == weights_of(trained.prepared.potential)).all()
    assert [each.code for each in trained.warnings] == ["nothing-learnt"]
    assert train(clusters, ADAM, progress=False).best_epoch > 0


def test_weights_of_forces_decide(clusters: LabelledData) -> None:
    """Energies only, or nearly only forces."""

    def trained(**optimizer: float) -> Training:
        asked = replace(SETTINGS.optimizer, **optimizer)
        return train(clusters, replace(longer(SETTINGS, 6), optimizer=asked), progress=False)

    energies = trained(n_force_components=0).epochs[-1].errors.of("train")
    forces = trained().epochs[-1].errors.of("train")
    assert forces.force_RMSE_eV_per_A < 0.3 * energies.force_RMSE_eV_per_A


def test_groups_are_split_and_told(clusters: LabelledData) -> None:
    asked = replace(SETTINGS, data=DataSettings(split="group", test_share=0.3))
    trained = train(clusters, asked, progress=False)
    learnt, tested = (set(trained.best_errors.errors.by_set[each]) for each in ("train", "test"))
    assert learnt & tested == {"all"}
    assert len(tested) == 2


def test_a_killed_training_goes_on(tmp_path: Path) -> None:
    """By SIGKILL, which nothing can catch; a second process goes on to the same end."""
    script = textwrap.dedent(
        f"""
        import sys
        sys.path[:0] = {sys.path!r}
        from test_train import SETTINGS, longer, train
        from labelled_clusters import labelled_clusters
        from nearsight.training.labelled import labelled_data
        data = labelled_data(labelled_clusters())
        train(data, longer(SETTINGS, 30), out="killed", checkpoint_s=0.0, progress=False)
        """
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent)])}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script], cwd=tmp_path, env=environment
    )
    curve = tmp_path / "killed" / "learning_curve.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if curve.exists() and curve.read_bytes().count(b"\n") > 3:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    data = labelled_data(labelled_clusters())
    resumed = train(data, longer(SETTINGS, 30), out=tmp_path / "killed", progress=False)
    assert resumed.resumed_epoch is not None
    assert 0 < resumed.resumed_epoch < 30
    whole = train(data, longer(SETTINGS, 30), progress=False)
    assert (weights_of(resumed.last) == weights_of(whole.last)).all()


def test_cells_smaller_than_the_cutoff_are_learnt() -> None:
    """Copper, whose cell is smaller than the cutoff: images count, and energies are extensive."""
    random = np.random.default_rng(0)
    frames = []
    for _ in range(20):
        atoms = bulk("Cu", a=3.6 * random.uniform(0.97, 1.03), cubic=True)
        atoms.rattle(0.05, rng=random)
        atoms.calc = EMT()
        frames.append(Frame(atoms.copy(), atoms.get_potential_energy(), atoms.get_forces()))
    functions = FunctionSettings(cutoff_A=4.5, n_radial=4, zetas=(1.0,))
    asked = replace(SETTINGS, functions=functions, stopping=StoppingSettings(epochs=15))
    trained = train(labelled_data(frames), asked, progress=False)
    first, best = trained.epochs[0].errors.of("test"), trained.best_errors.errors.of("test")
    assert best.force_RMSE_eV_per_A < 0.2 * first.force_RMSE_eV_per_A
    compiled = compile_potential(trained.best)
    energies = [
        evaluate(compiled, each.numbers, pairs_of(each, compiled.cutoff_A)).energy_eV
        for each in (frames[0].atoms, frames[0].atoms.repeat((2, 1, 2)))
    ]
    assert energies[1] == pytest.approx(4 * energies[0], rel=1e-11)
