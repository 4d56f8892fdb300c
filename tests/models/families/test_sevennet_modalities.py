"""SevenNet models of several fidelities, against the calculator of their own package."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import torch
from ase import Atoms
from ase.build import molecule

from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.families.d3.functionals import functional_of
from nearsight.models.registry import load_model
from nearsight.testing import check_model
from nearsight.testing.structures import examination_structures

pytest.importorskip("sevenn", reason="the tests of SevenNet need sevenn")

MODALITIES = ("PBE", "R2SCAN")


@pytest.fixture(scope="module")
def two_fidelities(tiny_sevennet_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The random SevenNet with two modalities, in which everything that can differ does."""
    from sevenn import _const
    from sevenn.model_build import build_E3_equivariant_model

    content = torch.load(tiny_sevennet_path, weights_only=False)
    config = deepcopy(_const.DEFAULT_E3_EQUIVARIANT_MODEL_CONFIG) | content["config"]
    shifts = {"coarse": [-1.0, -2.0, -3.0, -4.0, -5.0], "fine": [-1.5, -2.5, -3.5, -4.5, -5.5]}
    config.update(
        use_modality=True,
        use_modal_node_embedding=True,
        use_modal_self_inter_intro=True,
        use_modal_self_inter_outro=True,
        use_modal_output_block=True,
        use_modal_wise_shift=True,
        use_modal_wise_scale=True,
        _modal_map={"coarse": 0, "fine": 1},
        _number_of_modalities=2,
        shift=[shifts["coarse"], shifts["fine"]],
        scale=[[2.0] * 5, [3.0] * 5],
    )
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = build_E3_equivariant_model(deepcopy(config))
    content |= {"config": config, "model_state_dict": model.state_dict()}
    path = tmp_path_factory.mktemp("modalities") / "two.pth"
    torch.save(content, path)
    return path


def load(path: Path, modal: str, **settings: Any) -> Model:
    return load_model(f"sevennet:{path}?modal={modal}", device="cpu", trust=True, **settings)


def triclinic() -> Atoms:
    random = np.random.default_rng(4)
    cell = 4.2 * np.eye(3) + random.uniform(-0.8, 0.8, size=(3, 3))
    scaled = [[0, 0, 0], [0.5, 0.5, 0.4], [0.5, 0, 0.5], [0, 0.5, 0]]
    return Atoms("MgOMgO", scaled_positions=scaled, cell=cell, pbc=True)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("modal", MODALITIES)
def test_each_modality_is_that_of_sevenn(modal: str, dtype: str) -> None:
    from sevenn.calculator import SevenNetCalculator

    model = load_model(f"sevennet-mf-0?modal={modal}", dtype=dtype, device="cpu")
    assert (model.identity.name, model.identity.options) == ("sevennet-mf-0", {"modal": modal})
    assert functional_of(model.facts.level_of_theory, "sevennet-mf-0") == modal.lower()
    assert model.facts.citation == "doi 10.1021/jacs.4c14455"
    calculator = SevenNetCalculator("7net-mf-0", modal=modal, device="cpu")
    for atoms in (triclinic(), molecule("CH3CH2OH")):
        atoms.rattle(0.05, seed=3)
        periodic = bool(atoms.pbc.all())
        expected = atoms.copy()
        expected.calc = calculator
        energy, forces = expected.get_potential_energy(), expected.get_forces()
        assert np.abs(forces).max() > 0.1
        [found] = model.evaluate([atoms], stress=periodic)
        assert found.energy_eV == pytest.approx(energy, abs=1e-5 * len(atoms))
        np.testing.assert_allclose(found.forces_eV_per_A, forces, rtol=0, atol=5e-5)
        if periodic:
            stress = expected.get_stress()
            np.testing.assert_allclose(found.stress_eV_per_A3, stress, rtol=0, atol=1e-6)


@pytest.mark.parametrize("modal", ["coarse", "fine"])
def test_a_file_has_the_modalities_that_it_was_trained_for(
    modal: str, two_fidelities: Path
) -> None:
    from sevenn.calculator import SevenNetCalculator

    atoms = triclinic()
    atoms.rattle(0.05, seed=3)
    expected = atoms.copy()
    expected.calc = SevenNetCalculator(str(two_fidelities), modal=modal, device="cpu")
    model = load(two_fidelities, modal)
    assert model.facts.level_of_theory is None
    [found] = model.evaluate([atoms], stress=True)
    assert found.energy_eV == pytest.approx(expected.get_potential_energy(), abs=1e-5)
    assert np.abs(found.forces_eV_per_A).max() > 1e-2
    np.testing.assert_allclose(found.forces_eV_per_A, expected.get_forces(), rtol=0, atol=2e-5)
    np.testing.assert_allclose(found.stress_eV_per_A3, expected.get_stress(), rtol=0, atol=1e-6)


