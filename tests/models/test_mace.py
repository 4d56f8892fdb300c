"""MACE behind the contract, against the calculator of its own package."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from http.client import BadStatusLine
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.cli.main import main
from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.registry import FAMILIES, load_model
from nearsight.testing import check_model
from nearsight.testing.structures import examination_structures

pytestmark = pytest.mark.skipif(
    FAMILIES["mace"].obstacle is not None, reason="the tests of MACE need mace-torch"
)


def own_calculator(path: Path, dtype: str, **settings: Any) -> Any:
    """Return the calculator that comes with MACE."""
    from nearsight.models.mace_import import safe_loading_kept

    with safe_loading_kept():
        from mace.calculators import MACECalculator
    model = torch.load(path, weights_only=False)
    return MACECalculator(models=[model], device="cpu", default_dtype=dtype, **settings)


def load(path: Path, **settings: Any) -> Any:
    return load_model(f"mace:{path}", device="cpu", trust=True, **settings)


def triclinic() -> Atoms:
    random = np.random.default_rng(4)
    cell = 4.2 * np.eye(3) + random.uniform(-0.8, 0.8, size=(3, 3))
    scaled = [[0, 0, 0], [0.5, 0.5, 0.4], [0.5, 0, 0.5], [0, 0.5, 0]]
    return Atoms("MgOMgO", scaled_positions=scaled, cell=cell, pbc=True)


def slab() -> Atoms:
    atoms = bulk("MgO", "rocksalt", a=4.25, cubic=True)
    atoms.center(vacuum=6.0, axis=2)
    atoms.pbc = (True, True, False)
    return atoms


STRUCTURES: dict[str, Callable[[], Atoms]] = {
    "molecule": lambda: molecule("CH3CH2OH"),
    "triclinic crystal": triclinic,
    "slab": slab,
    "cell smaller than the cutoff": lambda: bulk("MgO", "rocksalt", a=4.25),
}


@pytest.mark.parametrize(("dtype", "limit"), [("float64", 1e-12), ("float32", 2e-6)])
@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_energy_forces_and_stress_are_those_of_mace(
    build: Callable[[], Atoms], tiny_mace_path: Path, dtype: str, limit: float
) -> None:
    atoms = build()
    atoms.rattle(0.05, seed=3)
    # In single precision MACE's own numbers depend on where the origin is; ours is here.
    atoms.positions -= atoms.positions.mean(axis=0)
    periodic = bool(atoms.pbc.all())
    [found] = load(tiny_mace_path, dtype=dtype).evaluate([atoms], stress=periodic)
    expected = atoms.copy()
    expected.calc = own_calculator(tiny_mace_path, dtype)
    assert found.energy_eV == pytest.approx(expected.get_potential_energy(), abs=limit * len(atoms))
    assert np.abs(expected.get_forces()).max() > 0.1
    np.testing.assert_allclose(found.forces_eV_per_A, expected.get_forces(), rtol=0, atol=limit)
    np.testing.assert_allclose(
        found.atomic_energies_eV, expected.calc.results["energies"], rtol=0, atol=limit
    )
    if periodic:
        stress = expected.get_stress()
        assert np.abs(stress).max() > 1e-2
        np.testing.assert_allclose(found.stress_eV_per_A3, stress, rtol=0, atol=limit / 10)


@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_rows_are_those_of_mace(
    build: Callable[[], Atoms], tiny_mace: Model, tiny_mace_path: Path
) -> None:
    atoms = build()
    atoms.rattle(0.05, seed=3)
    n = len(atoms)
    expected = own_calculator(tiny_mace_path, "float64").get_hessian(atoms).reshape(n, 3, n, 3)
    seeds = [(atom, axis) for atom in range(n) for axis in np.eye(3)]
    for batch_size in (1, 4):
        rows = np.stack(list(tiny_mace.rows(atoms, seeds, batch_size=batch_size)))
        assert np.abs(rows).max() > 1
        np.testing.assert_allclose(rows.reshape(n, 3, n, 3), expected, rtol=0, atol=1e-11)


def test_plain_mace_with_repulsion_and_without_scale(
    saved_mace: Callable[..., Path], tmp_path: Path
) -> None:
    from nearsight.models.mace_import import MACE

    path = saved_mace(MACE, tmp_path / "plain.model", pair_repulsion=True)
    atoms = triclinic()
    expected = atoms.copy()
    expected.calc = own_calculator(path, "float64")
    [found] = load(path).evaluate([atoms], stress=True)
    assert found.energy_eV == pytest.approx(expected.get_potential_energy(), abs=1e-12)
    assert np.abs(found.forces_eV_per_A).max() > 1e-3
    np.testing.assert_allclose(found.forces_eV_per_A, expected.get_forces(), atol=1e-13)
    np.testing.assert_allclose(found.stress_eV_per_A3, expected.get_stress(), atol=1e-13)


def test_other_building_blocks_are_followed(
    saved_mace: Callable[..., Path], tmp_path: Path
) -> None:
    from mace.modules import interaction_classes

    from nearsight.models.mace_import import ScaleShiftMACE

    changes = {
        "interaction_cls": interaction_classes["RealAgnosticResidualNonLinearInteractionBlock"],
        "interaction_cls_first": interaction_classes["RealAgnosticDensityInteractionBlock"],
        "correlation": 3,
        "distance_transform": "Agnesi",
        "pair_repulsion": True,
        "atomic_inter_scale": 5.0,
        "num_interactions": 3,
    }
    path = saved_mace(ScaleShiftMACE, tmp_path / "other.model", **changes)
    model = load(path)
    assert model.capabilities.receptive_field_A == pytest.approx(9.0)
    atoms = molecule("CH3CH2OH")
    atoms.rattle(0.05, seed=3)
    calculator = own_calculator(path, "float64")
    expected = calculator.get_hessian(atoms).reshape(9, 3, 27)[4]
    rows = np.stack(list(model.rows(atoms, [(4, axis) for axis in np.eye(3)])))
    assert np.abs(rows).max() > 1
    np.testing.assert_allclose(rows.reshape(3, 27), expected, rtol=0, atol=1e-11)


def test_keeps_the_contract(tiny_mace: Model) -> None:
    structures = {n: atoms for n, atoms in examination_structures().items() if n != "MOF-5"}
    report = check_model(tiny_mace, structures)
    assert report.passed, str(report)
    skipped = {(check.name, check.structure) for check in report.checks if not check.applies}
    assert skipped == {("stress = dE/dε / V", "CO2"), ("supercell extensivity", "CO2")}


def test_supercell_and_batch_repeat_the_cell(tiny_mace: Model) -> None:
    cell = triclinic()
    cell.rattle(0.05, seed=3)
    supercell = cell * (2, 1, 2)
    single, molecular = tiny_mace.evaluate([cell])[0], tiny_mace.evaluate([molecule("H2O")])[0]
    first, second, third = tiny_mace.evaluate([supercell, molecule("H2O"), cell])
    assert first.energy_eV == pytest.approx(4 * single.energy_eV, abs=1e-11)
    np.testing.assert_allclose(
        first.forces_eV_per_A, np.tile(single.forces_eV_per_A, (4, 1)), rtol=0, atol=1e-11
    )
    assert second.energy_eV == pytest.approx(molecular.energy_eV, abs=1e-12)
    np.testing.assert_allclose(third.forces_eV_per_A, single.forces_eV_per_A, rtol=0, atol=1e-12)
    seeds = [(2, np.array([0.0, 0.6, 0.8]))]
    [row], [large] = tiny_mace.rows(cell, seeds), tiny_mace.rows(supercell, seeds)
    np.testing.assert_allclose(large.reshape(4, 4, 3).sum(axis=0), row, rtol=0, atol=1e-11)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_atoms_without_neighbours_are_free_atoms(tiny_mace_path: Path, dtype: str) -> None:
    model = load(tiny_mace_path, dtype=dtype)
    free, water = Atoms("O"), molecule("H2O")
    apart = Atoms("OC", [(0, 0, 0), (9, 9, 9)], cell=[18.0] * 3, pbc=True)
    assert model.evaluate([]) == []
    alone, beside, again = model.evaluate([free, water, free])
    # the atom of the conftest, -3 eV, with the shift of 0.1 eV
    assert alone.energy_eV == again.energy_eV == pytest.approx(-2.9, abs=1e-6)
    [expected] = model.evaluate([water])
    limit = 1e-12 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(beside.forces_eV_per_A, expected.forces_eV_per_A, rtol=0, atol=limit)
    [two] = model.evaluate([apart], stress=True)
    assert two.energy_eV == pytest.approx(-4.8, abs=1e-6)
    assert not two.forces_eV_per_A.any()
    assert not two.stress_eV_per_A3.any()
    rows = model.rows(apart, [(0, np.eye(3)[0]), (1, np.eye(3)[1])], batch_size=2)
    assert not np.stack(list(rows)).any()
    assert not model.products(free, np.ones((1, 9)), strain=True).any()


def test_says_what_it_is(tiny_mace: Model, tiny_mace_path: Path) -> None:
    assert tiny_mace.identity.name == f"mace:{tiny_mace_path}"
    assert (tiny_mace.identity.family, tiny_mace.identity.options) == ("mace", {})
    stated = tiny_mace.capabilities
    assert stated.elements == frozenset({1, 6, 8, 12, 14})
    assert (stated.cutoff_A, stated.receptive_field_A) == (3.0, 6.0)
    assert stated.curvature_smooth is None
    assert stated.licence is None


def test_a_file_relaxes_and_gives_a_heat_capacity(
    tiny_mace_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ase.io.write(tmp_path / "mgo.cif", bulk("MgO", "rocksalt", a=4.1))
    model = ["--model", f"mace:{tiny_mace_path}", "--trust-checkpoint"]
    assert main(["heat-capacity", str(tmp_path / "mgo.cif"), *model]) == 0
    output = capsys.readouterr().out
    assert "converged after" in output
    assert "3 real" in output
    assert "0 imaginary" in output


@pytest.fixture(scope="module")
def two_heads(saved_mace: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with two heads, none of which is the default."""
    from nearsight.models.mace_import import ScaleShiftMACE

    return saved_mace(
        ScaleShiftMACE,
        tmp_path_factory.mktemp("heads") / "two.model",
        heads=["pbe", "r2scan"],
        atomic_energies=np.array([[-1.0, -2.0, -3.0, -4.0, -5.0], [-2.0, -4.0, -6.0, -8.0, -9.0]]),
        atomic_inter_scale=[50.0, 40.0],
        atomic_inter_shift=[0.1, 0.2],
    )


