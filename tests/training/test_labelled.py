"""What is wrong with data is refused, or left out and said."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from labelled_clusters import labelled_clusters
from nearsight.errors import StructureError
from nearsight.hdnnp.frames import Frame
from nearsight.training.labelled import ALL, labelled_data


def test_labels_are_those_of_the_frames() -> None:
    frames = labelled_clusters(6)
    frames[2] = replace(frames[2], split="test", group=None)
    data = labelled_data(frames)
    assert data.warnings == ()
    assert data.symbols == ("Ar",)
    assert [each.group for each in data.structures[:5]] == ["run0", "run1", ALL, "run3", "run0"]
    assert [each.split for each in data.structures[:3]] == [None, None, "test"]
    for frame, each in zip(frames, data.structures, strict=True):
        assert each.energy_eV == frame.energy_eV
        np.testing.assert_array_equal(each.forces_eV_per_A, frame.forces_eV_per_A)


def test_frames_without_labels_are_left_out_and_said() -> None:
    frames = labelled_clusters(8)
    frames[1] = replace(frames[1], energy_eV=None)
    frames[4] = replace(frames[4], forces_eV_per_A=None)
    data = labelled_data(frames)
    assert [each.number for each in data.structures] == [0, 2, 3, 5, 6, 7]
    assert [each.code for each in data.warnings] == ["frames-unlabelled"]
    assert "2 frames were left out that have no energy or no forces: 1, 4" in data.warnings[0]
    with pytest.raises(StructureError, match="of 1 frames none has both"):
        labelled_data(frames[1:2])


def test_repeated_frames_are_left_out_and_contradictions_said() -> None:
    frames = labelled_clusters(4)
    data = labelled_data([*frames, frames[1], replace(frames[2], energy_eV=0.5)])
    assert len(data.structures) == 4
    assert [each.code for each in data.warnings] == ["frames-repeated", "labels-contradict"]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    frames = labelled_clusters(3)
    forces = frames[1].forces_eV_per_A
    assert forces is not None
    forces[2, 1] = bad
    with pytest.raises(StructureError, match="frame 1, counted from 0, has an energy or a force"):
        labelled_data(frames)


def test_what_is_no_structure_is_named() -> None:
    on_top = Frame(Atoms("Ar2"), 0.0, np.zeros((2, 3)))
    with pytest.raises(StructureError, match="frame 2, counted from 0: "):
        labelled_data([*labelled_clusters(2), on_top])


@pytest.mark.parametrize(("factor_e", "factor_f"), [(27.2114, 1), (1, 51.422)])
def test_mixed_units_are_said(factor_e: float, factor_f: float) -> None:
    frames = labelled_clusters(30)
    assert labelled_data(frames).warnings == ()
    for number in range(0, 30, 4):
        energy, forces = frames[number].energy_eV, frames[number].forces_eV_per_A
        assert energy is not None
        assert forces is not None
        frames[number] = replace(
            frames[number], energy_eV=energy / factor_e, forces_eV_per_A=forces / factor_f
        )
    assert [each.code for each in labelled_data(frames).warnings] == ["units-mixed"]


def test_forces_of_a_relaxation_are_no_mixed_units() -> None:
    """They fall through all sizes, those a factor of 51 away among them."""
    frames = labelled_clusters(30)
    for number, frame in enumerate(frames):
        forces = frame.forces_eV_per_A
        assert forces is not None
        frames[number] = replace(frame, forces_eV_per_A=forces * np.exp(-0.3 * number))
    assert labelled_data(frames).warnings == ()
