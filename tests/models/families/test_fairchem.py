"""UMA and eSEN behind the contract, against the calculator of fairchem."""

import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.derivatives.differences import SCHEMES
from nearsight.errors import ModelError
from nearsight.hessian.rows.kinds import Differences
from nearsight.models.contract import Model
from nearsight.models.registry import load_model
from nearsight.testing import check_model

pytest.importorskip("fairchem.core", reason="fairchem is not installed")

UMA = "fairchem.core.models.uma"
HEAD = f"{UMA}.escn_md"
CORE = "fairchem.core"
DIRECTIONS = [(0, np.array([0.6, 0.0, 0.8])), (1, np.array([0.0, 1.0, 0.0]))]
BACKBONE = {
    "sphere_channels": 8,
    "lmax": 2,
    "mmax": 2,
    "max_neighbors": 300,
    "cutoff": 4.0,
    "edge_channels": 8,
    "num_distance_basis": 12,
    "num_layers": 2,
    "hidden_channels": 8,
    "chg_spin_emb_type": "rand_emb",
    "ff_type": "spectral",
    "regress_forces": True,
    "regress_stress": True,
    "direct_forces": False,
    "otf_graph": True,
    # what a training has on, and what must be off here
    "activation_checkpointing": True,
    "use_quaternion_wigner": False,
}
EXPERTS = {"num_experts": 3, "use_composition_embedding": True, "model_version": 1.1}
DIRECT = {"direct_forces": True, "regress_stress": False, "direct_stress": True}


def written(path: Path, kind: str, tasks: tuple[str, ...] = ("omol",), **changes: Any) -> Path:
    """Write a tiny random checkpoint as fairchem does: ``uma``, ``esen`` or ``direct``."""
    import hydra
    from fairchem.core.units.mlip_unit.api.inference import MLIPInferenceCheckpoint

    torch.manual_seed(3)
    names = {task: task for task in tasks}
    backbone = {**BACKBONE, "dataset_mapping": names, "model": f"{UMA}.escn_md.eSCNMDBackbone"}
    heads: dict[str, Any] = {"efs": {"module": f"{HEAD}.MLP_EFS_Head"}}
    if kind == "uma":
        backbone |= {**EXPERTS, "model": f"{UMA}.escn_moe.eSCNMDMoeBackbone"}
        inner = {"head_cls": f"{HEAD}.MLP_EFS_Head", "head_kwargs": {"wrap_property": False}}
        wrapper = f"{UMA}.escn_moe.DatasetSpecificMoEWrapper"
        heads = {"efs": {"module": wrapper, "dataset_mapping": names, **inner}}
    if kind == "direct":
        backbone |= DIRECT
        heads = {
            "energy": {"module": f"{HEAD}.MLP_Energy_Head"},
            "forces": {"module": f"{HEAD}.Linear_Force_Head"},
            "stress": {"module": f"{HEAD}.MLP_Stress_Head"},
        }
    heads = changes.pop("heads", heads)
    settings = {
        "_target_": f"{CORE}.models.base.HydraModel",
        "backbone": backbone | changes,
        "heads": heads,
        "pass_through_head_outputs": kind != "direct",
    }
    model = hydra.utils.instantiate(settings)
    checkpoint = MLIPInferenceCheckpoint(
        model_config=settings,
        model_state_dict=model.state_dict(),
        ema_state_dict=torch.optim.swa_utils.AveragedModel(model).state_dict(),
        tasks_config=[
            predicted(task, what, prefix=kind == "uma")
            for task in (tasks if kind == "uma" else tasks[:1])
            for what in ("energy", "forces", "stress")
        ],
    )
    torch.save(checkpoint, path)
    return path


def predicted(task: str, what: str, *, prefix: bool) -> dict[str, Any]:
    """A task as fairchem's checkpoints hold it."""
    free = torch.linspace(0, -900, 100)
    references = {
        "_target_": f"{CORE}.modules.normalization.element_references.ElementReferences",
        "element_references": {"_target_": "torch.DoubleTensor", "_args_": [free.tolist()]},
    }
    unit = f"{CORE}.units.mlip_unit.mlip_unit"
    shape = {"energy": [1], "forces": [3], "stress": [1, 9]}[what]
    return {
        "_target_": f"{unit}.Task",
        "name": f"{task}_{what}" if prefix else what,
        "level": "atom" if what == "forces" else "system",
        "property": what,
        "out_spec": {"_target_": f"{unit}.OutputSpec", "dim": shape, "dtype": "float32"},
        "normalizer": {
            "_target_": f"{CORE}.modules.normalization.normalizer.Normalizer",
            "mean": 0.0,
            "rmsd": 15.0,
        },
        "datasets": [task],
        **({"element_references": references} if what == "energy" else {}),
    }


