"""Nequix behind the contract, against the calculator and the Hessian of its own package."""

import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.stress import voigt_6_to_full_3x3_stress

pytest.importorskip("nequix", reason="the tests of Nequix need nequix and JAX")

import equinox
import jax
import jraph
from nequix.calculator import NequixCalculator
from nequix.data import atomic_numbers_to_indices, dict_to_graphstuple, preprocess_graph
from nequix.model import Nequix, save_model
from nequix.model import load_model as load_nequix
from nequix.pft.hessian import hessian_linearized

from nearsight.errors import ModelError
from nearsight.hessian import hessian
from nearsight.memory import is_out_of_memory
from nearsight.models.contract import Model
from nearsight.models.engines.jax_model import device_named
from nearsight.models.facts import Facts
from nearsight.models.families import MODELS
from nearsight.models.families.nequix.load import NequixEnergy
from nearsight.models.graphs import padded_graph
from nearsight.models.registry import load_model
from nearsight.structures.strain import strain_matrix, strained
from nearsight.testing import check_model

SETTINGS: dict[str, Any] = {
    "hidden_irreps": "4x0e + 4x1o",
    "lmax": 1,
    "cutoff": 3.0,
    "n_layers": 2,
    "radial_basis_size": 4,
    "radial_mlp_size": 8,
    "radial_mlp_layers": 2,
    "radial_polynomial_p": 6.0,
    "mlp_init_scale": 4.0,
    "index_weights": False,
    "layer_norm": True,
    "shift": 0.1,
    "scale": 3.0,
    "avg_n_neighbors": 6.0,
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Nequix of two layers with random weights for H, C, O, Mg and Si."""
    path = tmp_path_factory.mktemp("nequix") / "tiny.nqx"
    free_atoms = [-1.0, -2.0, -3.0, -4.0, -5.0]
    model = Nequix(jax.random.key(3), n_species=5, atom_energies=free_atoms, **SETTINGS)
    save_model(path, model, SETTINGS | {"atomic_numbers": [1, 6, 8, 12, 14]})
    return path


@pytest.fixture(scope="module")
def model(path: Path) -> Model:
    return load_model(f"nequix:{path}", device="cpu")


@pytest.fixture(scope="module")
def model_float32(path: Path) -> Model:
    return load_model(f"nequix:{path}", dtype="float32", device="cpu")


@pytest.fixture(scope="module")
def own(path: Path) -> NequixCalculator:
    """The calculator that comes with Nequix: single precision, its own graph."""
    return NequixCalculator(model_path=path, use_kernel=False)


def crystal() -> Atoms:
    random = np.random.default_rng(4)
    cell = 4.2 * np.eye(3) + random.uniform(-0.8, 0.8, size=(3, 3))
    scaled = [[0, 0, 0], [0.5, 0.5, 0.4], [0.5, 0, 0.5], [0, 0.5, 0]]
    atoms = Atoms("MgOMgO", scaled_positions=scaled, cell=cell, pbc=True)
    atoms.rattle(0.05, seed=3)
    return atoms


def methanol() -> Atoms:
    atoms = molecule("CH3OH")
    atoms.rattle(0.05, seed=3)
    return atoms


@pytest.mark.parametrize("build", [crystal, methanol])
def test_energy_forces_and_stress_are_those_of_nequix(
    build: Callable[[], Atoms], own: NequixCalculator, model: Model, model_float32: Model
) -> None:
    atoms = build()
    periodic = bool(atoms.pbc.all())
    expected = atoms.copy()
    expected.calc = own
    assert np.abs(expected.get_forces()).max() > 0.1
    for one in (model, model_float32):
        [found] = one.evaluate([atoms], stress=periodic)
        assert found.energy_eV == pytest.approx(expected.get_potential_energy(), abs=2e-5)
        np.testing.assert_allclose(found.forces_eV_per_A, expected.get_forces(), rtol=0, atol=2e-5)
        if periodic:
            stress = expected.get_stress()
            assert np.abs(stress).max() > 1e-3
            np.testing.assert_allclose(found.stress_eV_per_A3, stress, rtol=0, atol=2e-6)


def test_in_double_precision_numbers_are_those_of_nequix_to_rounding(
    path: Path, model: Model
) -> None:
    atoms = crystal()
    energy, forces, stress, matrix = own_in_double_precision(path, atoms)
    [found] = model.evaluate([atoms], stress=True)
    assert found.energy_eV == pytest.approx(energy, abs=1e-12)
    np.testing.assert_allclose(found.forces_eV_per_A, forces, rtol=0, atol=1e-12)
    full = voigt_6_to_full_3x3_stress(found.stress_eV_per_A3)
    np.testing.assert_allclose(full, stress, rtol=0, atol=1e-13)
    rows = np.stack(list(model.rows(atoms, [(2, axis) for axis in np.eye(3)])))
    np.testing.assert_allclose(rows, matrix[2].transpose(1, 0, 2), rtol=0, atol=1e-12)


def own_in_double_precision(path: Path, atoms: Atoms) -> tuple[np.ndarray, ...]:
    """Return energy, forces, stress and Hessian by the functions behind Nequix's calculator."""
    in_file, config = load_nequix(path)
    places = atomic_numbers_to_indices(config["atomic_numbers"])
    graph = preprocess_graph(atoms, places, config["cutoff"], targets=False)
    graph |= {"positions": atoms.positions, "cell": atoms.cell.array}
    with jax.enable_x64(True):
        doubled = jax.tree.map(
            lambda leaf: leaf.astype("float64") if equinox.is_array(leaf) else leaf, in_file
        )
        whole = dict_to_graphstuple(graph)
        # Nequix takes the last graph of a batch for padding.
        padded = jraph.pad_with_graphs(whole, n_node=5, n_edge=len(whole.senders) + 1, n_graph=2)
        energy, forces, stress = equinox.filter_jit(doubled)(padded)
        matrix = equinox.filter_jit(hessian_linearized)(doubled, whole)
        return energy[0].item(), *map(np.asarray, (forces[:4], stress[0], matrix))


def test_a_layer_is_the_crystal_of_layers_far_apart(model: Model) -> None:
    layers = bulk("MgO", "rocksalt", a=4.25)
    layers.cell[2, 2] += 20.0
    layers.rattle(0.05, seed=3)
    layer = layers.copy()
    layer.pbc = (True, True, False)
    one, other = (model.evaluate([atoms])[0] for atoms in (layer, layers))
    np.testing.assert_allclose(one.forces_eV_per_A, other.forces_eV_per_A, rtol=0, atol=1e-12)


def test_rows_are_the_hessian_of_nequix(
    own: NequixCalculator, model: Model, model_float32: Model
) -> None:
    atoms = crystal()
    expected = own.get_hessian(atoms).transpose(0, 2, 1, 3)
    seeds = [(atom, axis) for atom in range(4) for axis in np.eye(3)]
    assert np.abs(expected).max() > 1
    whole = {}
    for one, batch_size in ((model, 1), (model, 5), (model_float32, 1)):
        rows = np.stack(list(one.rows(atoms, seeds, batch_size=batch_size)))
        np.testing.assert_allclose(rows.reshape(expected.shape), expected, rtol=0, atol=2e-4)
        whole[one, batch_size] = rows.reshape(12, 12)
    matrix = whole[model, 1]
    np.testing.assert_allclose(whole[model, 5], matrix, rtol=0, atol=1e-12)
    np.testing.assert_allclose(matrix, matrix.T, rtol=0, atol=1e-12)
    np.testing.assert_allclose(matrix.reshape(12, 4, 3).sum(axis=1), 0, rtol=0, atol=1e-12)


def test_the_hessian_needs_no_settings(model: Model) -> None:
    atoms = crystal()
    found = hessian(atoms, model)
    seeds = [(atom, axis) for atom in range(4) for axis in np.eye(3)]
    rows = np.stack(list(model.rows(atoms, seeds))).reshape(12, 12)
    matrix = found.matrix_eV_per_A2.reshape(12, 12)
    np.testing.assert_allclose(matrix, (rows + rows.T) / 2, rtol=0, atol=1e-11)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_keeps_the_contract(dtype: str, model: Model, model_float32: Model) -> None:
    structures = {"MgO": bulk("MgO", "rocksalt", a=4.25), "CO2": molecule("CO2")}
    examined = model if dtype == "float64" else model_float32
    report = check_model(examined, structures, progress=False)
    assert report.passed, str(report)


def test_products_with_strain_are_second_differences_of_the_energy(model: Model) -> None:
    atoms = crystal()
    random = np.random.default_rng(7)
    one, other = random.normal(size=(2, 3 * len(atoms) + 6)) / 5
    first, second = model.linearize(atoms, strain=True)(np.stack([one, other]))
    assert first @ other == pytest.approx(second @ one, abs=1e-11)
    displacements_only = np.concatenate([one[:12], np.zeros(6)])
    [with_strain] = model.linearize(atoms, strain=True)(displacements_only[None])
    [without] = model.linearize(atoms)(one[:12].reshape(1, 4, 3))
    np.testing.assert_allclose(with_strain[:12].reshape(4, 3), without, rtol=0, atol=1e-13)

    def slope(size: float) -> float:
        """Return dE/ds along s·one in r = (1 + ε)(r⁰ + u)."""
        moved = atoms.copy()
        moved.positions += size * one[:12].reshape(4, 3)
        strain = size * strain_matrix(one[12:])
        [found] = model.evaluate([strained(moved, strain)], stress=True)
        stress = voigt_6_to_full_3x3_stress(found.stress_eV_per_A3)
        # Of dr/ds = ε'(r⁰ + u) + (1 + ε) u', the first part is the strain ε'(1 + ε)⁻¹ of what is.
        rate = strain_matrix(one[12:]) @ np.linalg.inv(np.eye(3) + strain)
        volume = atoms.get_volume() * np.linalg.det(np.eye(3) + strain)
        moving = one[:12].reshape(4, 3) @ (np.eye(3) + strain)
        return volume * (stress * rate).sum() - (found.forces_eV_per_A * moving).sum()

    step = 1e-3
    difference = (8 * (slope(step) - slope(-step)) - (slope(2 * step) - slope(-2 * step))) / (
        12 * step
    )
    assert abs(first @ one) > 0.1
    assert difference == pytest.approx(first @ one, abs=1e-6)


def test_products_of_chosen_atoms_add_up_to_all(model: Model) -> None:
    atoms = methanol()
    vectors = np.random.default_rng(2).normal(size=(2, 6, 3))
    parts = [
        model.linearize(atoms, centres=np.array(centres)) for centres in ([0, 3], [1, 2, 4, 5])
    ]
    total = sum(part(vectors) for part in parts)
    np.testing.assert_allclose(total, model.linearize(atoms)(vectors), rtol=0, atol=1e-12)

    def energy(offset: float) -> float:
        moved = atoms.copy()
        moved.positions += offset * vectors[0]
        return float(model.evaluate([moved])[0].atomic_energies_eV[[0, 3]].sum())

    step = 1e-3
    difference = (energy(step) - 2 * energy(0) + energy(-step)) / step**2
    found = float((parts[0](vectors)[0] * vectors[0]).sum())
    assert difference == pytest.approx(found, rel=1e-4)


def test_what_is_added_to_a_graph_changes_nothing(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    atoms = methanol()
    seeds = [(1, np.array([0.6, 0.0, 0.8]))]

    def everything() -> list[np.ndarray]:
        [found] = model.evaluate([atoms])
        return [found.atomic_energies_eV, found.forces_eV_per_A, *model.rows(atoms, seeds)]

    tight = everything()
    monkeypatch.setattr(padded_graph, "_LEAST_PAIRS", 200)
    monkeypatch.setattr(padded_graph, "_LEAST_ATOMS", 23)
    for before, after in zip(tight, everything(), strict=True):
        np.testing.assert_allclose(after, before, rtol=0, atol=1e-13)


def test_an_atom_without_neighbours_feels_nothing(model: Model) -> None:
    atoms = Atoms("C", positions=[(1.0, 2.0, 3.0)])
    [found] = model.evaluate([atoms])
    np.testing.assert_array_equal(found.forces_eV_per_A, 0)
    [row] = model.rows(atoms, [(0, np.array([1.0, 0.0, 0.0]))])
    np.testing.assert_array_equal(row, 0)
    [product] = model.linearize(atoms, strain=True)(np.ones((1, 9)))
    np.testing.assert_array_equal(product, 0)


def test_nothing_is_compiled_anew_for_another_number_of_pairs(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced = []
    original = NequixEnergy.energy
    # JAX runs a function itself only in order to compile it.
    monkeypatch.setattr(
        NequixEnergy, "energy", lambda *arguments: traced.append(1) or original(*arguments)
    )
    model = load_model(f"nequix:{path}", device="cpu")
    energies = set()
    for distance in (1.0, 1.5, 2.9, 3.1):
        atoms = Atoms("COH", positions=[(0, 0, 0), (0, 0, distance), (0, 1, distance)])
        energies.add(model.evaluate([atoms])[0].energy_eV)
    assert (len(energies), len(traced)) == (4, 1)


def test_precision_of_the_process_stays_as_it_was(model: Model, model_float32: Model) -> None:
    atoms = methanol()
    for before in (False, True):
        with jax.enable_x64(before):
            rows = model.rows(atoms, [(0, np.eye(3)[0]), (1, np.eye(3)[0])])
            next(rows)
            assert jax.config.jax_enable_x64 is before  # between two rows, too
            single = model_float32.evaluate([atoms])[0].forces_eV_per_A
            double = model.evaluate([atoms])[0].forces_eV_per_A
            assert jax.config.jax_enable_x64 is before
        np.testing.assert_array_equal(single, single.astype(np.float32))
        assert np.abs(double - double.astype(np.float32)).max() > 0


def test_memory_that_runs_out_is_recognised() -> None:
    with pytest.raises(RuntimeError) as raised:
        jax.numpy.zeros((10**6, 10**7))  # 40 TB
    assert is_out_of_memory(raised.value)


def test_says_what_it_is(model: Model, path: Path) -> None:
    assert isinstance(model, Model)
    assert (model.identity.name, model.identity.family) == (f"nequix:{path}", "nequix")
    stated = model.capabilities
    assert (stated.cutoff_A, stated.receptive_field_A) == (3.0, 6.0)
    assert stated.elements == {1, 6, 8, 12, 14}
    assert stated.mirror_equivariant
    assert stated.curvature_smooth is None
    assert model.facts == Facts()
    with pytest.raises(ModelError, match="does not know Cu"):
        model.evaluate([bulk("Cu")])


def test_named_models_are_those_of_nequix() -> None:
    named = {name for name, registered in MODELS.items() if registered.family == "nequix"}
    assert named == set(NequixCalculator.URLS)


def test_a_named_model_is_taken_from_the_cache_of_nequix(
    path: Path, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    cache = tmp_path / ".cache" / "nequix" / "models"
    cache.mkdir(parents=True)
    shutil.copy(path, cache / "nequix-mp-1-pft.nqx")
    named = load_model("nequix-mp-1-pft", device="cpu")
    assert named.identity.checkpoint_sha256 == model.identity.checkpoint_sha256
    assert named.facts.training_data == "MPtrj, MDR phonons"
    assert named.facts.citation == "arXiv 2601.07742"
    (cache / "nequix-mp-1-pft.nqx").write_bytes(b"<html>")
    with pytest.raises(ModelError, match="is downloaded once this file is deleted"):
        load_model("nequix-mp-1-pft", device="cpu")


def test_without_a_network_the_address_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*arguments: Any, **settings: Any) -> Any:
        raise urllib.error.URLError("no route to host")

    def cut_off(address: str, target: Path) -> Any:
        target.write_bytes(b"half")
        raise urllib.error.ContentTooShortError("retrieval incomplete", (str(target), None))

    monkeypatch.setenv("HOME", str(tmp_path))
    cached = tmp_path / ".cache" / "nequix" / "models" / "nequix-mp-1.nqx"
    for name, failing in (("urlopen", unreachable), ("urlretrieve", cut_off)):
        monkeypatch.setattr(urllib.request, name, failing)
        with pytest.raises(ModelError, match=r"cannot be downloaded: .* fetch https://") as raised:
            load_model("nequix-mp-1", device="cpu")
        assert str(cached) in str(raised.value)
        assert not cached.exists()


def test_files_that_are_no_checkpoint_are_refused(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    other = tmp_path / "model.nqx"
    for content in (
        b"",
        b"# a text\n",
        b"\x80\x02\xff",
        b"{}\n",
        b"[1]\n",
        whole[: len(whole) // 2],
    ):
        other.write_bytes(content)
        with pytest.raises(ModelError, match=r"model\.nqx is not a usable Nequix checkpoint: "):
            load_model(f"nequix:{other}", device="cpu")
    for missing in (tmp_path / "nowhere.nqx", tmp_path):
        with pytest.raises(ModelError, match="there is no Nequix checkpoint at"):
            load_model(f"nequix:{missing}", device="cpu")


def test_nothing_is_printed_on_standard_output(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_model(f"nequix:{path}", device="cpu")
    assert capsys.readouterr().out == ""


def test_a_gpu_that_is_not_there_is_refused() -> None:
    if jax.default_backend() == "gpu":
        pytest.skip("there is one here")
    with pytest.raises(ModelError, match="device 'cuda:1' was asked for, but JAX sees no such GPU"):
        device_named("cuda:1")


def test_only_what_is_asked_for_is_computed(model: Model, displaced_quartz: Atoms) -> None:
    [whole] = model.evaluate([displaced_quartz], stress=True)
    for forces, stress in ((False, False), (True, False), (False, True)):
        [found] = model.evaluate([displaced_quartz], forces=forces, stress=stress)
        assert found.energy_eV == pytest.approx(whole.energy_eV, rel=1e-13)
        for asked, name in ((forces, "forces_eV_per_A"), (stress, "stress_eV_per_A3")):
            if asked:
                np.testing.assert_allclose(
                    getattr(found, name), getattr(whole, name), rtol=0, atol=1e-12
                )
            else:
                assert getattr(found, name) is None


def test_energies_alone_are_traced_without_a_reverse_pass(
    model: Model, displaced_quartz: Atoms
) -> None:
    """Counted in what JAX would compile: a reverse pass has at least as many steps once more."""
    graph = model._graph([displaced_quartz])
    arguments = (model._energy.weights, graph, np.ones(len(graph.positions)))

    def steps(**asked: bool) -> int:
        with model._precision():
            traced = jax.make_jaxpr(partial(model._first_derivatives, **asked))(*arguments)
        return str(traced).count("\n")

    alone = steps(by_positions=False, by_strain=False)
    assert steps(by_positions=True, by_strain=False) > 1.5 * alone
