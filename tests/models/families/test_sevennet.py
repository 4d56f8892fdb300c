"""SevenNet behind the contract, against the calculator of its own package."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import e3nn
import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import fcc111, molecule

from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.registry import load_model

pytest.importorskip("sevenn", reason="the tests of SevenNet need sevenn")

NUMBERS = {"H": 1, "C": 6, "O": 8, "Mg": 12, "Si": 14}


@pytest.fixture(scope="module")
def reference() -> Any:
    """The calculator that comes with SevenNet: single precision, its own neighbour list."""
    from sevenn.calculator import SevenNetCalculator

    return SevenNetCalculator("7net-0", device="cpu")


def triclinic() -> Atoms:
    random = np.random.default_rng(4)
    cell = 4.2 * np.eye(3) + random.uniform(-0.8, 0.8, size=(3, 3))
    scaled = [[0, 0, 0], [0.5, 0.5, 0.4], [0.5, 0, 0.5], [0, 0.5, 0]]
    return Atoms("MgOMgO", scaled_positions=scaled, cell=cell, pbc=True)


STRUCTURES: dict[str, Callable[[], Atoms]] = {
    "molecule": lambda: molecule("CH3CH2OH"),
    "triclinic crystal": triclinic,
    "slab": lambda: fcc111("Al", (1, 1, 3), vacuum=6.0),
}


@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_energy_forces_and_stress_are_those_of_sevenn(
    build: Callable[[], Atoms], reference: Any, sevennet_0: Model, sevennet_0_float32: Model
) -> None:
    atoms = build()
    atoms.rattle(0.05, seed=3)
    periodic = bool(atoms.pbc.all())
    expected = atoms.copy()
    expected.calc = reference
    energy, forces = expected.get_potential_energy(), expected.get_forces()
    assert np.abs(forces).max() > 0.1
    for model, limit in ((sevennet_0, 5e-5), (sevennet_0_float32, 5e-5)):
        [found] = model.evaluate([atoms], stress=periodic)
        assert found.energy_eV == pytest.approx(energy, abs=1e-5 * len(atoms))
        np.testing.assert_allclose(found.forces_eV_per_A, forces, rtol=0, atol=limit)
        assert found.atomic_energies_eV is not None
        np.testing.assert_allclose(
            found.atomic_energies_eV, expected.calc.results["energies"], rtol=0, atol=2e-5
        )
        if periodic:
            stress = expected.get_stress()
            np.testing.assert_allclose(found.stress_eV_per_A3, stress, rtol=0, atol=1e-6)


def test_single_precision_is_single_and_double_is_double(
    sevennet_0: Model, sevennet_0_float32: Model, mgo: Atoms
) -> None:
    mgo.rattle(0.05, seed=1)
    single = sevennet_0_float32.evaluate([mgo])[0].forces_eV_per_A
    double = sevennet_0.evaluate([mgo])[0].forces_eV_per_A
    np.testing.assert_array_equal(single, single.astype(np.float32))
    assert np.abs(double - double.astype(np.float32)).max() > 0
    np.testing.assert_allclose(single, double, rtol=0, atol=1e-4)


def test_named_models_say_what_they_are(sevennet_0: Model, sevennet_l3i5: Model) -> None:
    for model in (sevennet_0, sevennet_l3i5):
        stated = model.capabilities
        assert (stated.cutoff_A, stated.receptive_field_A) == (5.0, 25.0)
        assert stated.elements is not None
        assert {1, 6, 8, 30, 92} <= stated.elements
        assert 84 not in stated.elements  # polonium
        assert all((stated.conservative, stated.equivariant, stated.differentiable))
        assert (model.facts.licence, model.facts.training_data) == ("MIT", "MPtrj")
    assert sevennet_0.identity != sevennet_l3i5.identity


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_checkpoint_file_becomes_a_model(tiny_sevennet_path: Path, dtype: str) -> None:
    name = f"sevennet:{tiny_sevennet_path}"
    model = load_model(name, dtype=dtype, device="cpu", trust=True)
    assert (model.identity.name, model.identity.dtype) == (name, dtype)
    assert model.capabilities.elements == frozenset(NUMBERS.values())
    assert (model.capabilities.cutoff_A, model.capabilities.receptive_field_A) == (3.0, 6.0)
    assert model.capabilities.curvature_smooth is None
    assert model.facts.licence is None
    atoms = molecule("CH3OH")
    atoms.rattle(0.1, seed=1)
    [evaluation] = model.evaluate([atoms])
    from sevenn.calculator import SevenNetCalculator

    atoms.calc = SevenNetCalculator(str(tiny_sevennet_path), device="cpu")
    assert evaluation.energy_eV == pytest.approx(atoms.get_potential_energy(), abs=1e-4)
    np.testing.assert_allclose(evaluation.forces_eV_per_A, atoms.get_forces(), atol=2e-5)
    assert np.abs(evaluation.forces_eV_per_A).max() > 1e-3


def test_unknown_checkpoint_needs_trust(tiny_sevennet_path: Path) -> None:
    with pytest.raises(ModelError, match=r"tiny\.pth \(sha256 .* load it with `trust`"):
        load_model(f"sevennet:{tiny_sevennet_path}", device="cpu")


def test_known_checkpoint_needs_no_trust_by_its_path(sevennet_0: Model) -> None:
    import sevenn._const

    path = sevenn._const.SEVENNET_0_11Jul2024
    model = load_model(f"sevennet:{path}", device="cpu")
    assert model.identity.checkpoint_sha256 == sevennet_0.identity.checkpoint_sha256


def test_files_that_are_no_checkpoint_are_refused(tmp_path: Path, tiny_sevennet_path: Path) -> None:
    whole = tiny_sevennet_path.read_bytes()
    path = tmp_path / "model.pth"
    for content in (b"", b"# a text\n", b"\x80\x02garbage", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(
            ModelError, match=r"model\.pth is not a usable SevenNet checkpoint: .* again"
        ):
            load_model(f"sevennet:{path}", device="cpu", trust=True)
    for value in ([1, 2], "text", {"weights": 1}, {"config": {"version": "0.13.0"}}):
        torch.save(value, path)
        with pytest.raises(
            ModelError, match=r"model\.pth is not a usable SevenNet checkpoint: .* again"
        ):
            load_model(f"sevennet:{path}", device="cpu", trust=True)
    for missing in (tmp_path / "nowhere.pth", tmp_path):
        with pytest.raises(ModelError, match="there is no SevenNet checkpoint at"):
            load_model(f"sevennet:{missing}", device="cpu", trust=True)


def test_weights_of_another_shape_are_refused(tmp_path: Path, tiny_sevennet_path: Path) -> None:
    content = torch.load(tiny_sevennet_path, weights_only=False)
    content["config"]["channel"] = 8
    path = tmp_path / "model.pth"
    torch.save(content, path)
    with pytest.raises(ModelError, match="size mismatch"):
        load_model(f"sevennet:{path}", device="cpu", trust=True)


def test_settings_of_e3nn_stay_as_they_were(tiny_sevennet_path: Path) -> None:
    before = e3nn.get_optimization_defaults()
    load_model(f"sevennet:{tiny_sevennet_path}", device="cpu", trust=True)
    assert e3nn.get_optimization_defaults() == before


def test_nothing_is_printed_on_standard_output(
    tiny_sevennet_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_model(f"sevennet:{tiny_sevennet_path}", device="cpu", trust=True)
    assert capsys.readouterr().out == ""


def test_atoms_beyond_the_receptive_field_are_not_felt(tiny_sevennet: Model) -> None:
    # With 1.4 Å from one to the next, a message goes two atoms far, twice.
    chain = Atoms("C10", positions=[(1.4 * index, 0.1 * (index % 3), 0) for index in range(10)])
    field = tiny_sevennet.capabilities.receptive_field_A
    before = tiny_sevennet.evaluate([chain])[0]
    moved = chain.copy()
    moved.positions[0] += (0.1, 0.2, 0.3)
    after = tiny_sevennet.evaluate([moved])[0]
    change = np.abs(after.atomic_energies_eV - before.atomic_energies_eV)
    distance = np.linalg.norm(chain.positions - chain.positions[0], axis=1)
    assert change[distance > field + 0.4].max() == 0.0
    inside = change[distance < field - 0.4]
    assert inside.min() > 1e-9
    assert (distance > field + 0.4).sum() >= 4
    # Second derivatives end at twice that distance, and not before one of it.
    row = next(iter(tiny_sevennet.rows(chain, [(0, np.array([0.0, 0.6, 0.8]))])))
    size = np.abs(row).max(axis=1)
    assert size[distance > 2 * field + 0.1].max() == 0.0
    assert size[(distance > field + 0.1) & (distance < 2 * field - 2)].max() > 0.0


def test_a_copy_of_a_named_model_is_recognised(tmp_path: Path, sevennet_0: Model) -> None:
    from sevenn import _const

    copied = shutil.copy(_const.SEVENNET_0_11Jul2024, tmp_path / "copy.pth")
    model = load_model(f"sevennet:{copied}", device="cpu")
    assert model.capabilities == sevennet_0.capabilities


def test_structure_and_mirror_image_are_told_apart(
    sevennet_0: Model, displaced_quartz: Atoms
) -> None:
    mirrored = displaced_quartz.copy()
    mirrored.set_cell(displaced_quartz.cell.array * [1, 1, -1])
    mirrored.positions = displaced_quartz.positions * [1, 1, -1]
    one, other = (found.energy_eV for found in sevennet_0.evaluate([displaced_quartz, mirrored]))
    assert sevennet_0.capabilities.mirror_equivariant is False
    assert abs(one - other) > 1e-6
