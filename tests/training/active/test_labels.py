"""Labels on disk: those that are whole stay, also behind a killed process."""

from pathlib import Path

import numpy as np
import pytest

from nearsight.errors import CheckpointError
from nearsight.training.active.labels import Label, LabelsFile


def test_labels_come_back_to_the_bit(tmp_path: Path) -> None:
    forces = np.random.default_rng(0).normal(size=(5, 3))
    file = LabelsFile(tmp_path / "labels.jsonl")
    file.add(3, Label(-np.pi, forces))
    file.add(0, Label(None, None, "no convergence"))
    again = LabelsFile(file.path).labels
    assert list(again) == [3, 0]
    assert again[3].energy_eV == -np.pi
    np.testing.assert_array_equal(again[3].forces_eV_per_A, forces)
    assert again[0] == again[0].from_json(again[0].to_json()) or again[0].refusal
    assert again[0].forces_eV_per_A is None
    assert again[0].refusal == "no convergence"


def test_a_line_that_was_cut_is_dropped(tmp_path: Path) -> None:
    file = LabelsFile(tmp_path / "labels.jsonl")
    file.add(0, Label(1.0, np.zeros((1, 3))))
    whole = file.path.read_bytes()
    file.add(1, Label(2.0, np.ones((1, 3))))
    content = file.path.read_bytes()
    for length in range(len(whole), len(content)):
        file.path.write_bytes(content[:length])
        again = LabelsFile(file.path)
        assert list(again.labels) == [0]
        assert file.path.read_bytes() == whole
    again.add(1, Label(2.0, np.ones((1, 3))))
    assert file.path.read_bytes() == content


@pytest.mark.parametrize("line", ["{}", "[1]", "nonsense", '{"number": 0, "energy_eV": 1}'])
def test_what_is_no_label_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(CheckpointError, match="a line that is no label"):
        LabelsFile(path)
