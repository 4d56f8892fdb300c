"""The study of relaxations, on two rattled crystals with a cheap model."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import ase.io
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.models.engines.torch_model import TorchModel


@pytest.fixture
def rattled() -> Atoms:
    atoms = bulk("MgO", "rocksalt", a=4.05, cubic=True)
    atoms.rattle(0.1, seed=1)
    return atoms


@pytest.mark.slow
def test_every_optimizer_is_counted_and_compared(  # noqa: PLR0917  # fixtures
    study: Callable[[str], ModuleType],
    pair_model: Callable[..., TorchModel],
    rattled: Atoms,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Slow: five optimizers relax two structures."""
    paths = [tmp_path / "one.xyz", tmp_path / "two.xyz"]
    for seed, path in enumerate(paths):
        rattled.rattle(0.02, seed=seed)
        ase.io.write(path, rattled)
    module = study("relaxation")
    monkeypatch.setattr(module, "load_model", lambda *_, **__: pair_model())
    records = tmp_path / "records"
    monkeypatch.setattr("sys.argv", ["", *map(str, paths), "--records", str(records)])
    module.main()
    told = capsys.readouterr().out
    found = {
        name: json.loads((records / name.replace(" ", "-") / "one.json").read_text())
        for name in module.OPTIMIZERS
    }
    energies = [record["energy_eV_per_atom"] for record in found.values()]
    assert max(energies) - min(energies) < 1e-4
    for record in found.values():
        assert record["residual_eV_per_A"] < module.FMAX
        assert record["equivalents"] >= record["force_calls"] > 0
    # products are what only one of them asks for
    assert found["newton"]["equivalents"] > found["newton"]["force_calls"]
    assert found["BFGS"]["equivalents"] == found["BFGS"]["force_calls"]
    assert "| BFGS | " in told
    monkeypatch.setattr(module, "measure", None)  # nothing is computed twice
    module.main()
    assert capsys.readouterr().out == told


def test_failures_are_lines_of_the_table(study: Callable[[str], ModuleType]) -> None:
    module = study("relaxation")
    good = {
        "n_atoms": 8,
        "equivalents": 40.0,
        "energy_eV_per_atom": -5.0,
        "residual_eV_per_A": 0.004,
        "seconds": 1.0,
    }
    far = {**good, "equivalents": 20.0, "energy_eV_per_atom": -4.99, "residual_eV_per_A": 0.1}
    records = {"a": {"BFGS": good, "newton": far}, "b": {"BFGS": good, "newton": {"error": "no"}}}
    lines = module.table(records).splitlines()
    assert "| a | 8 | 40, +0.0 | 20, +10.0 (not converged) |" in lines
    assert "| b | 8 | 40, +0.0 | failed |" in lines
    _, _, bfgs, newton = module.summary(records).splitlines()
    half, equal = "0.50, 0.50 to 0.50", "1.00, 1.00 to 1.00"
    assert bfgs == f"| BFGS | 2 | 40 | {equal} | {half} | 1 | {equal} | 0 | 0 |"
    assert newton == f"| newton | 1 | 20 | {half} | {equal} | 1 | {equal} | 1 | 1 |"
    alone = module.summary({"a": {"FIRE": good}}).splitlines()[2]
    assert alone == "| FIRE | 1 | 40 |  |  | 1 |  | 0 | 0 |"
