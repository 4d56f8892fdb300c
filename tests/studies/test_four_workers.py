"""The study of several workers, with models of the tests in this process."""

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import ase.io
import pytest
from ase import Atoms

from nearsight.models.engines.torch_model import TorchModel


@pytest.fixture
def report(
    study: Callable[[str], ModuleType],
    pair_model: Callable[..., TorchModel],
    mgo: Atoms,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Callable[..., object]], str]:
    """Return a function: what the study writes when `whole` is another function."""
    ase.io.write(tmp_path / "mgo.cif", mgo)
    module = study("four_workers")
    monkeypatch.setattr(module, "in_worker", lambda name, trust: pair_model())

    def run(whole: Callable[..., object]) -> str:
        monkeypatch.setattr(module, "whole", whole)
        given = ["four_workers", str(tmp_path / "mgo.cif"), "pair@one", "pair@other"]
        monkeypatch.setattr("sys.argv", [*given, "--results", str(tmp_path)])
        module.main()
        return (tmp_path / "four_workers.md").read_text(encoding="utf-8")

    return run


def test_deviations_and_times_are_told(
    study: Callable[[str], ModuleType], report: Callable[..., str]
) -> None:
    whole = study("hessians_side_by_side").whole
    text = report(whole)
    assert "# 2 workers at once: Hessians of mgo" in text
    assert len(re.findall(r"^\| (?:one|other) \|.* \| 0 \|$", text, re.MULTILINE)) == 2
    assert re.search(r"processor time of all processes: \d+ s and \d+ s", text)


def test_a_hessian_that_changes_is_told(
    study: Callable[[str], ModuleType], report: Callable[..., str]
) -> None:
    whole, calls = study("hessians_side_by_side").whole, []

    def disturbed(atoms: Atoms, model: TorchModel) -> object:
        found = whole(atoms, model)
        calls.append(model)
        if len(calls) > 2:  # all at once
            found.matrix_eV_per_A2[0, 1] += 3e-5
        return found

    assert report(disturbed).count("| 3e-05 |") == 2
