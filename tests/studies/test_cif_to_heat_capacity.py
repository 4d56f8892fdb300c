"""The study of what a heat capacity takes from its CIF on, on two rattled crystals."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import ase.io
import pytest
from ase.build import bulk

from nearsight.models.engines.torch_model import TorchModel

COUNTS = """Text before.

| solid | atoms | FIRE | BFGS | newton |
| --- | --- | --- | --- | --- |
| one | 8 |  | 40, +0.0 | 20, +0.0 |
| two | 8 | failed | 30, +0.0 (not converged) | 20, +0.0 |

| optimizer | solids | median | range | ratio |
| --- | --- | --- | --- | --- |
| BFGS | 2 | 35 | 30 to 40 | 1.0 |
"""


@pytest.fixture
def run(
    study: Callable[[str], ModuleType],
    pair_model: Callable[..., TorchModel],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., ModuleType]:
    """Return a function that runs the study of two crystals."""
    atoms = bulk("MgO", "rocksalt", a=4.05, cubic=True)
    paths = [tmp_path / "one.xyz", tmp_path / "two.xyz"]
    for seed, path in enumerate(paths):
        atoms.rattle(0.1, seed=seed)
        ase.io.write(path, atoms)
    (tmp_path / "counts.md").write_text(COUNTS)

    def main(*options: str) -> ModuleType:
        module = study("cif_to_heat_capacity")
        monkeypatch.setattr(module, "load_model", lambda *_, **__: pair_model())
        folders = ["--records", str(tmp_path / "records"), "--counts", str(tmp_path / "counts.md")]
        monkeypatch.setattr("sys.argv", ["", *map(str, paths), *folders, *options])
        module.main()
        return module

    return main


def test_both_pipelines_give_one_heat_capacity(
    run: Callable[..., ModuleType], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--run", "one")
    told = capsys.readouterr().out
    ours, plain = (
        json.loads((tmp_path / "records" / folder / "one.json").read_text())
        for folder in ("newton", "BFGS")
    )
    assert ours["heat_capacity_J_per_g_K"] == pytest.approx(
        plain["heat_capacity_J_per_g_K"], rel=1e-4
    )
    assert ours["n_imaginary"] == plain["n_imaginary"] == 0
    assert plain["rows_computed"] == 24
    for record in (ours, plain):
        parts = record["seconds"]
        assert parts["all"] == pytest.approx(
            parts["relaxation"] + parts["hessian"] + parts["modes"], abs=1e-9
        )
    assert told.count("| one | ") == 2
    assert told.count("| two | ") == 1


def test_everything_is_counted_in_force_calls(study: Callable[[str], ModuleType]) -> None:
    module = study("cif_to_heat_capacity")
    calls = module.force_calls(COUNTS)
    assert calls == {"one": {"newton": 20, "BFGS": 40}, "two": {"newton": 20, "BFGS": 30}}
    record = {
        "n_atoms": 8,
        "rows_to_compute": 12,
        "seconds_of_a_force_call": 2.0,
        "seconds_of_a_row": 3.0,
        "seconds_of_the_first_row": 5.0,
        "seconds_of_rows_in_batches": 18.0,
    }
    ours, plain, differences = module.totals(record, calls["one"])
    graph, trying_batches = 1, 3
    assert ours == 20 + graph + trying_batches + 1.5 * 12
    assert (plain, differences) == (40 + graph + 1.5 * 24, 40 + 2 * 24)
    [first, second] = module.summary({"one": record}, calls).splitlines()[2:]
    assert first == "| every row one by one | 0.545 | 0.55 to 0.55 | 0.545 | 1 of 1 |"
    assert "| 0.477 |" in second


def test_a_solid_without_a_count_is_named(run: Callable[..., ModuleType], tmp_path: Path) -> None:
    (tmp_path / "counts.md").write_text(COUNTS.replace("| two |", "| other |"))
    with pytest.raises(SystemExit, match="two: not among"):
        run()


def test_a_file_without_such_a_table_is_refused(study: Callable[[str], ModuleType]) -> None:
    with pytest.raises(SystemExit, match="there is no table"):
        study("cif_to_heat_capacity").force_calls(COUNTS.replace("| newton |", "| other |"))
