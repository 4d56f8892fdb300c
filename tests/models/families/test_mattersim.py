"""MatterSim behind the contract, against the calculator of its own package."""

import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
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

pytest.importorskip(
    "mattersim", reason="MatterSim is not installed (nearsight models install mattersim)"
)

DIRECTIONS = [(0, np.array([0.6, 0.0, 0.8])), (1, np.array([0.0, 1.0, 0.0]))]


def tiny_network(**settings: Any) -> Any:
    from nearsight.models.families.mattersim.load import M3Gnet

    small = {"num_blocks": 2, "units": 8, "max_l": 3, "max_n": 3, "max_z": 20}
    cutoffs = {"cutoff": 4.0, "threebody_cutoff": 3.0}
    with torch.random.fork_rng():
        torch.manual_seed(4)
        network = M3Gnet(device="cpu", **(small | cutoffs | settings))
    network.normalizer.scale[:] = 100.0  # bonds as stiff as real ones
    network.normalizer.shift[:] = -0.25 * torch.arange(network.max_z + 1)
    for block in network.graph_conv:  # and angles that can be followed
        for parameter in block.three_body.edge_gate_mlp.parameters():
            parameter.data *= 20
    return network


def saved(network: Any, path: Path) -> Path:
    from mattersim.forcefield.potential import Potential

    Potential(network, device="cpu").save(str(path))
    return path


@pytest.fixture(scope="module")
def network() -> Any:
    """A MatterSim of two blocks with random weights and cutoffs of 4 and 3 Å."""
    return tiny_network()


@pytest.fixture(scope="module")
def path(network: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(network, tmp_path_factory.mktemp("mattersim") / "tiny.pth")


@pytest.fixture(scope="module")
def models(path: Path) -> dict[str, Model]:
    """The random model in both precisions."""
    return {
        dtype: load_model(f"mattersim:{path}", dtype=dtype, device="cpu")
        for dtype in ("float64", "float32")
    }


@pytest.fixture(scope="module")
def model(models: dict[str, Model]) -> Model:
    return models["float64"]


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
    "one atom with its images": lambda: bulk("Al", a=4.05),
    "supercell": lambda: bulk("MgO", "rocksalt", a=4.25).repeat((2, 1, 3)),
    "molecule in a box": molecule_in_a_box,
    "no neighbours": lambda: boxed("NaCl", [(0, 0, 0), (8, 8, 8)]),
    "one atom without neighbours": lambda: boxed("MgONa", [(0, 0, 0), (2, 0, 0), (9, 9, 9)]),
    "pairs without angles": lambda: boxed("MgONa", [(0, 0, 0), (2, 0, 0), (5.5, 0, 0)]),
}


@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_energy_forces_and_stress_are_those_of_mattersim(
    build: Callable[[], Atoms], models: dict[str, Model], path: Path
) -> None:
    from mattersim.forcefield.potential import MatterSimCalculator, Potential

    atoms = build()
    atoms.rattle(0.05, seed=3)
    reference = atoms.copy()
    reference.calc = MatterSimCalculator(
        Potential.from_checkpoint(str(path), device="cpu"), device="cpu"
    )
    energy = float(reference.get_potential_energy())
    for model in models.values():
        [found] = model.evaluate([atoms], stress=True)
        assert found.energy_eV == pytest.approx(energy, abs=2e-6 * len(atoms))
        np.testing.assert_allclose(found.forces_eV_per_A, reference.get_forces(), rtol=0, atol=1e-5)
        np.testing.assert_allclose(
            found.stress_eV_per_A3, reference.get_stress(), rtol=0, atol=1e-6
        )
        assert found.atomic_energies_eV is not None
        assert found.atomic_energies_eV.sum() == pytest.approx(found.energy_eV, abs=1e-5)


@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_energy_and_forces_are_those_of_its_network_in_double_precision(
    build: Callable[[], Atoms], model: Model, network: Any
) -> None:
    atoms = build()
    atoms.rattle(0.05, seed=3)
    [found] = model.evaluate([atoms])
    positions, energy = energy_of_the_package(network, atoms)
    [slope] = torch.autograd.grad(energy, positions, allow_unused=True)
    forces = np.zeros((len(atoms), 3)) if slope is None else -slope.numpy()
    assert found.energy_eV == pytest.approx(energy.item(), abs=1e-11)
    np.testing.assert_allclose(found.forces_eV_per_A, forces, rtol=0, atol=1e-10)


