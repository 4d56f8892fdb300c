"""Checkpoints: back to the bit, and refused where they are damaged or of something else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nearsight.errors import CheckpointError
from nearsight.training.checkpoint import Checkpoint, State, fingerprint
from nearsight.training.labelled import LabelledData
from nearsight.training.settings import (
    NetworkSettings,
    OptimizerSettings,
    StoppingSettings,
    TrainingSettings,
)

OF = {"data": "a", "settings": "b", "reaches": "c"}
ASKED = {"seed": 0, "hidden_layers": [15, 15], "prior_outer_A": None}


@pytest.fixture
def state() -> State:
    random = np.random.default_rng(0)
    return State(
        epoch=3,
        position=17,
        order=random.permutation(20),
        weights=random.normal(size=30),
        best_weights=random.normal(size=30),
        best_epoch=2,
        best_score=0.1 + 0.2,
        optimizer={"covariance_0": random.normal(size=465), "n_observations": np.array(99)},
        random=random.bit_generator.state,
        force_RMSE_eV_per_A=float("nan"),
        n_updates=77,
        seconds=12.5,
        diverged=None,
        curve_bytes=1234,
    )


def test_a_state_comes_back_to_the_bit(tmp_path: Path, state: State) -> None:
    Checkpoint(tmp_path / "c", OF, ASKED).write(state)
    again = Checkpoint(tmp_path / "c", OF, ASKED).resume()
    assert again is not None
    for name, value in vars(state).items():
        restored = getattr(again, name)
        if name == "optimizer":
            assert restored.keys() == value.keys()
            assert all((restored[each] == value[each]).all() for each in value)
        elif isinstance(value, np.ndarray):
            assert restored.dtype == value.dtype
            assert (restored == value).all()
        else:
            assert restored == value or (name == "force_RMSE_eV_per_A" and np.isnan(restored))


def test_without_a_file_a_training_begins(tmp_path: Path, state: State) -> None:
    assert Checkpoint(tmp_path / "c", OF, ASKED).resume() is None
    nowhere = Checkpoint(None, OF, ASKED)
    nowhere.write(state)
    assert nowhere.resume() is None


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_cut_file_is_refused(tmp_path: Path, state: State, share: float) -> None:
    file = tmp_path / "c"
    Checkpoint(file, OF, ASKED).write(state)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match="to start from the beginning"):
        Checkpoint(file, OF, ASKED).resume()


def test_of_another_training_it_is_refused(tmp_path: Path, state: State) -> None:
    Checkpoint(tmp_path / "c", OF, ASKED).write(state)
    with pytest.raises(CheckpointError, match="other distances at which elements interact"):
        Checkpoint(tmp_path / "c", {**OF, "reaches": "x"}, ASKED).resume()
    changed = {**ASKED, "hidden_layers": [20], "prior_outer_A": 2.5}
    with pytest.raises(CheckpointError) as raised:
        Checkpoint(tmp_path / "c", {**OF, "settings": "x"}, changed).resume()
    assert (
        "it used other settings (`hidden_layers` 15 15, now 20; `prior_outer_A` none, now 2.5)."
    ) in str(raised.value)
    assert f"delete {tmp_path / 'c'} and {tmp_path / 'learning_curve.jsonl'}" in str(raised.value)


def test_what_decides_is_in_the_fingerprint(clusters: LabelledData) -> None:
    settings = TrainingSettings()
    structures = clusters.structures
    same = fingerprint(structures, settings, None)
    later = replace(settings, stopping=StoppingSettings(epochs=99, patience=3))
    assert fingerprint(structures, later, None) == same
    adam = replace(settings, optimizer=OptimizerSettings(optimizer="adam"))
    more = replace(adam, stopping=StoppingSettings(epochs=99))
    changed = [
        fingerprint(structures, replace(settings, network=NetworkSettings(seed=1)), None),
        fingerprint(structures, settings, {("H", "C"): 2.0}),
        fingerprint(structures[1:], settings, None),
        fingerprint((replace(structures[0], group="x"), *structures[1:]), settings, None),
        fingerprint((replace(structures[0], energy_eV=0.0), *structures[1:]), settings, None),
        fingerprint(structures, adam, None),
        fingerprint(structures, more, None),
    ]
    digests = {tuple(sorted(each.items())) for each in (same, *changed)}
    assert len(digests) == 1 + len(changed)
