import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT

from json_warnings import messages
from nearsight.cli.main import main
from nearsight.errors import MissingPropertyError
from nearsight.hessian import GeneralisedHessian
from nearsight.models import AseModel, Evaluation

Run = Callable[..., int]


@pytest.fixture
def copper(folder: Path) -> Path:
    """A primitive cell of copper, a little too large."""
    path = folder / "primitive.xyz"
    ase.io.write(path, bulk("Cu", "fcc", a=3.65))
    return path


def test_table_json_figure_and_file(
    nearsight: Run, copper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--json", "c.json", "--plot", "c.png", "--output", "c.npz"]
    assert nearsight("elastic", copper.name, *given) == 0
    output = capsys.readouterr().out
    assert max(len(line) for line in output.splitlines()) <= 80
    assert "fmax 0.0000" not in output
    for expected in ("elastic constants in GPa, relaxed ions", "clamped ions", "Reuss", "stable"):
        assert expected in output
    record = json.loads(Path("c.json").read_text())
    found = record["elasticity"]
    c = np.array(found["relaxed_ion_GPa"])
    assert messages(record) == []
    assert found["name"] == "elastic constants"
    assert np.abs(found["stress_GPa"]).max() < 0.01
    assert record["settings"]["fmax_eV_per_A"] == 1e-4
    assert found["moduli"]["bulk_GPa"]["hill"] == pytest.approx(c[:3, :3].mean())
    assert c[0, 0] == pytest.approx(c[2, 2], abs=0.01)
    assert c[3, 3] == pytest.approx(c[5, 5], abs=0.01)
    assert record["strain_derivatives"]["step"] == pytest.approx(0.005)
    assert record["versions"]["ase"]
    assert Path("c.png").read_bytes().startswith(b"\x89PNG")
    saved = GeneralisedHessian.load("c.npz")
    assert saved.hessian.matrix_eV_per_A2.shape == (1, 3, 1, 3)


def test_constants_in_the_axes_of_the_conventional_cell(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turned = bulk("Cu", "fcc", a=3.6)
    turned.rotate(30, "x", rotate_cell=True)
    ase.io.write(folder / "turned.xyz", turned)
    tensors = {}
    for options in ((), ("--conventional-axes",)):
        assert nearsight("elastic", "turned.xyz", "--json", "c.json", *options) == 0
        found = json.loads(Path("c.json").read_text())["elasticity"]
        tensors[options] = np.array(found["relaxed_ion_GPa"])
        assert found["conventional_axes"] is bool(options)
    given, conventional = tensors.values()
    assert "conventional cell" in capsys.readouterr().out
    assert np.abs(given[:3, 3:]).max() > 1
    assert np.abs(conventional[:3, 3:]).max() < 0.01
    assert conventional[0, 0] == pytest.approx(conventional[1, 1], rel=1e-3)


def test_bulk_modulus_is_that_of_another_program(nearsight: Run, copper: Path) -> None:
    # ASE's fit of an equation of state is the peer.
    from ase.eos import EquationOfState

    assert nearsight("elastic", str(copper), "--json", "c.json") == 0
    found = json.loads(Path("c.json").read_text())["elasticity"]["moduli"]["bulk_GPa"]["reuss"]
    volumes, energies = [], []
    for a in np.linspace(3.55, 3.63, 9):
        atoms = bulk("Cu", "fcc", a=a)
        atoms.calc = EMT()
        volumes.append(atoms.get_volume())
        energies.append(atoms.get_potential_energy())
    _, _, modulus = EquationOfState(volumes, energies).fit()
    assert found == pytest.approx(modulus * 160.21766, rel=0.01)


def test_what_was_saved_gives_the_same(
    nearsight: Run, copper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nearsight("elastic", str(copper), "--json", "a.json", "--output", "c.npz") == 0

    def no_model(*arguments: object, **settings: object) -> None:
        raise AssertionError("what was saved needs no model")

    monkeypatch.setattr("nearsight.models.registry.load_model", no_model)
    assert main(["elastic", "c.npz", "--json", "b.json"]) == 0
    first, second = (json.loads(Path(name).read_text()) for name in ("a.json", "b.json"))
    assert second["elasticity"] == first["elasticity"]


def test_unrelaxed_crystal_is_named_for_what_it_gives(
    nearsight: Run, copper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("elastic", str(copper), "--no-relax", "--json", "c.json") == 0
    output = capsys.readouterr().out
    assert "stress-corrected (Birch) coefficients in GPa" in output
    assert "elastic constants in GPa" not in output
    record = json.loads(Path("c.json").read_text())
    assert record["elasticity"]["name"] == "stress-corrected (Birch) coefficients"
    assert any("not elastic constants" in warning for warning in messages(record))
    assert any("not relaxed" in warning for warning in messages(record))


def test_mechanically_unstable_crystal_has_no_moduli(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Simple cubic aluminium is held by symmetry only.
    ase.io.write(folder / "simple.xyz", bulk("Al", "sc", a=2.7))
    given = ["--json", "s.json", "--plot", "s.png"]
    assert nearsight("elastic", "simple.xyz", *given) == 0
    output = capsys.readouterr().out
    assert "UNSTABLE" in output
    assert "mechanically unstable" in output
    assert "Voigt" not in output
    assert "s.png does not show it" in output
    found = json.loads(Path("s.json").read_text())["elasticity"]
    assert found["stable"] is False
    assert found["moduli"] is None
    assert not Path("s.png").exists()


@pytest.mark.parametrize("name", ["boxed.xyz", "slab.cif"])
@pytest.mark.parametrize("options", [(), ("--fixed-cell",)])
def test_what_lies_in_a_box_has_no_moduli(
    nearsight: Run,
    phonon_folder: Path,
    name: str,
    options: Sequence[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    boxed = molecule("N2", cell=[8, 8, 8], pbc=True)
    ase.io.write(phonon_folder / "boxed.xyz", boxed)
    given = [name, "--json", "r.json", "--plot", "r.png", *options]
    assert nearsight("elastic", *given) == 0
    output = capsys.readouterr().out
    assert "NO STIFFNESS: eigenvalues" in output
    assert "is it a layer, chain or molecule in a box?" in " ".join(output.split())
    assert "unstable" not in output.lower()
    assert "Voigt" not in output
    assert "r.png does not show it" in output
    found = json.loads((phonon_folder / "r.json").read_text())["elasticity"]
    assert found["stability"] == "no stiffness"
    assert found["stable"] is found["moduli"] is found["youngs_modulus"] is None
    assert not Path("r.png").exists()


@pytest.mark.parametrize("name", ["nitrogen.xyz", "layer.xyz"])
def test_only_crystals_have_elastic_constants(
    nearsight: Run, phonon_folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("elastic", name, "copper.cif", "--json", "r.json") == 1
    refused, copper = json.loads((phonon_folder / "r.json").read_text())
    assert refused["error"]["type"] == "StructureError"
    assert "not periodic in three directions" in capsys.readouterr().err
    assert copper["elasticity"]["stable"]


def test_missing_stress_costs_no_relaxation(
    nearsight: Run,
    copper: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    evaluate = AseModel.evaluate
    calls = []

    def without_stress(
        self: AseModel, structures: Sequence[Atoms], *, stress: bool = False, **asked: Any
    ) -> list[Evaluation]:
        calls.append(stress)
        if stress:
            raise MissingPropertyError("ase:emt has no stress.")
        return evaluate(self, structures, stress=stress, **asked)

    monkeypatch.setattr(AseModel, "evaluate", without_stress)
    assert nearsight("elastic", str(copper)) == 1
    assert "Elastic constants need the stress" in capsys.readouterr().err
    assert calls == [True]


def test_atoms_that_are_at_no_minimum_are_a_record(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Two cells of simple cubic copper: one layer of atoms slides off the other.
    ase.io.write(folder / "saddle.xyz", bulk("Cu", "sc", a=2.4).repeat((2, 1, 1)))
    assert nearsight("elastic", "saddle.xyz", "--json", "s.json") == 1
    errors = capsys.readouterr().err
    assert "imaginary" in errors
    assert "Traceback" not in errors
    assert json.loads(Path("s.json").read_text())["error"]["type"] == "StructureError"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["copper.cif", "aluminium.cif", "--output", "c.npz"], "--output"),
        (["copper.cif", "--output", "nowhere/c.npz"], "nowhere"),
        (["copper.cif", "--plot", "c.txt"], "choose a name that ends in"),
        (["damaged.npz"], "damaged.npz"),
        (["phonopy_params.yaml"], "have no strain"),
    ],
)
def test_mistakes_are_explained_without_a_traceback(
    nearsight: Run,
    folder: Path,
    command: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "damaged.npz").write_bytes(b"PK\x03\x04 not an archive")
    (folder / "phonopy_params.yaml").write_text("phonopy:\n  version: 2.0\n")
    assert nearsight("elastic", *command) == 1
    errors = capsys.readouterr().err
    assert message in errors
    assert "Traceback" not in errors


def test_hessian_without_strain_is_refused(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("hessian", "copper.cif") == 0
    assert nearsight("elastic", "copper.hessian.npz") == 1
    assert "not a 'generalised hessian'" in capsys.readouterr().err