def test_each_head_is_a_model_of_its_own(two_heads: Path) -> None:
    atoms = molecule("CH3CH2OH")
    atoms.rattle(0.05, seed=3)
    energies = []
    for head in ("pbe", "r2scan"):
        model = load_model(f"mace:{two_heads}#{head}", device="cpu", trust=True)
        assert model.identity.options == {"head": head}
        [found] = model.evaluate([atoms])
        atoms.calc = own_calculator(two_heads, "float64", head=head)
        assert found.energy_eV == pytest.approx(atoms.get_potential_energy(), abs=1e-11)
        np.testing.assert_allclose(found.forces_eV_per_A, atoms.get_forces(), rtol=0, atol=1e-12)
        energies.append(found.energy_eV)
    assert abs(energies[0] - energies[1]) > 1


def test_a_head_must_be_chosen_and_be_there(two_heads: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"several heads .* one of pbe, r2scan as in mace:.*#pbe"):
        load(two_heads)
    with pytest.raises(ModelError, match="has no head 'PBE'; choose one of pbe, r2scan"):
        load_model(f"mace:{two_heads}#PBE", device="cpu", trust=True)
    named = tmp_path / "odd#name.model"
    model = torch.load(two_heads, weights_only=False)
    model.heads = ["pt_head", "Default"]
    torch.save(model, named)
    assert load(named).identity.options == {"head": "Default"}


