"""Rounds as files."""

from pathlib import Path

import pytest

from nearsight.errors import CheckpointError
from nearsight.remarks import Remark
from nearsight.training.active.rounds import Errors, Exploration, Picked, Round

PICKED = (
    Picked("Zn0", "extrapolation", 0.3, 0.1, 0.2),
    Picked("Zn0", "disagreement", 0.6, 1.25, 0.0),
)
EXPLORATION = Exploration("mof.cif", 2.0, 0.7, "atoms fly apart", 70, 5, 1.25, PICKED)
WARNING = Remark("overfitted", "network 1: forces are off")
ROUND = Round(
    2, 40, (Errors(1e-3, 0.1, 7),), 0.6, (EXPLORATION,), 1, 1, ("no convergence",), 0, (WARNING,)
)


def test_a_round_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "round.json"
    assert Round.read(path) is None
    ROUND.write(path)
    again = Round.read(path)
    assert again == ROUND
    assert [each.code for each in again.warnings] == ["overfitted"]
    assert ROUND.n_picked == 2
    assert ROUND.n_picked_for("extrapolation") == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"number": 1}'])
def test_what_is_no_round_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "round.json"
    path.write_text(content)
    with pytest.raises(CheckpointError, match="not what a round left"):
        Round.read(path)
