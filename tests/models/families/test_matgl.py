"""M3GNet, TensorNet and CHGNet of MatGL behind the contract, against the package's calculator."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.derivatives.differences import SCHEMES
from nearsight.hessian.rows.kinds import Differences
from nearsight.models.contract import Model
from nearsight.models.registry import load_model
from nearsight.testing import check_model

pytest.importorskip("matgl", reason="MatGL is not installed (nearsight models install matgl)")

KINDS = ("M3GNet", "TensorNet", "CHGNet")
DIRECTIONS = [(0, np.array([0.6, 0.0, 0.8])), (1, np.array([0.0, 1.0, 0.0]))]


@pytest.fixture(scope="module")
def potentials(tiny_matgl: Callable[..., Any]) -> dict[str, Any]:
    """A potential of each kind with random weights and cutoffs of 4 and 3 Å."""
    return {kind: tiny_matgl(kind) for kind in KINDS}


@pytest.fixture(scope="module")
def models(
    potentials: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Model]:
    """Each of them in both precisions."""
    folder = tmp_path_factory.mktemp("matgl")
    for kind, potential in potentials.items():
        potential.save(folder / kind)
    return {
        (kind, dtype): load_model(f"matgl:{folder / kind}", dtype=dtype, device="cpu")
        for kind in KINDS
        for dtype in ("float64", "float32")
    }


def triclinic() -> Atoms:
    random = np.random.default_rng(4)
    cell = 4.2 * np.eye(3) + random.uniform(-0.8, 0.8, size=(3, 3))
    scaled = [[0, 0, 0], [0.5, 0.5, 0.4], [0.5, 0, 0.5], [0, 0.5, 0]]
    return Atoms("MgOMgO", scaled_positions=scaled, cell=cell, pbc=True)


def boxed(symbols: str, positions: list[tuple[float, float, float]]) -> Atoms:
    return Atoms(symbols, positions=positions, cell=[18.0] * 3, pbc=True)


def molecule_in_a_box() -> Atoms:
    atoms = molecule("CH3CH2OH")
    return boxed(str(atoms.symbols), atoms.positions + 8)


STRUCTURES: dict[str, Callable[[], Atoms]] = {
    "triclinic crystal": triclinic,
    "one atom with its images": lambda: bulk("Si", "fcc", a=3.9),
    "supercell": lambda: bulk("MgO", "rocksalt", a=4.25).repeat((2, 1, 3)),
    "molecule": lambda: molecule("CH3CH2OH"),
    "molecule in a box": molecule_in_a_box,
    "no neighbours": lambda: boxed("MgO", [(0, 0, 0), (8, 8, 8)]),
    "one atom without neighbours": lambda: boxed("MgOC", [(0, 0, 0), (2, 0, 0), (9, 9, 9)]),
    "pairs without angles": lambda: boxed("MgOC", [(0, 0, 0), (2, 0, 0), (5.5, 0, 0)]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_energy_forces_and_stress_are_those_of_matgl(  # noqa: PLR0917
    kind: str,
    build: Callable[[], Atoms],
    dtype: str,
    potentials: dict[str, Any],
    models: dict[tuple[str, str], Model],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import matgl
    from matgl.ext.ase import PESCalculator

    limit = {"float64": 1e-10, "float32": 2e-5}[dtype]
    atoms = build()
    atoms.rattle(0.05, seed=3)
    periodic = bool(atoms.pbc.all())
    [found] = models[kind, dtype].evaluate([atoms], stress=periodic)
    expected = atoms.copy()
    # Its graphs have this precision, whatever that of the potential is.
    monkeypatch.setattr(matgl, "float_th", getattr(torch, dtype))
    potential = potentials[kind].to(getattr(torch, dtype)).eval()
    expected.calc = PESCalculator(potential, stress_unit="eV/A3", use_voigt=True)
    energy, forces = float(expected.get_potential_energy()), expected.get_forces()
    assert found.energy_eV == pytest.approx(energy, abs=limit * len(atoms))
    np.testing.assert_allclose(found.forces_eV_per_A, forces, rtol=0, atol=limit)
    assert found.atomic_energies_eV is not None
    assert found.atomic_energies_eV.sum() == pytest.approx(energy, abs=limit * len(atoms))
    if periodic:
        # matgl rounds its conversion from GPa.
        np.testing.assert_allclose(
            found.stress_eV_per_A3, expected.get_stress(), rtol=1e-6, atol=limit / 10
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_analytic_rows_are_the_derivatives_of_the_forces(
    kind: str, build: Callable[[], Atoms], models: dict[tuple[str, str], Model]
) -> None:
    model = models[kind, "float64"]
    atoms = build()
    atoms.rattle(0.05, seed=20)
    seeds = [(min(atom, len(atoms) - 1), way) for atom, way in DIRECTIONS]
    analytic = np.stack(list(model.rows(atoms, seeds)))
    scheme = Differences(SCHEMES["fourth-order"], 1e-3)
    differences = np.stack(list(scheme.rows(atoms, model, seeds)))
    np.testing.assert_allclose(analytic, differences, rtol=0, atol=1e-6)
    batched = np.stack(list(model.rows(atoms, seeds, batch_size=2)))
    np.testing.assert_allclose(batched, analytic, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_hessian_is_that_of_matgl(
    kind: str,
    potentials: dict[str, Any],
    models: dict[tuple[str, str], Model],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import matgl
    from matgl.ext.ase import PESCalculator

    atoms = triclinic()
    atoms.rattle(0.05, seed=20)
    seeds = [(atom, axis) for atom in range(4) for axis in np.eye(3)]
    rows = np.stack(list(models[kind, "float64"].rows(atoms, seeds)))
    assert np.abs(rows).max() > 0.1
    np.testing.assert_allclose(rows.sum(axis=1), 0, atol=1e-11)
    rows = rows.reshape(12, 12)
    np.testing.assert_allclose(rows, rows.T, rtol=0, atol=1e-11)
    monkeypatch.setattr(matgl, "float_th", torch.float64)
    potential = potentials[kind].double().eval()
    monkeypatch.setattr(potential, "calc_hessian", True)
    atoms.calc = PESCalculator(potential, stress_unit="eV/A3", use_voigt=True)
    atoms.get_potential_energy()
    np.testing.assert_allclose(atoms.calc.results["hessian"], rows, rtol=0, atol=1e-10)


def bending(model: Model, step_A: float | None = None) -> float:
    """Return the curvature against which the middle of O-Mg-O leaves the line of the others."""
    atoms = Atoms("OMgO", [(-1.6, 0, 0), (0, 0, 0), (1.6, 0, 0)])
    across = (1, np.array([0.0, 1.0, 0.0]))
    if step_A is None:
        [row] = model.rows(atoms, [across])
    else:
        [row] = Differences(SCHEMES["central-difference"], step_A).rows(atoms, model, [across])
    return float(row[1, 1])


def test_bending_of_a_straight_angle_is_what_a_vibration_feels(
    models: dict[tuple[str, str], Model],
    potentials: dict[str, Any],
    tiny_matgl: Callable[..., Any],
    tmp_path: Path,
) -> None:
    assert bending(models["M3GNet", "float64"]) == pytest.approx(
        bending(models["M3GNet", "float64"], 0.01), rel=1e-3
    )
    # CHGNet's own cusp: the rows are exact, and mean nothing 0.01 Å away.
    potential = tiny_matgl("CHGNet")
    potential.model.threebody_bond_weights.weight.data *= 20
    potential.model.angle_embedding.layers[0].weight.data *= 5
    potential.save(tmp_path)
    model = load_model(f"matgl:{tmp_path}", device="cpu")
    assert model.capabilities.curvature_smooth is False
    assert bending(model) == pytest.approx(bending(model, 1e-5), abs=1e-6)
    assert abs(bending(model) - bending(model, 0.01)) > 1


def test_m3gnet_without_smooth_functions_has_forces_that_jump(
    tiny_matgl: Callable[..., Any], tmp_path: Path
) -> None:
    for smooth in (True, False):
        tiny_matgl("M3GNet", use_smooth=smooth).save(tmp_path)
        model = load_model(f"matgl:{tmp_path}", device="cpu")
        pair = [Atoms("MgO", [(0, 0, 0), (0, 0, 4 + gap)]) for gap in (-1e-6, 1e-6)]
        inside, outside = (one.forces_eV_per_A for one in model.evaluate(pair))
        assert bool(np.abs(inside - outside).max() < 1e-5) is smooth


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", KINDS)
def test_contract_is_kept(
    kind: str, dtype: str, models: dict[tuple[str, str], Model], mgo: Atoms
) -> None:
    structures = {"MgO": mgo, "Si": bulk("Si"), "CO2": molecule("CO2")}
    report = check_model(models[kind, dtype], structures, progress=False)
    rough = {"force smooth at cutoff"} if kind == "CHGNet" else set()
    assert {check.name for check in report.failures} == rough, str(report)
    assert sum(check.applies for check in report.checks) >= 30


@pytest.mark.parametrize("kind", KINDS)
def test_atomic_energies_depend_on_nothing_beyond_the_receptive_field(
    kind: str, models: dict[tuple[str, str], Model]
) -> None:
    model = models[kind, "float64"]
    chain = Atoms("C10", positions=[(1.9 * i, 0.4 * (i % 2), 0) for i in range(10)])
    longer = chain + Atoms("H", positions=[(1.9 * 9 + 1.5, 0, 0)])
    before, after = (one.atomic_energies_eV for one in model.evaluate([chain, longer]))
    distances = np.linalg.norm(chain.positions - longer.positions[-1], axis=1)
    changed = np.abs(after[:10] - before) > 1e-13
    assert distances[changed].max() < model.capabilities.receptive_field_A
    assert distances[changed].max() > 5.0  # messages of messages


def test_rotations_without_mirrors_are_said_so(
    tiny_matgl: Callable[..., Any], tmp_path: Path, mgo: Atoms
) -> None:
    tiny_matgl("TensorNet", equivariance_invariance_group="SO(3)").save(tmp_path)
    model = load_model(f"matgl:{tmp_path}", device="cpu")
    assert model.capabilities.mirror_equivariant is False
    report = check_model(model, {"MgO": mgo}, progress=False)
    assert report.passed, str(report)


def test_supercell_and_batch_repeat_the_cell(models: dict[tuple[str, str], Model]) -> None:
    cell = triclinic()
    cell.rattle(0.05, seed=3)
    for kind in KINDS:
        model = models[kind, "float64"]
        [single] = model.evaluate([cell])
        large, _, again = model.evaluate([cell * (2, 1, 2), molecule("H2O"), cell])
        assert large.energy_eV == pytest.approx(4 * single.energy_eV, abs=1e-10)
        tiled = np.tile(single.forces_eV_per_A, (4, 1))
        np.testing.assert_allclose(large.forces_eV_per_A, tiled, rtol=0, atol=1e-10)
        assert again.energy_eV == pytest.approx(single.energy_eV, abs=1e-11)
