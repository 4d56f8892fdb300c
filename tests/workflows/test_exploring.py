"""First frames of fragments, and dynamics of crystals by what was learnt."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ase import Atoms
from ase.build import molecule

from hdnnp_potentials import random_potential
from nearsight.errors import ModelError, SettingError
from nearsight.execution import InThisProcess
from nearsight.hdnnp.cutoff_functions import CutoffFunction
from nearsight.hdnnp.files.writing import write_potential
from nearsight.models.spec import ModelSpec
from nearsight.progress import as_progress
from nearsight.training.active.cutting import Cutter
from nearsight.training.active.judging import Judges
from nearsight.workflows import (
    ExploringSettings,
    FirstFramesSettings,
    LearnSettings,
    PickingSettings,
)
from nearsight.workflows.exploring import (
    Crystal,
    Found,
    explore,
    first_frames,
    in_turn,
    seed_of,
)

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


POSITIONS = [[0.42, 0, 0], [-0.42, 0, 1.27], [1.05, 0.88, 0], [1.05, -0.88, 0]]
CHAIN = Atoms(
    "C2H4",
    [*POSITIONS, [-1.05, 0.88, 1.27], [-1.05, -0.88, 1.27]],
    cell=[5.0, 5.2, 2.54],
    pbc=True,
)
POTENTIALS = [
    random_potential(
        seed, symbols=("H", "C"), cutoffs=(CutoffFunction(2, 0.0, 3.0),), activations="ttl"
    )
    for seed in (1, 2)
]
AT_REST = float(Judges(POTENTIALS).judge(CHAIN).disagreement_eV_per_A.max())


def explored(folder: Path, threshold_eV_per_A: float) -> Found:
    """Move a chain by a random potential, in which it breaks soon, and hardly look at it."""
    (folder / "member-1").mkdir(parents=True)
    write_potential(POTENTIALS[0], folder / "member-1" / "best")
    settings = LearnSettings(
        exploring=ExploringSettings(explore_ps=0.5, explore_every_fs=400.0),
        picking=PickingSettings(overshoot=1e9),
    )
    trainings: Any = [SimpleNamespace(best=each) for each in POTENTIALS]
    return explore(
        Crystal("chain.cif", "crystal-00", CHAIN, Cutter(CHAIN, 3.0)),
        trainings,
        folder,
        threshold_eV_per_A,
        settings=settings,
        seed=1,
        progress=as_progress(False),
    )


def test_a_crystal_that_breaks_between_frames_is_looked_at_step_by_step(tmp_path: Path) -> None:
    found = explored(tmp_path, 1.2 * AT_REST)
    assert "is broken" in str(found.exploration.stopped)
    assert found.exploration.reached_ps < 0.4
    assert found.exploration.n_frames == round(found.exploration.reached_ps / 0.5e-3) + 1
    assert len(found.fragments) == len(found.exploration.picked) > 0
    assert all(0 < each.time_ps < 0.4 for each in found.exploration.picked)
    assert {each.disagreement_eV_per_A > 1.2 * AT_REST for each in found.exploration.picked} == {
        True
    }


def test_a_crystal_is_not_moved_again_where_something_was_found(tmp_path: Path) -> None:
    found = explored(tmp_path, 0.5 * AT_REST)
    assert found.exploration.stopped is not None
    assert found.exploration.n_frames == 1
    assert {each.time_ps for each in found.exploration.picked} == {0.0}


def test_crystals_have_turns() -> None:
    """So that a limit of labels leaves some to each."""
    exploration: Any = None
    atoms = [Atoms("Ar", [[0.0, 0.0, float(place)]]) for place in range(4)]
    found = [
        Found(exploration, atoms[:3], ["a0", "a1", "a2"]),
        Found(exploration, atoms[3:], ["b0"]),
    ]
    turns = in_turn(found)
    assert [name for _, name in turns] == ["a0", "b0", "a1", "a2"]
    assert turns[1][0] is atoms[3]


def test_no_two_dynamics_begin_alike() -> None:
    seeds = {seed_of(0, number, place) for number in range(1, 9) for place in range(5)}
    assert len(seeds) == 40
    assert seed_of(0, 1, 0) == seed_of(0, 1, 0) != seed_of(1, 1, 0)


def test_something_is_looked_at_beside_the_crystal_at_rest() -> None:
    with pytest.raises(SettingError, match="nothing but the crystal at rest would be looked at"):
        ExploringSettings(explore_ps=0.001, explore_every_fs=2.0)
