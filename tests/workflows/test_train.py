"""The verb: data of files, members of a committee, and what locality leaves out."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labelled_clusters import labelled_clusters
from nearsight import records
from nearsight.errors import CheckpointError, MethodError, StructureError
from nearsight.hdnnp.files.data import is_input_data
from nearsight.hdnnp.files.extended_xyz import write_extended_xyz
from nearsight.hdnnp.files.input_data import write_input_data
from nearsight.hdnnp.files.reading import read_potential
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import evaluate
from nearsight.hdnnp.potential import PotentialUnits
from nearsight.hdnnp.symmetry_functions import RadialFunction
from nearsight.models.contract import forces_of
from nearsight.records import LocalityRecord, TrainingRecord
from nearsight.records.locality_parts import RangePart
from nearsight.resources import Resources
from nearsight.structures.pairs import pairs_of
from nearsight.training import FunctionSettings, NetworkSettings, StoppingSettings
from nearsight.training.learning_curve import EpochErrors
from nearsight.workflows import TrainSettings, energy, train

SETTINGS = TrainSettings(
    functions=FunctionSettings(cutoff_A=2.5, n_radial=4, zetas=(1.0,)),
    network=NetworkSettings(hidden_layers=(4,)),
    stopping=StoppingSettings(epochs=2),
)


def numbers_of(record: TrainingRecord) -> object:
    """Return everything but names, places and times."""
    values = record.to_json()

    def stripped(part: object) -> object:
        if isinstance(part, dict):
            left_out = {"seconds", "training_seconds", "structure", "folder", "units"}
            return {key: stripped(each) for key, each in part.items() if key not in left_out}
        return [stripped(each) for each in part] if isinstance(part, list) else part

    return stripped(values)


def test_files_and_frames_are_learnt_alike(tmp_path: Path) -> None:
    frames = labelled_clusters()
    write_extended_xyz(frames, tmp_path / "a.extxyz")
    write_input_data(frames, tmp_path / "input.data", PotentialUnits())
    assert is_input_data(tmp_path / "input.data")
    of_frames = train(frames, SETTINGS, progress=False)
    assert of_frames.structure == "40 frames"
    for name in ("a.extxyz", "input.data"):
        of_file = train(tmp_path / name, SETTINGS, progress=False)
        assert of_file.structure == str(tmp_path / name)
        assert numbers_of(of_file) == numbers_of(of_frames)


def test_several_files_are_one_set(tmp_path: Path) -> None:
    frames = labelled_clusters()
    write_extended_xyz(frames[:30], tmp_path / "a.extxyz")
    write_extended_xyz(frames[30:], tmp_path / "b.extxyz")
    both = train([tmp_path / "a.extxyz", tmp_path / "b.extxyz"], SETTINGS, progress=False)
    assert numbers_of(both) == numbers_of(train(frames, SETTINGS, progress=False))


def test_records_are_written_and_read(tmp_path: Path) -> None:
    record = train(labelled_clusters(), SETTINGS, out=tmp_path / "out", progress=False)
    [member] = record.members
    assert member.folder == str(tmp_path / "out")
    assert (member.n_train, member.n_test, member.n_epochs) == (36, 4, 2)
    assert {(each.set, each.group) for each in member.epochs[1].errors} >= {
        ("train", "all"),
        ("train", "run0"),
        ("test", "all"),
    }
    records.write(tmp_path / "r.json", record)
    [again] = records.read(tmp_path / "r.json")
    assert again == record
    assert "on 40 structures" in repr(again)


@pytest.mark.parametrize("n_members", [2])
def test_members_of_a_committee_are_what_they_are_alone(tmp_path: Path, n_members: int) -> None:
    """They run in processes of their own, and differ in their seed only."""
    frames = labelled_clusters(seed=3)
    several = replace(SETTINGS, members=n_members)
    heard: list[tuple[int, EpochErrors]] = []

    def told(epoch: EpochErrors, member: int) -> None:
        heard.append((member, epoch))

    record = train(frames, several, out=tmp_path, progress=False, told=told)
    for number, member in enumerate(record.members, start=1):
        epochs = [epoch for its, epoch in heard if its == number]
        assert [each.epoch for each in epochs] == [0, 1, 2]
        assert [each.score for each in epochs] == [each.score for each in member.epochs]
    assert record.committee is not None
    assert [each.set for each in record.committee.spreads] == ["train", "test"]
    assert [each.seed for each in record.members] == [0, 1]
    assert record.results is not None
    for number, training in enumerate(record.results.trainings, start=1):
        network = replace(SETTINGS.network, seed=number - 1)
        alone = train(frames, replace(SETTINGS, network=network), progress=False)
        assert alone.results is not None
        expected = compile_potential(alone.results.trainings[0].last).weights
        of_member = compile_potential(training.last).weights
        np.testing.assert_array_equal(of_member, expected)
        written = read_potential(tmp_path / f"member-{number}" / "last")
        np.testing.assert_array_equal(compile_potential(written).weights, expected)


def test_an_interruption_of_a_committee_says_what_is_there(tmp_path: Path) -> None:
    """Members end with it; the same training goes on from what they have written."""

    def told(epoch: EpochErrors, _: int) -> None:
        if epoch.epoch == 1:
            raise KeyboardInterrupt

    several = replace(SETTINGS, members=2)
    with pytest.raises(KeyboardInterrupt) as interruption:
        train(labelled_clusters(), several, out=tmp_path, progress=False, told=told)
    [note] = interruption.value.__notes__
    assert "the same training goes on" in note
    # One after the other: each process takes its time to begin.
    one = Resources(cores=1)
    record = train(labelled_clusters(), several, out=tmp_path, resources=one, progress=False)
    whole = train(labelled_clusters(), several, resources=one, progress=False)
    ours, theirs = ([each.checkpoint_sha256 for each in it.members] for it in (record, whole))
    assert ours == theirs


def test_what_one_member_fails_with_is_raised(tmp_path: Path) -> None:
    several = replace(SETTINGS, members=2)
    other = replace(SETTINGS, network=NetworkSettings(hidden_layers=(5,), seed=1))
    train(labelled_clusters(), other, out=tmp_path / "member-2", progress=False)
    with pytest.raises(CheckpointError, match=r"member-2.*`hidden_layers` 5, now 4"):
        train(labelled_clusters(), several, out=tmp_path, progress=False)


def test_locality_decides_which_functions_there_are(tmp_path: Path) -> None:
    def functions(range_A: float | None) -> list[object]:
        ranges = (
            ()
            if range_A is None
            else (RangePart(elements=("Ar", "Ar"), range_A=range_A, strongest_eV_per_A2=1.0),)
        )
        locality = object.__new__(LocalityRecord)
        object.__setattr__(locality, "ranges", ranges)
        record = train(labelled_clusters(), SETTINGS, locality=locality, progress=False)
        assert record.results is not None
        [element] = record.results.trainings[0].best.elements
        return [each for each in element.functions if isinstance(each, RadialFunction)]

    assert functions(9.0) == functions(None)
    assert set(functions(1.1)) < set(functions(None))
    with pytest.raises(MethodError, match="nothing changes around Ar"):
        functions(0.0)


def test_bad_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="there is no data"):
        train([], SETTINGS)
    with pytest.raises(StructureError, match="cannot be read"):
        train(tmp_path / "missing.extxyz", SETTINGS)
    frames = [replace(each, forces_eV_per_A=None) for each in labelled_clusters(5)]
    write_extended_xyz(frames, tmp_path / "energies.extxyz")
    with pytest.raises(
        StructureError, match=r"of 5 frames none has both .*: 5 have an energy, 0 have forces"
    ):
        train(tmp_path / "energies.extxyz", SETTINGS)
    write_input_data(labelled_clusters(5), tmp_path / "input.data", PotentialUnits())
    text = (tmp_path / "input.data").read_text().splitlines()
    plain = "\n".join(line for line in text if "nearsight" not in line)
    (tmp_path / "input.data").write_text(plain + "\n")
    with pytest.raises(StructureError, match="units"):
        train(tmp_path / "input.data", SETTINGS)
    few = replace(SETTINGS, units="angstrom,eV", data=replace(SETTINGS.data, test_share=0.3))
    assert json.dumps(train(tmp_path / "input.data", few, progress=False).to_json())


def test_data_of_two_kinds_and_other_kinds_are_refused(tmp_path: Path) -> None:
    frames = labelled_clusters(5)
    write_extended_xyz(frames, tmp_path / "a.extxyz")
    with pytest.raises(MethodError, match="not Frame, PosixPath"):
        train([tmp_path / "a.extxyz", *frames], SETTINGS)
    with pytest.raises(MethodError, match="not Atoms"):
        train([each.atoms for each in frames], SETTINGS)


@pytest.mark.parametrize("epoch_of_interruption", [0, 1])
def test_an_interruption_says_what_is_there_and_the_same_goes_on(
    tmp_path: Path, epoch_of_interruption: int
) -> None:
    """Also between the errors of an epoch, which are told first, and its checkpoint."""

    def told(epoch: EpochErrors, _: int) -> None:
        if epoch.epoch == epoch_of_interruption:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interruption:
        train(labelled_clusters(), SETTINGS, out=tmp_path / "out", progress=False, told=told)
    [note] = interruption.value.__notes__
    assert "the same training goes on" in note
    record = train(labelled_clusters(), SETTINGS, out=tmp_path / "out", progress=False)
    assert record.members[0].resumed_epoch == 0
    whole = train(labelled_clusters(), SETTINGS, progress=False)
    assert record.members[0].checkpoint_sha256 == whole.members[0].checkpoint_sha256


def test_what_was_trained_is_a_model(tmp_path: Path) -> None:
    """By its name, through files and PyTorch; the member of the record says which it is."""
    frames = labelled_clusters()
    record = train(frames, SETTINGS, out=tmp_path / "out", progress=False)
    assert record.results is not None
    [training] = record.results.trainings
    name = training.provenance.model.name
    assert name == f"hdnnp:{tmp_path / 'out' / 'best'}"
    compiled = compile_potential(training.best)
    atoms = frames[7].atoms
    expected = evaluate(compiled, atoms.numbers, pairs_of(atoms, compiled.cutoff_A))
    computed = energy(atoms, name)
    assert computed.energy_eV == pytest.approx(expected.energy_eV, abs=1e-10)
    assert computed.results is not None
    np.testing.assert_allclose(
        forces_of(computed.results.evaluation), expected.forces_eV_per_A, atol=1e-10
    )
