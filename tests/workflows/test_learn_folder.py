"""Whose a folder is in which crystals are learnt, and what may be asked of it otherwise."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ase.build import bulk

from nearsight.errors import CheckpointError
from nearsight.provenance import ModelIdentity
from nearsight.training import NetworkSettings, StoppingSettings
from nearsight.training.active.rounds import Errors, Exploration, Picked, Round
from nearsight.workflows import FirstFramesSettings, LearnSettings, RoundsSettings
from nearsight.workflows.learn_folder import ROUND, STATE, require_same, round_folder

SETTINGS = LearnSettings(rounds=RoundsSettings(fragment_radius_A=3.0))
PICKED = (Picked("C0", "extrapolation", 0.05, 0.2, 0.4),)
FOUND = Exploration("Cu", 2.0, 2.0, None, 200, 0, 0.4, PICKED)
DONE = Round(1, 40, (Errors(1e-3, 0.1, 20),) * 2, 0.6, (FOUND,), 1, 0, (), 0)
ENDED = replace(DONE, explorations=(replace(FOUND, picked=()),), n_labelled=0)


def check(out: Path, settings: LearnSettings = SETTINGS, teacher: str = "gfn1-xtb") -> None:
    crystals: Any = [SimpleNamespace(atoms=bulk("Cu"))]
    identity = ModelIdentity(teacher, "tblite", None, "float64", "cpu")
    model: Any = SimpleNamespace(identity=identity)
    require_same(out, crystals, model, settings, None)


def test_limits_may_be_others(tmp_path: Path) -> None:
    check(tmp_path)
    before = (tmp_path / STATE).read_text()
    more = replace(SETTINGS.rounds, rounds=20, most_labels=300)
    check(tmp_path, replace(SETTINGS, rounds=more))
    assert (tmp_path / STATE).read_text() == before


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            replace(SETTINGS, first=FirstFramesSettings(first_frames=7)),
            "other settings (`first_frames` 40 there, now 7)",
        ),
        (
            replace(SETTINGS, rounds=RoundsSettings(fragment_radius_A=3.5)),
            "other settings (`fragment_radius_A` 3.0 there, now 3.5)",
        ),
    ],
)
def test_settings_of_first_frames_are_named(
    tmp_path: Path, settings: LearnSettings, said: str
) -> None:
    check(tmp_path)
    with pytest.raises(CheckpointError) as raised:
        check(tmp_path, settings)
    assert said in str(raised.value)


def test_another_teacher_is_refused(tmp_path: Path) -> None:
    check(tmp_path)
    with pytest.raises(CheckpointError, match="was made with another teacher; give another"):
        check(tmp_path, teacher="gfn2-xtb")


def test_settings_of_trainings_may_be_others_where_no_round_was_begun(tmp_path: Path) -> None:
    check(tmp_path)
    corrected = replace(
        SETTINGS,
        stopping=StoppingSettings(epochs=30),
        network=NetworkSettings(hidden_layers=(5, 5)),
    )
    first = round_folder(tmp_path, 1)
    first.mkdir()
    with pytest.raises(CheckpointError) as raised:
        check(tmp_path, corrected)
    said = str(raised.value)
    assert f"{first} was made with other settings" in said
    assert "`hidden_layers` 15 15 there, now 5 5" in said
    assert "`epochs` 20 there, now 30" in said
    DONE.write(first / ROUND)  # its labels are right whatever picked their structures
    check(tmp_path, corrected)
    round_folder(tmp_path, 2).mkdir()
    with pytest.raises(CheckpointError, match="`epochs` 30 there, now 20"):
        check(tmp_path)


@pytest.mark.parametrize("last", [ENDED, replace(DONE, explorations=())])
def test_a_round_that_was_the_last_is_to_be_made_anew(tmp_path: Path, last: Round) -> None:
    """Nothing would be done with the other settings otherwise."""
    check(tmp_path)
    round_folder(tmp_path, 1).mkdir()
    last.write(round_folder(tmp_path, 1) / ROUND)
    check(tmp_path)
    with pytest.raises(CheckpointError, match="delete that folder"):
        check(tmp_path, replace(SETTINGS, stopping=StoppingSettings(epochs=30)))


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"crystals": 1, "teacher": 1})])
def test_what_is_no_state_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / STATE).write_text(content)
    with pytest.raises(CheckpointError, match="is damaged; give another folder"):
        check(tmp_path)
