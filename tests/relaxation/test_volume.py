"""A cell that changes a lot while it relaxes."""

from types import SimpleNamespace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.models.registry import load_model
from nearsight.relaxation import relax
from nearsight.relaxation.volume import volume_warnings


def model(name: str = "some-model", level: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(
        identity=SimpleNamespace(name=name),
        facts=SimpleNamespace(level_of_theory=level),
    )


def scaled(atoms: Atoms, volume_change: float) -> Atoms:
    larger: Atoms = atoms.copy()
    larger.set_cell(atoms.cell * np.cbrt(1 + volume_change), scale_atoms=True)
    return larger


@pytest.mark.parametrize("change", [0.0, 0.099, -0.099])
def test_few_per_cent_are_usual(change: float) -> None:
    assert volume_warnings(bulk("Cu"), scaled(bulk("Cu"), change), model()) == ()


@pytest.mark.parametrize("level", [None, "PBE (+U as in the Materials Project)"])
def test_growth_of_a_model_without_dispersion_names_d3(level: str | None) -> None:
    (said,) = volume_warnings(bulk("Cu"), scaled(bulk("Cu"), 0.41), model("sevennet-0", level))
    assert "grew by 41.0 % in volume, more than 10 %" in said
    assert ("sevennet-0+d3:pbe" if level is None else "sevennet-0+d3,") in said


@pytest.mark.parametrize("level", ["PBE + D3(BJ) for pbe", "ωB97M-D3(BJ)/def2-TZVPPD", "GFN1-xTB"])
def test_growth_of_a_model_with_dispersion_does_not(level: str) -> None:
    (said,) = volume_warnings(bulk("Cu"), scaled(bulk("Cu"), 0.2), model("with-d3", level))
    assert "grew by 20.0 %" in said
    assert "+d3" not in said


def test_a_cell_that_shrinks_is_told_without_d3() -> None:
    (said,) = volume_warnings(bulk("Cu"), scaled(bulk("Cu"), -0.3), model())
    assert "shrank by 30.0 %" in said
    assert "+d3" not in said


def test_what_is_no_crystal_has_no_volume() -> None:
    assert volume_warnings(molecule("H2O"), molecule("H2O"), model()) == ()


def test_relaxation_of_a_compressed_crystal_says_it() -> None:
    emt = load_model("ase:emt")
    found = relax(scaled(bulk("Cu", a=3.6), -0.2), emt)
    assert found.volume_change is not None
    assert found.volume_change > 0.2
    assert any("ase:emt+d3" in said for said in found.warnings)
    assert relax(bulk("Cu", a=3.6), emt).warnings == ()