def test_an_unknown_file_needs_trust(tiny_mace_path: Path) -> None:
    with pytest.raises(ModelError, match=r"tiny\.model \(sha256 .* load it with trust=True"):
        load_model(f"mace:{tiny_mace_path}", device="cpu")


class Bomb:
    """What runs code when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_without_trust_nothing_runs(tmp_path: Path) -> None:
    torch.save(Bomb(tmp_path / "ran"), tmp_path / "bomb.model")
    with pytest.raises(ModelError, match="trust=True"):
        load_model(f"mace:{tmp_path / 'bomb.model'}", device="cpu")
    assert not (tmp_path / "ran").exists()


def test_safe_loading_stays_on_after_the_import(tmp_path: Path) -> None:
    torch.save(Bomb(tmp_path / "ran"), tmp_path / "bomb.pt")
    torch.save(slice(1), tmp_path / "slice.pt")
    code = f"""
import os, pickle, sys, torch
import nearsight.models.mace
assert "mace" in sys.modules
assert "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD" not in os.environ
for name in ("bomb.pt", "slice.pt"):
    try:
        torch.load({str(tmp_path)!r} + "/" + name)
    except pickle.UnpicklingError:
        print("refused", name)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["refused bomb.pt", "refused slice.pt"]
    assert "uequivariance" not in done.stderr  # kernels that would be refused anyway
    assert not (tmp_path / "ran").exists()