def loaded(
    path: Path, options: str = "task=omol&charge=-1&spin=2", dtype: str = "float64"
) -> Model:
    return load_model(f"fairchem:{path}?{options}", dtype=dtype, device="cpu", trust=True)


def calculator(path: Path, task: str, dtype: str) -> Any:
    from fairchem.core import FAIRChemCalculator
    from fairchem.core.units.mlip_unit import InferenceSettings, load_predict_unit

    settings = InferenceSettings(
        base_precision_dtype=getattr(torch, dtype), activation_checkpointing=False
    )
    return FAIRChemCalculator(load_predict_unit(path, settings, device="cpu"), task_name=task)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("fairchem")
    return {
        "uma": written(folder / "uma.pt", "uma", ("omol", "omat")),
        "esen": written(folder / "esen.pt", "esen"),
        "direct": written(folder / "direct.pt", "direct"),
        "few": written(folder / "few.pt", "esen", max_neighbors=8, mmax=1, lmax=3),
    }


def triclinic() -> Atoms:
    generator = np.random.default_rng(4)
    cell = 4.2 * np.eye(3) + generator.uniform(-0.8, 0.8, size=(3, 3))
    scaled = [[0, 0, 0], [0.5, 0.5, 0.4], [0.5, 0, 0.5], [0, 0.5, 0]]
    return Atoms("MgOMgO", scaled_positions=scaled, cell=cell, pbc=True)


def molecule_in_a_box() -> Atoms:
    atoms = molecule("CH3CH2OH")
    return Atoms(atoms.symbols, positions=atoms.positions + 8, cell=[18.0] * 3, pbc=True)


STRUCTURES: dict[str, Callable[[], Atoms]] = {
    "triclinic crystal": triclinic,
    "one atom with its images": lambda: bulk("Cu"),
    "molecule in a box": molecule_in_a_box,
    "no neighbours": lambda: Atoms("H2", [[0, 0, 0], [0, 0, 8]], cell=[16.0] * 3, pbc=True),
}


@pytest.mark.parametrize("kind", ["uma", "esen", "direct", "few"])
@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_energy_forces_and_stress_are_those_of_fairchem(
    paths: dict[str, Path], kind: str, dtype: str, build: Callable[[], Atoms]
) -> None:
    atoms = build()
    atoms.rattle(0.05, seed=3)
    reference = atoms.copy()
    reference.info.update(charge=-1, spin=2)
    reference.calc = calculator(paths[kind], "omol", dtype)
    [found] = loaded(paths[kind], dtype=dtype).evaluate([atoms], stress=True)
    limit = {"float64": 1e-10, "float32": 2e-5}[dtype]
    forces, stress = reference.get_forces(), reference.get_stress()
    energy = reference.get_potential_energy()
    assert found.energy_eV == pytest.approx(energy, abs=limit * len(atoms), rel=0)
    np.testing.assert_allclose(found.forces_eV_per_A, forces, rtol=0, atol=limit)
    # fairchem puts a stress that is predicted together in single precision.
    limit = max(limit, 1e-6) if kind == "direct" else limit
    np.testing.assert_allclose(found.stress_eV_per_A3, stress, rtol=0, atol=limit)


def test_task_charge_and_spin_are_options_that_change_the_energy(paths: dict[str, Path]) -> None:
    atoms = molecule("CH3CH2OH")
    energies = {}
    for options in ("task=omat", "task=omol&charge=0&spin=1", "task=omol&charge=-1&spin=2"):
        model = loaded(paths["uma"], options)
        energies[options] = model.evaluate([atoms])[0].energy_eV
        reference = atoms.copy()
        given = model.identity.options
        reference.info.update(charge=given["charge"], spin=given["spin"])
        reference.calc = calculator(paths["uma"], str(given["task"]), "float64")
        assert energies[options] == pytest.approx(reference.get_potential_energy(), abs=1e-9)
    assert len({round(energy, 4) for energy in energies.values()}) == 3
    assert loaded(paths["uma"], "task=omat").identity.options == {
        "task": "omat",
        "charge": 0,
        "spin": 0,
    }