def test_rows_are_derivatives_and_a_batch_is_of_one_modality(two_fidelities: Path) -> None:
    atoms = triclinic()
    atoms.rattle(0.05, seed=3)
    rows = {}
    for modal in ("coarse", "fine"):
        model = load(two_fidelities, modal)
        direction = np.array([0.0, 0.6, 0.8])
        [rows[modal]] = model.rows(atoms, [(1, direction)])
        moved = [atoms.copy(), atoms.copy()]
        for sign, copy in zip((1, -1), moved, strict=True):
            copy.positions[1] += sign * 1e-4 * direction
        plus, minus = (found.forces_eV_per_A for found in model.evaluate(moved))
        np.testing.assert_allclose(rows[modal], (minus - plus) / 2e-4, rtol=0, atol=1e-6)
        alone = [model.evaluate([one])[0].energy_eV for one in (atoms, molecule("H2O"))]
        both = [found.energy_eV for found in model.evaluate([atoms, molecule("H2O")])]
        np.testing.assert_allclose(both, alone, rtol=0, atol=1e-12)
    assert np.abs(rows["fine"] - rows["coarse"]).max() > 1e-2


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_modality_keeps_the_contract(two_fidelities: Path, dtype: str) -> None:
    structures = {n: atoms for n, atoms in examination_structures().items() if n == "MgO"}
    report = check_model(load(two_fidelities, "fine", dtype=dtype), structures)
    assert report.passed, str(report)


def test_a_modality_must_be_chosen_and_be_there(two_fidelities: Path) -> None:
    with pytest.raises(ModelError, match=r"choose one of R2SCAN, PBE as in .*-0\?modal=R2SCAN\."):
        load_model("sevennet-mf-0", device="cpu")
    with pytest.raises(ModelError, match=r"has no modality 'pbe'; choose one of R2SCAN, PBE\."):
        load_model("sevennet-mf-0?modal=pbe", device="cpu")
    with pytest.raises(ModelError, match=r"two\.pth is for several .* choose one of coarse, fine"):
        load_model(f"sevennet:{two_fidelities}", device="cpu", trust=True)
    with pytest.raises(ModelError, match=r"one fidelity only: .* modal=PBE .* Leave the option"):
        load_model("sevennet-0?modal=PBE", device="cpu")
    with pytest.raises(ModelError, match=r"no option task: its options are modal\."):
        load_model("sevennet-0?task=PBE", device="cpu")


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Where sevennet-mf-ompa is published; what is fetched goes to a folder of the test."""
    from sevenn import _const, util

    from nearsight.models.families.sevennet import load as sevennet

    file = str(tmp_path / "package" / "SevenNet_MF_ompa" / "checkpoint.pth")
    address: str = _const.CHECKPOINT_DOWNLOAD_LINKS[_const.SEVENNET_MF_ompa]
    monkeypatch.setattr(util._const, "SEVENNET_MF_ompa", file)
    monkeypatch.setitem(util._const.CHECKPOINT_DOWNLOAD_LINKS, file, address)
    monkeypatch.setitem(sevennet._DOWNLOADED, "sevennet-mf-ompa", ("7net-mf-ompa", file))
    return address


def test_a_named_model_is_downloaded_once(
    address: str,
    two_fidelities: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = []

    class Answer:
        def __init__(self) -> None:
            self.headers = {"content-length": str(two_fidelities.stat().st_size)}

        def raise_for_status(self) -> None:
            pass

        def iter_content(self, size: int) -> list[bytes]:
            return [two_fidelities.read_bytes()]

    def get(url: str, **settings: Any) -> Answer:
        asked.append(url)
        return Answer()

    monkeypatch.setattr(requests, "get", get)
    for _ in range(2):
        model = load_model("sevennet-mf-ompa?modal=fine", device="cpu", trust=True)
    assert asked == [address]
    assert model.identity.checkpoint_sha256 is not None
    assert model.identity.options == {"modal": "fine"}
    assert (model.facts.training_data, model.facts.licence) == ("OMat24, MPtrj, sAlex", "MIT")
    assert model.capabilities.curvature_smooth is None
    assert capsys.readouterr().out == ""


def test_without_trust_nothing_is_downloaded(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "get", lambda *_, **__: pytest.fail("something was fetched"))
    with pytest.raises(ModelError, match=f"from {address} as a pickled .* load it with `trust`"):
        load_model("sevennet-mf-ompa?modal=mpa", device="cpu")


@pytest.mark.parametrize(
    "error", [requests.ConnectionError("no network"), PermissionError("read only")]
)
def test_a_failed_download_names_the_other_way(
    error: Exception, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(requests, "get", fail)
    with pytest.raises(ModelError, match=f"cannot be downloaded: {error}.* as sevennet:<path>"):
        load_model("sevennet-mf-ompa?modal=mpa", device="cpu", trust=True)