def test_a_users_own_switch_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from nearsight.models.mace_import import safe_loading_kept

    switch = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
    for before in ("0", None):
        if before is None:
            monkeypatch.delenv(switch)
        else:
            monkeypatch.setenv(switch, before)
        with safe_loading_kept():
            os.environ[switch] = "1"
        assert os.environ.get(switch) == before


def test_files_that_are_no_model_are_refused(tmp_path: Path, tiny_mace_path: Path) -> None:
    whole = tiny_mace_path.read_bytes()
    path = tmp_path / "some.model"
    for content in (b"", b"# a text\n", b"\x80\x02garbage", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(
            ModelError, match=r"some\.model is not a usable MACE model: .* again .* 0\.4\.4"
        ):
            load(path)
    for value in ([1, 2], "text", torch.nn.Linear(2, 2)):
        torch.save(value, path)
        with pytest.raises(ModelError, match=r"some\.model holds a \w+\. Only MACE and ScaleShift"):
            load(path)
    for missing in (tmp_path / "nowhere.model", tmp_path):
        with pytest.raises(ModelError, match="there is no MACE model at"):
            load(missing)


def test_weights_without_their_model_are_refused(tmp_path: Path, tiny_mace_path: Path) -> None:
    weights = torch.load(tiny_mace_path, weights_only=False).state_dict()
    for value in (weights, {"model": weights, "optimizer": {}, "epoch": 3}):
        torch.save(value, tmp_path / "weights.pt")
        with pytest.raises(ModelError, match=r"weights\.pt holds weights .* use the \.model file"):
            load(tmp_path / "weights.pt")


def test_models_without_second_derivatives_are_refused(
    tmp_path: Path, tiny_mace_path: Path
) -> None:
    path = tmp_path / "fast.model"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)
    with pytest.raises(ModelError, match="is a compiled model"):
        load(path)
    for name, settings in (("cueq_config", "CuEquivarianceConfig"), ("oeq_config", "OEQConfig")):
        from mace.modules import wrapper_ops

        model = torch.load(tiny_mace_path, weights_only=False)
        enabled = getattr(wrapper_ops, settings)()
        enabled.enabled = True
        setattr(model.interactions[1], name, enabled)
        torch.save(model, path)
        with pytest.raises(ModelError, match="cuEquivariance or OpenEquivariance"):
            load(path)


def test_a_package_that_the_file_needs_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "fast.model", "w") as archive:
        archive.writestr("fast/data.pkl", b"\x80\x02ccuequivariance_torch\nLinear\n.")
        archive.writestr("fast/version", "3")
    with pytest.raises(ModelError, match=r"the package cuequivariance_torch, .*`mace_cueq_to"):
        load(tmp_path / "fast.model")


def test_models_of_other_quantities_are_refused(tmp_path: Path, tiny_mace_path: Path) -> None:
    from mace.modules import EnergyDipolesMACE

    model = torch.load(tiny_mace_path, weights_only=False)
    model.__class__ = EnergyDipolesMACE
    torch.save(model, tmp_path / "dipoles.model")
    with pytest.raises(ModelError, match=r"holds a EnergyDipolesMACE\. Only MACE and ScaleShiftM"):
        load(tmp_path / "dipoles.model")
    model = torch.load(tiny_mace_path, weights_only=False)
    model.joint_embedding = torch.nn.Identity()
    model.embedding_specs = {"total_charge": {}, "total_spin": {}}
    torch.save(model, tmp_path / "charged.model")
    with pytest.raises(ModelError, match="asks for total_charge, total_spin beside the structure"):
        load(tmp_path / "charged.model")


