"""Whole studies with a cheap model on a tiny crystal, stopped and resumed."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import ase.io
import pytest
from ase import Atoms

from nearsight.models.engines.torch_model import TorchModel


@pytest.fixture
def run(
    study: Callable[[str], ModuleType],
    pair_model: Callable[..., TorchModel],
    mgo: Atoms,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., ModuleType]:
    """Return a function that runs a study of MgO; without `computing` nothing may be computed."""
    ase.io.write(tmp_path / "mgo.cif", mgo)

    def refuse(*positional: object, **settings: object) -> None:
        raise AssertionError("every record was there")

    def main(name: str, *options: str, computing: bool = True) -> ModuleType:
        module = study(name)
        folders = ["--records", str(tmp_path / "records"), "--results", str(tmp_path / "results")]
        given = [name, str(tmp_path / "mgo.cif"), "--model", "pair", *folders, *options]
        monkeypatch.setattr("sys.argv", given)
        monkeypatch.setattr(
            module,
            "load_model",
            lambda model, dtype="float64", **others: pair_model(dtype),
        )
        if not computing:
            for verb in {"relax", "hessian"} & set(vars(module)):
                monkeypatch.setattr(module, verb, refuse)
        module.main()
        return module

    return main


def _texts(folder: Path) -> dict[str, str]:
    texts = [path for path in folder.iterdir() if path.suffix in {".md", ".json"}]
    return {path.name: path.read_text(encoding="utf-8") for path in texts}


def test_density_of_states(run: Callable[..., ModuleType], tmp_path: Path) -> None:
    module = run("density_of_states")
    record = json.loads((tmp_path / "records" / "pair" / "mgo.json").read_text())
    exact = record["routes"][module.EXACT]
    shifts = []
    for noise in module.NOISES_eV_PER_A:
        found = record["routes"][f"differences, noise {noise:g} eV/Å"]["wavenumbers_per_cm"]
        pairs = zip(found, exact["wavenumbers_per_cm"], strict=True)
        shifts.append(max(abs(one - other) for one, other in pairs))
    assert record["converged"]
    assert exact["asymmetry_eV_per_A2"] < 1e-9
    assert shifts[0] < 0.1 < shifts[2]
    assert shifts[1] < shifts[2]
    before = _texts(tmp_path / "results") | _texts(tmp_path / "records" / "pair")
    run("density_of_states", computing=False)
    assert _texts(tmp_path / "results") | _texts(tmp_path / "records" / "pair") == before
    assert "| mgo (2 atoms) | automatic differentiation |" in before["density_of_states.md"]
    assert (tmp_path / "results" / "density_of_states.png").stat().st_size > 0


def test_hessian_precision(run: Callable[..., ModuleType], tmp_path: Path) -> None:
    run("hessian_precision", "--relax")
    record = json.loads((tmp_path / "records" / "pair" / "mgo.json").read_text())
    errors = {
        (entry["dtype"], entry["scheme"], entry["step_A"]): entry["max_error_eV_per_A2"]
        for entry in record["entries"]
    }
    central = {step: errors["float64", "central-difference", step] for step in (1e-2, 1e-3, 1e-4)}
    # The error of central differences falls with the square of the step.
    assert central[1e-2] / central[1e-3] == pytest.approx(100, rel=0.05)
    assert central[1e-3] / central[1e-4] == pytest.approx(100, rel=0.05)
    assert errors["float32", "AD", None] < errors["float32", "central-difference", 1e-3]
    before = _texts(tmp_path / "results") | _texts(tmp_path / "records" / "pair")
    run("hessian_precision", "--relax", computing=False)
    assert _texts(tmp_path / "results") | _texts(tmp_path / "records" / "pair") == before
    assert "mgo (2 atoms)" in before["hessian_precision_pair.md"]
