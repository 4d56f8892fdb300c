"""The table of all families, of two cheap models and of one that fails."""

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import ase.io
import numpy as np
import psutil
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.models import Model, load_model
from nearsight.models.contract import Capabilities, Evaluation, Seed
from nearsight.models.engines.torch_model import TorchModel
from nearsight.provenance import ModelIdentity
from nearsight.testing import check_model


class Unsymmetric:
    """Forces that are linear in the positions, and no gradient."""

    identity = ModelIdentity("unsymmetric", "test", None, "float64", "cpu")
    capabilities = Capabilities(None, None, None, False, False, False, None, True, None)

    def __init__(self, n_atoms: int) -> None:
        self.matrix = np.random.default_rng(2).normal(size=(n_atoms, 3, n_atoms, 3))

    def evaluate(self, structures: Sequence[Atoms], **_: Any) -> list[Evaluation]:
        forces = [-np.einsum("aibj,bj->ai", self.matrix, each.positions) for each in structures]
        return [Evaluation(0.0, each, None, None) for each in forces]

    def rows(self, atoms: Atoms, seeds: Sequence[Seed]) -> Iterator[np.ndarray]:
        return (np.einsum("i,ibj->bj", way, self.matrix[atom]) for atom, way in seeds)


@pytest.fixture
def run(
    study: Callable[[str], ModuleType],
    pair_model: Callable[..., TorchModel],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., None]:
    """Return a function that runs a study of copper with the pair potential and others."""
    copper = bulk("Cu") * (2, 1, 1)
    ase.io.write(tmp_path / "cu.cif", copper)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEARSIGHT_ENVIRONMENTS", str(tmp_path / "environments"))

    def load(name: str, dtype: str, **others: Any) -> Model:
        if name.startswith("pair:"):
            return pair_model(dtype, name=name, elements=None)
        return load_model(name, dtype=dtype, **others)

    def main(name: str, *options: str) -> None:
        module = study(name)
        monkeypatch.setattr("sys.argv", [name, *options, "--results", "results"])
        monkeypatch.setattr(module, "load_model", load)
        if name == "families":
            moved = copper.copy()
            moved.rattle(0.1, seed=1)
            monkeypatch.setattr(module, "SHORTEST_S", 0.2)
            monkeypatch.setattr(module, "check_model", partial(check_model, structures={"": moved}))
        module.main()

    return main


@pytest.mark.slow
def test_every_model_has_a_line(run: Callable[..., None], tmp_path: Path) -> None:
    models = ["pair:one@One of them", "ase:emt", "sevennet:gone.pth@Gone"]
    options = ["--structure", "cu.cif", "--supercell", "2", "2", "1", "--records", "records"]
    run("families", *models, *options, "--remark", "Only a test.")
    records = {path.stem: json.loads(path.read_text()) for path in Path("records").iterdir()}
    one, emt = records["One_of_them"], records["ase_emt"]
    assert one["deviation_eV_per_A2"] < 1e-8
    assert one["asymmetry_eV_per_A2"] < 1e-12
    assert one["verdicts"]["passed"] > 10
    assert one["failures"] == []
    assert 0 < one["float32"]["error_eV_per_A2"] < 1e-2
    for each in (one["float64"], one["float32"], emt["float64"]):
        assert 0 < each["rows_per_s"] < 1e5
        assert 0 < each["forces_per_s"] < 1e5
    assert (emt["deviation_eV_per_A2"], emt["float32"]) == (None, None)
    written = Path("results/families.md").read_text(encoding="utf-8")
    assert "Only a test." in written
    assert "| One of them | a file | this |" in written
    assert "| Gone | ModelError: " in written
    before = {path: path.read_text() for path in Path("records").glob("*e*.json")}
    run("families", *models[:2], *options)
    assert {path: path.read_text() for path in before} == before


def test_installed_environments_have_a_line(
    study: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nearsight
    from nearsight.models.environments.places import Place
    from nearsight.models.environments.state import Environment

    monkeypatch.setenv("NEARSIGHT_ENVIRONMENTS", str(tmp_path))
    place = Place.of("orb")
    place.python.parent.mkdir(parents=True)
    place.python.touch()
    packages = ("orb_models==0.5.5", "torch==2.13.0+cpu", "scipy==1.17.1")
    Environment(
        family="orb",
        python="3.12.1",
        nearsight=nearsight.__version__,
        source="nearsight",
        installer="uv 0.9",
        torch="2.13.0+cpu, for CPUs",
        torch_choice="",
        packages=packages,
        date="2026-01-01T00:00:00+00:00",
        seconds=61.4,
        size_MB=1500.2,
    ).write(place.record)
    assert study("families").table_of_environments().splitlines()[2:] == [
        "| `nearsight models install orb` | orb_models==0.5.5 | 3.12.1 | 2.13.0+cpu, for CPUs | "
        "1500 | 61 | uv 0.9 | Apache-2.0 |"
    ]


def test_rows_of_forces_that_are_no_gradient_are_compared_with_columns(
    study: Callable[[str], ModuleType],
) -> None:
    atoms = Atoms("Cu4", positions=np.random.default_rng(1).normal(size=(4, 3)))
    assert study("families").deviation(Unsymmetric(4), atoms) < 1e-9


def test_models_at_once_give_what_they_give_alone(run: Callable[..., None], tmp_path: Path) -> None:
    run("hessians_side_by_side", "cu.cif", "pair:one@One", "pair:two@Two")
    written = Path("results/hessians_side_by_side.md").read_text(encoding="utf-8").splitlines()
    lines = [line for line in written if line.startswith("| One, float")]
    assert [line.split(" | ")[0] for line in lines[:2]] == ["| One, float64", "| One, float32"]
    assert all(line.endswith("| 0 |") for line in lines[:2])
    assert "| One, float64 | Two, float64 | 0 | 0 |" in lines


def test_a_process_that_has_ended_took_no_part(study: Callable[[str], ModuleType]) -> None:
    module = study("families")
    with subprocess.Popen(["sleep", "60"]) as process:
        other = psutil.Process(process.pid)
        assert other in module.processes()

        def call() -> None:
            process.kill()
            process.wait()

        assert 0 <= module.cpu_time_s(call, 1) < 10
        assert module.spent_s(other) == 0