@pytest.mark.parametrize("kind", ["uma", "esen"])
@pytest.mark.parametrize(("dtype", "limit"), [("float64", 1e-6), ("float32", 2e-2)])
def test_rows_are_differences_of_forces_and_symmetric(
    paths: dict[str, Path], kind: str, dtype: str, limit: float
) -> None:
    atoms = triclinic()
    model = loaded(paths[kind], dtype=dtype)
    scheme = SCHEMES["fourth-order"]
    step = scheme.float64_step_A if dtype == "float64" else scheme.float32_step_A
    rows = np.stack(list(model.rows(atoms, DIRECTIONS)))
    differences = np.stack(list(Differences(scheme, step).rows(atoms, model, DIRECTIONS)))
    assert np.abs(rows).max() > 0.1
    np.testing.assert_allclose(rows, differences, rtol=0, atol=limit)
    together = np.stack(list(model.rows(atoms, DIRECTIONS, batch_size=2)))
    np.testing.assert_allclose(together, rows, rtol=0, atol=limit / 100)
    first, second = (direction for _, direction in DIRECTIONS)
    assert rows[0][1] @ second == pytest.approx(rows[1][0] @ first, abs=limit / 100)


def test_rows_along_the_axes_are_finite(paths: dict[str, Path]) -> None:
    # Pairs along an axis are where frames of pairs are usually singular.
    model = loaded(paths["esen"])
    atoms = bulk("MgO", "rocksalt", a=4.25, cubic=True)
    [row] = model.rows(atoms, [(0, np.array([1.0, 0.0, 0.0]))])
    [expected] = Differences(SCHEMES["fourth-order"], 1e-3).rows(
        atoms, model, [(0, np.array([1.0, 0.0, 0.0]))]
    )
    np.testing.assert_allclose(row, expected, rtol=0, atol=1e-6)