def energy_of_the_package(network: Any, atoms: Atoms) -> tuple[torch.Tensor, torch.Tensor]:
    """Return positions and energy by the package's own graph and network, both made double."""
    from mattersim.datasets.utils.convertor import GraphConvertor
    from mattersim.forcefield.potential import batch_to_dict
    from torch_geometric.data import Batch

    settings = network.model_args
    convertor = GraphConvertor("m3gnet", settings["cutoff"], True, settings["threebody_cutoff"])
    atoms = atoms.copy()
    inputs = batch_to_dict(Batch.from_data_list([convertor.convert(atoms)]), device="cpu")
    inputs["cell"] = torch.as_tensor(atoms.cell.array)[None]
    inputs["atom_pos"] = torch.as_tensor(atoms.positions).requires_grad_()
    inputs["pbc_offsets"] = StaysDouble(inputs["pbc_offsets"].double())
    double = deepcopy(network).double()
    double.one_hot_atoms = lambda species: torch.eye(network.max_z + 1).double()[species]
    return inputs["atom_pos"], double(inputs).sum()


class StaysDouble:
    """A tensor that the network converts to single precision, and is not."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor = tensor

    def float(self) -> torch.Tensor:
        return self._tensor


def test_molecule_needs_no_box(model: Model) -> None:
    box = molecule_in_a_box()
    box.rattle(0.05, seed=3)
    free = Atoms(box.symbols, positions=box.positions)
    [in_box, alone] = model.evaluate([box, free])
    assert alone.energy_eV == pytest.approx(in_box.energy_eV, abs=1e-10)
    np.testing.assert_allclose(alone.forces_eV_per_A, in_box.forces_eV_per_A, rtol=0, atol=1e-10)


@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_analytic_rows_are_the_derivatives_of_the_forces(
    build: Callable[[], Atoms], model: Model
) -> None:
    atoms = build()
    atoms.rattle(0.05, seed=20)
    seeds = [(min(atom, len(atoms) - 1), way) for atom, way in DIRECTIONS]
    analytic = np.stack(list(model.rows(atoms, seeds)))
    scheme = Differences(SCHEMES["fourth-order"], 1e-3)
    differences = np.stack(list(scheme.rows(atoms, model, seeds)))
    np.testing.assert_allclose(analytic, differences, rtol=0, atol=1e-7)
    batched = np.stack(list(model.rows(atoms, seeds, batch_size=2)))
    np.testing.assert_allclose(batched, analytic, rtol=0, atol=1e-10)


def test_hessian_is_symmetric_and_sums_to_nothing(model: Model) -> None:
    atoms = triclinic()
    atoms.rattle(0.05, seed=20)
    seeds = [(atom, axis) for atom in range(4) for axis in np.eye(3)]
    rows = np.stack(list(model.rows(atoms, seeds)))
    assert np.abs(rows).max() > 0.5
    np.testing.assert_allclose(rows.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(rows.reshape(12, 12), rows.reshape(12, 12).T, rtol=0, atol=1e-12)


def test_bending_of_a_straight_angle_is_what_a_vibration_feels(model: Model, network: Any) -> None:
    atoms = boxed("OMgO", [(7.4, 9, 9), (9, 9, 9), (10.6, 9, 9)])
    across = (1, np.array([0.0, 1.0, 0.0]))
    [analytic] = model.rows(atoms, [across])
    [wide] = Differences(SCHEMES["central-difference"], 0.01).rows(atoms, model, [across])
    assert analytic[1, 1] == pytest.approx(wide[1, 1], abs=1e-4)
    # The network itself holds its cosine fixed there, and with it whatever the bending costs.
    positions, energy = energy_of_the_package(network, atoms)
    [slope] = torch.autograd.grad(energy, positions, create_graph=True)
    [stock] = torch.autograd.grad(slope[1, 1], positions)
    assert abs(stock[1, 1].item() - wide[1, 1]) > 0.05


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_contract_is_kept(dtype: str, models: dict[str, Model], mgo: Atoms) -> None:
    structures = {"MgO": mgo, "Si": bulk("Si"), "CO2": molecule("CO2")}
    report = check_model(models[dtype], structures, progress=False)
    assert report.passed, str(report)
    assert sum(check.applies for check in report.checks) >= 30


def test_says_what_it_is(model: Model, path: Path) -> None:
    from nearsight.fingerprint import file_sha256

    assert model.identity.name == f"mattersim:{path}"
    assert model.identity.checkpoint_sha256 == file_sha256(path)
    stated = model.capabilities
    assert (stated.cutoff_A, stated.receptive_field_A) == (4.0, 8.0)
    assert stated.elements == frozenset(range(1, 21))
    assert model.facts.licence is None
    with pytest.raises(ModelError, match="does not know Fe"):
        model.evaluate([bulk("Fe")])


def test_atom_energies_depend_on_nothing_beyond_the_receptive_field(model: Model) -> None:
    chain = Atoms("C8", positions=[(1.9 * i, 0.4 * (i % 2), 0) for i in range(8)])
    longer = chain + Atoms("H", positions=[(1.9 * 7 + 1.5, 0, 0)])
    before, after = (one.atomic_energies_eV for one in model.evaluate([chain, longer]))
    distances = np.linalg.norm(chain.positions - longer.positions[-1], axis=1)
    changed = np.abs(after[:8] - before) > 1e-12
    np.testing.assert_array_equal(changed, distances < 8.0)


@pytest.mark.parametrize("content", [b"", b"# a text\n", b"\x80\x02garbage"])
def test_files_that_are_no_checkpoint_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "some.pth").write_bytes(content)
    with pytest.raises(ModelError, match=r"some\.pth is not a usable MatterSim checkpoint"):
        load_model(f"mattersim:{tmp_path / 'some.pth'}", device="cpu")


def test_other_contents_are_refused(tmp_path: Path, path: Path) -> None:
    content = torch.load(path, weights_only=True)
    lacking = {key: value for key, value in content["model"].items() if "final.g" not in key}
    for changes, message in (
        ({"model_name": "graphormer"}, "of the kind 'graphormer'; only m3gnet"),
        ({"model_args": {"max_n": 9}}, "not a usable MatterSim checkpoint: AssertionError"),
        ({"model_args": {"units": 4}}, "not a usable MatterSim checkpoint: RuntimeError"),
        ({"model": lacking}, r"lacks weights of .*: final\.g\.0\.linear"),
    ):
        torch.save(content | changes, tmp_path / "other.pth")
        with pytest.raises(ModelError, match=message):
            load_model(f"mattersim:{tmp_path / 'other.pth'}", device="cpu")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ModelError, match="not a usable MatterSim checkpoint: TypeError"):
        load_model(f"mattersim:{tmp_path / 'list.pth'}", device="cpu")
    with pytest.raises(ModelError, match="there is no MatterSim checkpoint at"):
        load_model(f"mattersim:{tmp_path / 'nowhere.pth'}", device="cpu")


def test_a_torchvision_of_another_pytorch_comes_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "mattersim.forcefield":
                raise RuntimeError("operator torchvision::nms does not exist")

    for name in list(sys.modules):
        if name.split(".")[0] == "mattersim":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "nearsight.models.families.mattersim.load", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(ModelError, match=r"::nms does not.*pip uninstall torchvision torchaudio"):
        load_model("mattersim:any.pth", device="cpu")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the one where the package keeps its downloads."""
    from nearsight.models.families.mattersim import load as mattersim

    monkeypatch.setattr(mattersim, "_FOLDER", tmp_path / "kept")
    return tmp_path / "kept"


