"""Labels on disk: those that are whole stay, also behind a killed process."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import CheckpointError
from nearsight.training.active.labels import Label, LabelsFile, digest_of


def test_labels_come_back_to_the_bit(tmp_path: Path) -> None:
    forces = np.random.default_rng(0).normal(size=(5, 3))
    file = LabelsFile(tmp_path / "labels.jsonl")
    file.add("b", Label(-np.pi, forces))
    file.add("a", Label(None, None, "no convergence"))
    again = LabelsFile(file.path).labels
    assert list(again) == ["b", "a"]
    assert again["b"].energy_eV == -np.pi
    np.testing.assert_array_equal(again["b"].forces_eV_per_A, forces)
    assert again["a"].forces_eV_per_A is None
    assert again["a"].refusal == "no convergence"


def test_a_line_that_was_cut_is_dropped(tmp_path: Path) -> None:
    file = LabelsFile(tmp_path / "labels.jsonl")
    file.add("a", Label(1.0, np.zeros((1, 3))))
    whole = file.path.read_bytes()
    file.add("b", Label(2.0, np.ones((1, 3))))
    content = file.path.read_bytes()
    for length in range(len(whole), len(content)):
        file.path.write_bytes(content[:length])
        again = LabelsFile(file.path)
        assert list(again.labels) == ["a"]
        assert file.path.read_bytes() == whole
    again.add("b", Label(2.0, np.ones((1, 3))))
    assert file.path.read_bytes() == content


@pytest.mark.parametrize("line", ["{}", "[1]", "nonsense", '{"structure": "a", "energy_eV": 1}'])
def test_what_is_no_label_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(CheckpointError, match="a line that is no label"):
        LabelsFile(path)


def test_a_molecule_elsewhere_is_another_one() -> None:
    atoms = Atoms("CO", [[0.0, 0.0, 0.0], [0.0, 0.0, 1.1]])
    moved, turned = atoms.copy(), atoms[::-1]
    moved.positions[0, 0] += 1e-12
    assert len({digest_of(each) for each in (atoms, atoms.copy(), moved, turned)}) == 3