def test_files_from_before_there_were_heads_still_work(
    tiny_mace_path: Path, tmp_path: Path, tiny_mace: Model
) -> None:
    model = torch.load(tiny_mace_path, weights_only=False)
    for attribute in ("heads", "use_reduced_cg", "use_so3", "apply_cutoff", "lammps_mliap"):
        delattr(model, attribute)
    torch.save(model, tmp_path / "old.model")
    [found] = load(tmp_path / "old.model").evaluate([triclinic()])
    assert found.energy_eV == tiny_mace.evaluate([triclinic()])[0].energy_eV


def test_products_that_cannot_be_rebuilt_are_refused(
    tiny_mace_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nearsight.models import mace

    model = torch.load(tiny_mace_path, weights_only=False)
    del model.interactions[0].linear.instructions
    torch.save(model, tmp_path / "old.model")
    with pytest.raises(ModelError, match=r"old\.model does not work with .*: .*instructions"):
        load(tmp_path / "old.model")
    restore = mace.restore_graphs

    def spoil(model: Any) -> None:
        restore(model)
        with torch.no_grad():
            model.interactions[0].linear_up.weight[0] += 1e-6

    monkeypatch.setattr(mace, "restore_graphs", spoil)
    with pytest.raises(ModelError, match=r"features change by \de-0\d of .* Save the model"):
        load(tiny_mace_path)


def test_nothing_compiled_is_left_in_use(tiny_mace: Any) -> None:
    compiled = [
        name
        for name, module in tiny_mace._energy._model.named_modules()
        if isinstance(module, torch.jit.ScriptModule)
    ]
    # The other way to apply a product is a stub that raises, and nothing calls it.
    assert all(name.endswith("_compiled_main_right") for name in compiled)


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch, tiny_mace_path: Path, tmp_path: Path) -> list[str]:
    """Serve the random model at every address; the list is of the addresses asked for."""
    from nearsight.models.mace_import import safe_loading_kept

    with safe_loading_kept():
        from mace.calculators import foundations_models
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    asked: list[str] = []

    def fetch(address: str, filename: str) -> tuple[str, str]:
        asked.append(address)
        Path(filename).write_bytes(tiny_mace_path.read_bytes())
        return filename, "Content-Type: application/octet-stream"

    monkeypatch.setattr(foundations_models, "_urlretrieve_with_timeout", fetch)
    return asked


def test_a_damaged_download_names_the_file_to_delete(downloads: list[str], tmp_path: Path) -> None:
    load_model("mace-mp-0-small", device="cpu", trust=True)
    [path] = (tmp_path / "cache" / "mace").iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match=f"{path.name} is not a usable .* this file is deleted"):
        load_model("mace-mp-0-small", device="cpu", trust=True)
    assert len(downloads) == 1


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_a_named_model_is_downloaded_once(
    size: str, downloads: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        model = load_model(f"MACE-MP-0-{size}", device="cpu", trust=True)
    assert len(downloads) == 1
    assert downloads[0].startswith("https://github.com/ACEsuit/mace-mp/releases/download/mace_mp_0")
    assert model.identity.name == f"mace-mp-0-{size}"
    assert model.identity.checkpoint_sha256 is not None
    stated = model.capabilities
    assert (stated.training_data, stated.licence) == ("MPtrj", "MIT")
    assert stated.citation == "arXiv 2401.00096"
    assert stated.curvature_smooth is None
    assert list((tmp_path / "cache" / "mace").iterdir())
    # What MACE prints about it is not among the results.
    assert capsys.readouterr().out == ""


def test_without_trust_nothing_is_downloaded(downloads: list[str]) -> None:
    with pytest.raises(ModelError, match=r"from https://\S+ as a pickled .* load it with trust=T"):
        load_model("mace-mp-0-small", device="cpu")
    assert downloads == []


@pytest.mark.parametrize(
    "error",
    [OSError("no route to host"), RuntimeError("a page instead"), BadStatusLine("not HTTP")],
)
def test_a_failed_download_names_the_other_way(
    error: Exception, downloads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mace.calculators import foundations_models

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(foundations_models, "_urlretrieve_with_timeout", fail)
    with pytest.raises(ModelError, match=f"cannot be downloaded: {error}.* as mace:<path>"):
        load_model("mace-mp-0-large", device="cpu", trust=True)
