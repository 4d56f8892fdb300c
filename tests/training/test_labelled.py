"""What is wrong with data is refused, or left out and said."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from labelled_clusters import labelled_clusters
from nearsight.errors import StructureError
from nearsight.training.labelled import labelled_data
from nearsight.training.settings import DataSettings


def with_labels(atoms: Atoms, **labels: object) -> Atoms:
    copied = atoms.copy()
    copied.calc = SinglePointCalculator(copied, **labels)
    return copied


def test_labels_are_those_of_the_calculator() -> None:
    frames = labelled_clusters(6)
    frames[2].info["set"] = "test"
    data = labelled_data(frames)
    assert data.warnings == ()
    assert data.symbols == ("Ar",)
    assert [each.group for each in data.structures[:5]] == ["run0", "run1", "run2", "run3", "run0"]
    assert [each.set for each in data.structures[:3]] == [None, None, "test"]
    for frame, each in zip(frames, data.structures, strict=True):
        assert each.energy_eV == frame.get_potential_energy()
        np.testing.assert_array_equal(each.forces_eV_per_A, frame.get_forces())
    assert [each.group for each in labelled_data(frames, DataSettings(group_key="set")).structures][
        2
    ] == "test"


def test_frames_without_labels_are_left_out_and_said() -> None:
    frames = labelled_clusters(8)
    frames[1].calc = None
    frames[4] = with_labels(frames[4], energy=1.0)
    data = labelled_data(frames)
    assert [each.number for each in data.structures] == [0, 2, 3, 5, 6, 7]
    assert [each.code for each in data.warnings] == ["frames-unlabelled"]
    assert "2 frames were left out that have no energy or no forces: 1, 4" in data.warnings[0]
    with pytest.raises(StructureError, match="of 1 frames none has both"):
        labelled_data(frames[1:2])


def test_repeated_frames_are_left_out_and_contradictions_said() -> None:
    frames = labelled_clusters(4)
    forces = frames[1].get_forces()
    again = with_labels(frames[1], energy=frames[1].get_potential_energy(), forces=forces)
    other = with_labels(frames[2], energy=0.5, forces=forces)
    data = labelled_data([*frames, again, other])
    assert len(data.structures) == 4
    assert [each.code for each in data.warnings] == ["frames-repeated", "labels-contradict"]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    frames = labelled_clusters(3)
    forces = frames[1].get_forces()
    forces[2, 1] = bad
    frames[1] = with_labels(frames[1], energy=1.0, forces=forces)
    with pytest.raises(StructureError, match="frame 1, counted from 0, has an energy or a force"):
        labelled_data(frames)


def test_sets_are_train_and_test() -> None:
    frames = labelled_clusters(2)
    frames[1].info["set"] = "validation"
    with pytest.raises(StructureError, match="set=validation; it is train or test"):
        labelled_data(frames)


@pytest.mark.parametrize(("factor_e", "factor_f", "n"), [(27.2114, 1, 1), (1, 51.422, 1)])
def test_mixed_units_are_said(factor_e: float, factor_f: float, n: int) -> None:
    frames = labelled_clusters(30)
    assert labelled_data(frames).warnings == ()
    for number in range(0, 30, 4):
        frame = frames[number]
        energy, forces = frame.get_potential_energy(), frame.get_forces()
        frames[number] = with_labels(frame, energy=energy / factor_e, forces=forces / factor_f)
    assert [each.code for each in labelled_data(frames).warnings] == ["units-mixed"] * n


def test_forces_of_a_relaxation_are_no_mixed_units() -> None:
    """They fall through all sizes, those a factor of 51 away among them."""
    frames = labelled_clusters(30)
    for number, frame in enumerate(frames):
        forces = frame.get_forces() * np.exp(-0.3 * number)
        frames[number] = with_labels(frame, energy=frame.get_potential_energy(), forces=forces)
    assert labelled_data(frames).warnings == ()
