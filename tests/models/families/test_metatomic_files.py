"""Which metatomic files and names are loaded, what an unknown model is held for, and errors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Dict, List, Optional  # noqa: UP035  # metatomic compares with these

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk
from ase.units import Bohr, Hartree

from nearsight.errors import ModelError
from nearsight.models.families import MODELS
from nearsight.models.registry import load_model

pytest.importorskip(
    "metatomic", reason="metatomic is not installed (nearsight models install metatomic)"
)

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)

# Exporting compiles to TorchScript.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.* is deprecated:DeprecationWarning")


class Pairs(torch.nn.Module):
    """An energy of exp(-d) for each pair once, from half a list of neighbours, per structure."""

    def __init__(self, output: str) -> None:
        super().__init__()
        self.output = output
        self.request = NeighborListOptions(cutoff=8.0, full_list=False, strict=True)

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:  # noqa: UP006
        return [self.request]

    def forward(
        self,
        systems: List[System],  # noqa: UP006
        outputs: Dict[str, ModelOutput],  # noqa: UP006
        selected_atoms: Optional[Labels] = None,  # noqa: UP045
    ) -> Dict[str, TensorMap]:  # noqa: UP006
        energies = []
        for system in systems:
            vectors = system.get_neighbor_list(self.request).values
            energies.append(torch.exp(-vectors.square().sum(1).sqrt()).sum().reshape(1, 1))
        values = torch.cat(energies)
        structures = torch.arange(len(systems), dtype=torch.int32).reshape(-1, 1)
        block = TensorBlock(
            values=values,
            samples=Labels(["system"], structures),
            components=torch.jit.annotate(list[Labels], []),
            properties=Labels(["energy"], torch.zeros(1, 1, dtype=torch.int32)),
        )
        return {
            self.output: TensorMap(Labels(["_"], torch.zeros(1, 1, dtype=torch.int32)), [block])
        }


def save_pairs(path: Path, output: str = "energy") -> Path:
    """Export `Pairs` in atomic units."""
    stated = ModelOutput(unit="Hartree", sample_kind="system", explicit_gradients=[])
    capabilities = ModelCapabilities(
        outputs={output: stated},
        atomic_types=[12, 8],
        interaction_range=8.0,
        length_unit="bohr",
        supported_devices=["cpu"],
        dtype="float64",
    )
    AtomisticModel(Pairs(output).eval(), ModelMetadata(name="pairs"), capabilities).save(path)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A saved model of pairs."""
    return save_pairs(tmp_path / "pairs.pt")


def load(path: Any, **settings: Any) -> Any:
    return load_model(f"metatomic:{path}", device="cpu", trust=True, **settings)


def energy_of_pairs(atoms: Atoms) -> float:
    """Return what `Pairs` gives, by ASE's neighbours."""
    from ase.neighborlist import neighbor_list

    distances = neighbor_list("d", atoms, 8.0 * Bohr) / Bohr
    return float(np.exp(-distances).sum()) / 2 * Hartree


def test_half_lists_units_and_energies_of_whole_structures(path: Path) -> None:
    model = load(path)
    crystal = bulk("MgO", "rocksalt", a=4.25) * (2, 1, 1)
    crystal.rattle(0.1, seed=3)
    pair = Atoms("MgO", [(0, 0, 0), (1.8, 0, 0)])
    found = model.evaluate([crystal, pair])
    # ASE and metatomic have the atomic units of different years.
    assert found[0].energy_eV == pytest.approx(energy_of_pairs(crystal), rel=1e-7)
    assert found[1].energy_eV == pytest.approx(energy_of_pairs(pair), rel=1e-7)
    assert found[0].atomic_energies_eV is None
    force = np.exp(-1.8 / Bohr) * Hartree / Bohr
    np.testing.assert_allclose(found[1].forces_eV_per_A[:, 0], [-force, force], rtol=1e-7)
    [row] = model.rows(pair, [(0, np.array([1.0, 0.0, 0.0]))])
    np.testing.assert_allclose(row[:, 0], [force / Bohr, -force / Bohr], rtol=1e-7)
    across = force / 1.8  # a spring that pushes has negative curvature across its axis
    [row] = model.rows(pair, [(0, np.array([0.0, 1.0, 0.0]))])
    np.testing.assert_allclose(row[:, 1], [-across, across], rtol=1e-7)


def test_of_an_unknown_architecture_nothing_is_claimed(path: Path) -> None:
    stated = load(path).capabilities
    assert stated.cutoff_A == pytest.approx(8.0 * Bohr, rel=1e-6)
    assert (stated.equivariant, stated.mirror_equivariant) == (None, None)
    assert (stated.receptive_field_A, stated.size_consistent) == (None, None)
    assert stated.atomic_energies is False
    assert stated.elements == frozenset({8, 12})
    with pytest.raises(ModelError, match="does not know Si"):
        load(path).evaluate([bulk("Si")])


def test_one_of_several_energies_can_be_named(tmp_path: Path) -> None:
    path = save_pairs(tmp_path / "variant.pt", "energy/pbe")
    model = load(f"{path}#pbe")
    assert model.identity.options == {"variant": "pbe"}
    pair = Atoms("MgO", [(0, 0, 0), (1.8, 0, 0)])
    assert model.evaluate([pair])[0].energy_eV == pytest.approx(energy_of_pairs(pair), rel=1e-7)
    with pytest.raises(ModelError, match=r"no energy 'r2scan': choose one of pbe"):
        load(f"{path}#r2scan")