def test_rows_of_direct_forces_are_those_of_their_jacobian(paths: dict[str, Path]) -> None:
    model = loaded(paths["direct"])
    assert model.capabilities.conservative is False
    atoms = molecule("H2O")
    n = len(atoms)
    rows = model.rows(atoms, [(i, axis) for i in range(n) for axis in np.eye(3)])
    jacobian = np.stack(list(rows)).reshape(n, 3, n, 3)
    moved = np.zeros_like(jacobian)
    for atom, axis in np.ndindex(n, 3):
        ends = [atoms.copy(), atoms.copy()]
        for end, sign in zip(ends, (1, -1), strict=True):
            end.positions[atom, axis] += sign * 1e-4
        plus, minus = (found.forces_eV_per_A for found in model.evaluate(ends))
        moved[:, :, atom, axis] = -(plus - minus) / 2e-4
    assert np.abs(jacobian - jacobian.transpose(2, 3, 0, 1)).max() > 1e-3
    np.testing.assert_allclose(jacobian, moved, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["uma", "esen", "direct"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_conformance(paths: dict[str, Path], kind: str, dtype: str) -> None:
    report = check_model(loaded(paths[kind], dtype=dtype), progress=False)
    failed = {(check.name, check.structure) for check in report.checks if not check.passed}
    # Anharmonic rather than not smooth: see below.
    assert failed <= ({("curvature smooth", "MgO")} if kind == "uma" else set()), str(report)


def test_curvature_over_small_distances_is_the_analytic_one(paths: dict[str, Path]) -> None:
    model = loaded(paths["uma"])
    atoms = bulk("MgO", "rocksalt", a=4.21)
    seeds = [(0, np.array([1.0, 0.0, 0.0]))]
    [analytic] = model.rows(atoms, seeds)
    near, far = (
        next(iter(Differences(SCHEMES["central-difference"], step).rows(atoms, model, seeds)))
        - analytic
        for step in (0.005, 0.01)
    )
    assert far[0, 0] == pytest.approx(4 * near[0, 0], rel=0.02)  # of second order in the step


def test_the_same_structure_has_the_same_numbers(paths: dict[str, Path]) -> None:
    # fairchem turns each pair by an angle drawn at random.
    model = loaded(paths["esen"], dtype="float32")
    first, second = (model.evaluate([triclinic()])[0] for _ in range(2))
    np.testing.assert_array_equal(first.forces_eV_per_A, second.forces_eV_per_A)


def test_what_a_network_depends_on_is_stated(paths: dict[str, Path], tmp_path: Path) -> None:
    uma, esen = (loaded(paths[kind]).capabilities for kind in ("uma", "esen"))
    assert esen.receptive_field_A == 12.0  # two layers, and the neighbours that it starts from
    assert uma.receptive_field_A is None  # experts are chosen by what the structure is made of
    assert (esen.size_consistent, uma.size_consistent) == (True, False)
    assert (esen.equivariant, esen.mirror_equivariant) == (True, False)
    grid = loaded(written(tmp_path / "grid.pt", "esen", ff_type="grid"))
    assert grid.capabilities.equivariant is False
    atoms = molecule("CH3CH2OH")
    atoms.rattle(0.1, seed=1)
    turned = atoms.copy()
    turned.rotate(40, (1, 2, 3))
    a, b = (found.energy_eV for found in grid.evaluate([atoms, turned]))
    assert 1e-9 < abs(a - b) < 1e-3
    far = Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.8]])
    both = far + Atoms("O2", positions=[[0, 0, 40], [0, 0, 41.2]])
    for kind, consistent in (("esen", True), ("uma", False)):
        first, second, together = (
            found.energy_eV for found in loaded(paths[kind]).evaluate([far, both[2:], both])
        )
        assert (abs(together - first - second) < 1e-8) is consistent


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("uma", "charge=0&spin=1", "needs the option task; it is one of omat, omol"),
        ("uma", "task=odac", "has no task 'odac'"),
        ("esen", "charge=0", "needs the option spin"),
        ("esen", "charge=0&spin=0", "spin=0 .* is not possible"),
        ("esen", "charge=101&spin=1", "charge=101 .* is not between"),
        ("esen", "charge=half&spin=1", "no whole number"),
        ("esen", "head=omol", "no option head"),
    ],
)
def test_options_in_doubt_are_asked_for(
    paths: dict[str, Path], kind: str, options: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        loaded(paths[kind], options)


def test_an_atom_by_itself_is_refused(paths: dict[str, Path]) -> None:
    with pytest.raises(ModelError, match="not trained on an atom by itself"):
        loaded(paths["esen"]).evaluate([Atoms("He")])


def test_files_that_are_no_model_are_refused(paths: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no fairchem checkpoint"):
        loaded(tmp_path / "missing.pt")
    with pytest.raises(ModelError, match="pickled checkpoint"):
        load_model(f"fairchem:{paths['esen']}?charge=0&spin=1", device="cpu")
    damaged = tmp_path / "damaged.pt"
    damaged.write_bytes(b"no pickle")
    with pytest.raises(ModelError, match="not a usable fairchem checkpoint"):
        loaded(damaged)
    mean = {"efs": {"module": f"{HEAD}.MLP_EFS_Head", "reduce": "mean"}}
    with pytest.raises(ModelError, match="sum over atoms"):
        loaded(written(tmp_path / "mean.pt", "esen", heads=mean))


def test_other_networks_are_refused(paths: dict[str, Path], tmp_path: Path) -> None:
    checkpoint = torch.load(paths["esen"], weights_only=False)
    checkpoint.model_config["backbone"]["model"] = f"{CORE}.models.escaip.EScAIP.EScAIPBackbone"
    torch.save(checkpoint, tmp_path / "escaip.pt")
    with pytest.raises(ModelError, match="holds the network EScAIPBackbone"):
        loaded(tmp_path / "escaip.pt")


def test_loading_leaves_the_process_as_it_was(paths: dict[str, Path]) -> None:
    before = torch.get_default_dtype(), torch.get_float32_matmul_precision()
    random.seed(1)
    drawn = random.getstate()
    loaded(paths["esen"])
    assert before == (torch.get_default_dtype(), torch.get_float32_matmul_precision())
    assert random.getstate() == drawn


def test_downloads_say_where_access_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from fairchem.core.calculate import pretrained_mlip
    from huggingface_hub import errors

    def refused(name: str) -> str:
        raise errors.GatedRepoError(
            "401 Client Error", response=SimpleNamespace(headers={}, request=None)
        )

    def unreachable(name: str) -> str:
        raise errors.LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(pretrained_mlip, "pretrained_checkpoint_path_from_name", refused)
    with pytest.raises(ModelError, match=r"access at .*/facebook/UMA .*HF_TOKEN"):
        load_model("uma-s-1p1?task=omat", device="cpu", trust=True)
    monkeypatch.setattr(pretrained_mlip, "pretrained_checkpoint_path_from_name", unreachable)
    with pytest.raises(ModelError, match=r"esen_sm_conserving_all.pt from .*facebook/OMol25"):
        load_model("esen-sm-conserving-all-omol?charge=0&spin=1", device="cpu", trust=True)


def test_named_models_are_those_of_the_package() -> None:
    from nearsight.models.families import MODELS
    from nearsight.models.families.fairchem.load import NAMES

    registered = {name for name, model in MODELS.items() if model.family == "fairchem"}
    assert registered == set(NAMES)
