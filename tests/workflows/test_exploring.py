"""First frames of fragments, and dynamics of crystals by what was learnt."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ase.build import molecule

from nearsight.errors import ModelError
from nearsight.execution import InThisProcess
from nearsight.models.spec import ModelSpec
from nearsight.workflows import FirstFramesSettings, LearnSettings
from nearsight.workflows.exploring import first_frames

SETTINGS = LearnSettings(first=FirstFramesSettings(first_frames=3, first_every_fs=1.0))


def crystal(*symbols: str) -> Any:
    """Return what has fragments that are asked for, and nothing else."""
    fragments = [SimpleNamespace(centre=f"{each}0", atoms=molecule(each)) for each in symbols]
    return SimpleNamespace(stem="crystal", cutter=SimpleNamespace(at_rest=lambda: fragments))


def test_a_fragment_that_the_teacher_cannot_move_is_refused(tmp_path: Path) -> None:
    frames, refusals = first_frames(
        [crystal("H2O", "NaCl")], SETTINGS, tmp_path, lambda _: InThisProcess("ase:emt")
    )
    assert [each.group for each in frames] == ["crystal H2O0"] * 3
    assert len(refusals) == 1
    assert refusals[0].startswith("crystal NaCl0: ")


def test_a_teacher_that_cannot_be_loaded_refuses_no_fragment(tmp_path: Path) -> None:
    spec = ModelSpec("hdnnp:nowhere")
    with pytest.raises(ModelError, match="nowhere"):
        first_frames([crystal("H2O")], SETTINGS, tmp_path, lambda _: InThisProcess(spec))