def test_models_without_an_energy_are_refused(tmp_path: Path) -> None:
    path = save_pairs(tmp_path / "other.pt", "my::numbers")
    with pytest.raises(ModelError, match=r"other\.pt has no energy, only my::numbers"):
        load(path)


def test_a_device_that_the_model_is_not_made_for_is_refused(path: Path) -> None:
    from nearsight.models.families.metatomic.load import load as load_from
    from nearsight.models.loading import LoadRequest

    with pytest.raises(ModelError, match=r"runs on cpu only, not on cuda:0; .*`device` cpu"):
        load_from(LoadRequest(f"metatomic:{path}", str(path), "float64", "cuda:0", True))


def test_a_file_needs_trust(path: Path) -> None:
    with pytest.raises(ModelError, match=r"pairs\.pt \(sha256 .* load it with `trust`"):
        load_model(f"metatomic:{path}", device="cpu")


def test_files_that_are_no_model_are_refused(tmp_path: Path, path: Path) -> None:
    whole = path.read_bytes()
    for name in ("some.pt", "some.ckpt"):
        for content in (b"", b"# a text\n", whole[: len(whole) // 2]):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(ModelError, match=rf"{name} is not a usable .* again, or export"):
                load(tmp_path / name)
    with pytest.raises(ModelError, match=r"there is no metatomic model at .*; check the path"):
        load(tmp_path / "nowhere.pt")


def test_every_pet_of_upet_has_its_name() -> None:
    version = pytest.importorskip("upet._version", reason="upet lists its models")
    named = {name for name, one in MODELS.items() if one.family == "metatomic"}
    assert named == {*version.UPET_AVAILABLE_MODELS, "pet-mad"}


def test_without_trust_nothing_is_downloaded() -> None:
    with pytest.raises(ModelError, match=r"https://huggingface.co/lab-cosmo/upet .* `trust`"):
        load_model("pet-mad-s", device="cpu")


@pytest.fixture
def checkpoint(random_pet: Callable[..., Any], tmp_path: Path) -> Path:
    """A checkpoint of a random PET, as metatrain saves it."""
    torch.save(random_pet("float32").get_checkpoint(), tmp_path / "model.ckpt")
    return tmp_path / "model.ckpt"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_checkpoint_is_the_model_that_would_be_exported(
    checkpoint: Path, random_pet: Callable[..., Any], tmp_path: Path, dtype: str
) -> None:
    random_pet("float32").export().save(tmp_path / "model.pt")
    atoms = bulk("MgO", "rocksalt", a=4.3)
    atoms.rattle(0.05, seed=3)
    models = [load(checkpoint, dtype=dtype), load(tmp_path / "model.pt", dtype=dtype)]
    assert models[0].capabilities == models[1].capabilities
    [one], [other] = (model.evaluate([atoms]) for model in models)
    limit = 1e-12 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(one.forces_eV_per_A, other.forces_eV_per_A, rtol=0, atol=limit)
    seed = (0, np.array([1.0, 0.0, 0.0]))
    [row], [expected] = (model.rows(atoms, [seed]) for model in models)
    np.testing.assert_allclose(row, expected, rtol=0, atol=100 * limit)


def test_a_model_of_charges_and_spins_is_refused(
    random_pet: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "charged.ckpt"
    torch.save(random_pet(system_conditioning=True).get_checkpoint(), path)
    with pytest.raises(ModelError, match=r"asks for charge, spin_multiplicity beside the struct"):
        load(path)


def test_a_named_model_is_downloaded_in_its_newest_version(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    models = pytest.importorskip("upet._models", reason="upet downloads its models")
    import huggingface_hub

    files = ["pet-mad-s-v1.0.2.ckpt", "pet-mad-s-v1.5.0.ckpt", "pet-mad-m-v1.6.0.ckpt"]
    asked = []

    def fetch(**file: str) -> str:
        asked.append((file["repo_id"], file["subfolder"], file["filename"]))
        return str(checkpoint)

    monkeypatch.setattr(models, "_get_upet_repo_files", lambda: files)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetch)
    model = load_model("PET-MAD", device="cpu", trust=True)
    assert asked == [("lab-cosmo/upet", "models", files[1])]
    assert model.identity.name == "pet-mad"
    assert model.identity.options == {"version": "1.5.0"}
    assert model.identity.checkpoint_sha256 == load(checkpoint).identity.checkpoint_sha256
    stated = model.capabilities
    assert (model.facts.training_data, stated.equivariant) == ("MAD", False)
    assert model.facts.citation == "doi 10.1038/s41467-025-65662-7"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("error", [OSError("no route to host"), ValueError("no such size")])
def test_a_failed_download_names_the_other_way(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = pytest.importorskip("upet._models", reason="upet downloads its models")

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(models, "upet_resolve_model", fail)
    with pytest.raises(ModelError, match=rf"cannot be downloaded: {error}.* as metatomic:<path>"):
        load_model("pet-mad", device="cpu", trust=True)