def test_named_models_are_downloaded_once(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from mattersim.utils import download_utils

    asked = []

    class Answer:
        content = saved(tiny_network(max_z=94), tmp_path / "large.pth").read_bytes()

        def raise_for_status(self) -> None:
            pass

    def get(url: str) -> Answer:
        asked.append(url)
        return Answer()

    monkeypatch.setattr(download_utils.requests, "get", get)
    for _ in range(2):
        model = load_model("mattersim-v1-1M", device="cpu")
        assert model.identity.name == "mattersim-v1-1m"
        assert model.facts.licence == "MIT"
        assert model.facts.citation == "arXiv 2405.04967"
        assert model.capabilities.elements == frozenset({*range(1, 84), *range(89, 95)})
    [address] = asked
    assert address.endswith("/pretrained_models/mattersim-v1.0.0-1M.pth")
    assert capsys.readouterr().out == ""


def test_a_failed_download_names_the_other_way(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mattersim.utils import download_utils

    def fail(url: str) -> None:
        raise download_utils.requests.ConnectionError("no route to host")

    monkeypatch.setattr(download_utils.requests, "get", fail)
    with pytest.raises(
        ModelError, match=r"no route to host.*fetch https://\S+5M\.pth .* at \S+ or load it as m"
    ):
        load_model("mattersim-v1-5m", device="cpu")
