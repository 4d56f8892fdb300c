"""The commands about models: what there is, what it says, and what makes and takes environments."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import nearsight
from nearsight.cli import model_check, model_install
from nearsight.cli.main import main
from nearsight.errors import ModelError
from nearsight.models import registry
from nearsight.models.contract import Model
from nearsight.models.environments import Environment, Place
from nearsight.models.families import FAMILIES, MODELS
from nearsight.models.family import Family
from nearsight.models.verdicts import Verdict, last_verdict
from nearsight.progress import Progress
from nearsight.testing import check_model
from nearsight.testing.structures import examination_structures

KEYS = {
    *("name", "family", "training_data", "level_of_theory", "cutoff_A", "layers", "parameters"),
    *("licence", "differentiable", "conservative", "equivariant", "curvature_smooth"),
    *("installed", "weights_here", "conformance"),
}

MADE = Environment(
    family="mace",
    python="3.11.7",
    nearsight=nearsight.__version__,
    source="nearsight==0",
    installer="uv 9",
    torch="2.13.0+cpu, for CPUs",
    torch_choice="for a test",
    packages=("torch==2.13.0+cpu",),
    date="2026-01-02T03:04:05+00:00",
    seconds=60.0,
    size_MB=1500.0,
)


@pytest.fixture
def only_ase(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no family but ASE be in this environment."""
    here = property(lambda family: None if family.name == "ase" else "needs what is not here")
    monkeypatch.setattr(Family, "obstacle", here)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function: make what looks like an environment of a family."""
    monkeypatch.setenv("NEARSIGHT_ENVIRONMENTS", str(tmp_path / "environments"))

    def make(family: str, record: Environment | None = MADE) -> Path:
        place = Place.of(family)
        place.python.parent.mkdir(parents=True)
        place.python.touch()
        if record is not None:
            replace(record, family=family).write(place.record)
        return place.folder

    return make


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    assert main(["models", "list", "--json", "-"]) == 0
    records = json.loads(capsys.readouterr().out)
    return {record["name"]: record for record in records}


def test_the_list_has_these_keys_for_every_model(capsys: pytest.CaptureFixture[str]) -> None:
    records = listed(capsys)
    assert list(records) == list(MODELS)
    for name, record in records.items():
        assert set(record) == KEYS
        assert record["family"] == MODELS[name].family
        assert record["conformance"] is None
    assert records["sevennet-0"]["parameters"] == 842_440
    assert records["mace-mp-0-large"]["parameters"] is None


def test_the_list_says_what_is_installed(
    only_ase: None, made: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made("sevennet")
    made("chgnet", None)
    made("mace", replace(MADE, nearsight="0.0.7"))
    records = listed(capsys)
    assert {record["family"] for record in records.values() if record["installed"]} == {"sevennet"}
    assert records["sevennet-0"]["weights_here"] is True
    assert records["chgnet-0.3.0"]["weights_here"] is False
    assert records["mace-dac-1"]["weights_here"] is False
    main(["models", "list"])
    lines = capsys.readouterr().out.splitlines()
    rows = lines[: lines.index("")] + [line for line in lines if ":..." in line]
    places = {line.split()[0]: line.split()[-1] for line in rows}
    assert places["sevennet-0"] == places["sevennet:..."] == "own"
    assert places["chgnet:..."] == places["chgnet-r2scan"] == "half"
    assert (places["mace:..."], places["nequip:..."], places["ase:..."]) == ("old", "no", "here")
    assert any("half: its installation was interrupted" in line for line in lines)
    assert any("no: not installed; nearsight models install NAME" in line for line in lines)


@pytest.mark.parametrize(
    ("changes", "here"),
    [
        ({"packages": (*MADE.packages, "dac-sim==0.0.3")}, True),
        ({"packages": (*MADE.packages, "dac-sim==0.0.2")}, False),
        ({"packages": (*MADE.packages, "dac-sim==0.0.3"), "nearsight": "0.0.7"}, False),
    ],
)
def test_weights_in_a_wheel_are_where_it_was_installed(
    changes: dict[str, Any],
    here: bool,
    only_ase: None,
    made: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    made("mace", replace(MADE, **changes))
    records = listed(capsys)
    assert records["mace-dac-1"]["weights_here"] is here
    assert records["mace-mp-0-small"]["weights_here"] is False  # it is downloaded
    main(["models", "show", "mace-dac-1"])
    said = capsys.readouterr().out
    assert "inside dac-sim==0.0.3, which is installed with the family" in said
    assert "dac-sim==0.0.3 (without dependencies)" in said


def test_the_table_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["list"], *(["show", name] for name in (*MODELS, *FAMILIES))):
        assert main(["models", *arguments]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 80, arguments


def test_the_list_needs_no_heavy_package() -> None:
    code = (
        "import sys; from nearsight.cli.main import main; main(['models', 'list']); "
        "print({'torch', 'phonopy', 'matplotlib', 'scipy.optimize'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_showing_a_model_and_a_family(
    only_ase: None, made: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made("mace")
    main(["models", "show", "MACE-MP-0-small"])
    said = capsys.readouterr().out
    for part in (
        "mace-mp-0-small\n",
        "PBE (+U as in the Materials Project)",
        "3,847,696 numbers",
        "arXiv 2401.00096",
        "installs    torch==2.13.0\n",
        "installs    mace-torch>=0.3.16,<0.4, e3nn==0.4.4, numba>=0.63",
        "in an environment of its own",
        "Python 3.11.7",
        str(folder),
        "never here",
    ):
        assert part in said
    main(["models", "show", "fairchem"])
    said = capsys.readouterr().out
    assert "FAIR Chemistry License v1" in said
    assert "HF_TOKEN" in said
    assert "nearsight models install fairchem" in said


@pytest.mark.parametrize("action", ["show", "install", "remove"])
def test_an_unknown_name(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", action, "maze"]) == 1
    assert "there is no model and no family of models 'maze'. Did you mean mace" in (
        capsys.readouterr().err
    )


def test_installing_shows_the_licence_first(
    only_ase: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def install(family: str, *, accept_licence: bool, progress: Progress) -> Environment:
        asked.append((family, accept_licence))
        assert "licence     MIT; weights of mace-mp-0-small: MIT" in capsys.readouterr().out
        return MADE

    monkeypatch.setattr(model_install, "install", install)
    assert main(["models", "install", "mace-mp-0-small"]) == 0
    assert asked == [("mace", False)]
    said = capsys.readouterr().out
    assert "Python 3.11.7, 1 packages, 1500 MB in 60 s with uv 9" in said
    assert "2.13.0+cpu, for CPUs: for a test" in said


def test_a_licence_that_restricts_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted = []
    monkeypatch.setattr(
        model_install,
        "install",
        lambda family, *, accept_licence, progress: accepted.append(accept_licence) or MADE,
    )
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, status in (("y", 0), ("YES", 0), ("", 1), ("n", 1)):
        monkeypatch.setattr("builtins.input", lambda question, answer=answer: answer)
        assert main(["models", "install", "fairchem"]) == status
    assert accepted == [True, True]
    assert "the licence was not accepted; fairchem is not installed" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    main(["models", "install", "fairchem", "--accept-licence"])
    main(["models", "install", "fairchem"])
    assert accepted == [True, True, True, False]


def test_without_a_terminal_a_restricting_licence_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(["models", "install", "fairchem"]) == 1
    captured = capsys.readouterr()
    assert "restricted  FAIR Chemistry License v1" in captured.out
    assert "accept it (--accept-licence)." in captured.err


def test_an_interrupted_installation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def install(family: str, *, accept_licence: bool, progress: Progress) -> Environment:
        raise KeyboardInterrupt

    monkeypatch.setattr(model_install, "install", install)
    assert main(["models", "install", "mace"]) == 130
    assert "Nothing of mace is left; the same command begins again." in capsys.readouterr().err


def test_installing_twice_and_removing(
    made: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made("mace")
    assert main(["models", "install", "mace"]) == 0
    assert "installed already" in capsys.readouterr().out
    assert main(["models", "remove", "mace"]) == 0
    assert capsys.readouterr().out == f"removed {folder}\n"
    assert not folder.exists()
    assert main(["models", "remove", "mace"]) == 1
    assert "mace has no environment in" in capsys.readouterr().err


def test_a_check_prints_each_line_and_keeps_the_verdict(
    monkeypatch: pytest.MonkeyPatch,
    pair_model: Callable[..., Model],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    small = {"MgO": examination_structures()["MgO"]}
    monkeypatch.setattr(model_check, "check_model", lambda model, **_: check_model(model, small))
    monkeypatch.setattr(
        registry, "load_model", lambda name, **settings: pair_model(name="sevennet-0")
    )
    assert main(["models", "check", "sevennet-0"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert max(map(len, lines[:-1])) <= 80
    assert lines[0] == "sevennet-0, float64 on cpu"
    assert any(line.startswith("    ok  forces = -dE/dr") for line in lines)
    verdict = last_verdict("sevennet-0")
    assert verdict is not None
    assert (verdict.passed, verdict.n_failed) == (True, 0)
    assert verdict.nearsight == nearsight.__version__
    record = listed(capsys)["sevennet-0"]["conformance"]
    assert record == verdict.to_json()
    assert record["model"]["name"] == "sevennet-0"
    main(["models", "show", "sevennet-0"])
    assert f"passed: {verdict.n_passed} of {verdict.n_passed} checks" in capsys.readouterr().out


def test_a_failed_check_says_where(
    monkeypatch: pytest.MonkeyPatch,
    pair_energy: type[Any],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    from nearsight.models.engines.torch_model import TorchModel

    class Wrong(pair_energy):  # type: ignore[misc]
        def energy(self, graph: Any, positions: Any, strain: Any) -> Any:
            return super().energy(graph, positions, strain) + 0.01 * positions[:, 0]

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    small = {"MgO": examination_structures()["MgO"]}
    monkeypatch.setattr(model_check, "check_model", lambda model, **_: check_model(model, small))
    monkeypatch.setattr(registry, "load_model", lambda name, **_: TorchModel(Wrong()))
    assert main(["models", "check", "pair"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines[:-1])) <= 80
    assert any(line.startswith("FAILED  forces turn with structure") for line in lines)
    verdict = last_verdict("pair")
    assert verdict is not None
    assert not verdict.passed
    assert any(failure.startswith("forces turn") for failure in verdict.failures)


def test_verdicts_of_any_name_are_kept_and_damaged_ones_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("sevennet-0+d3", "mace:/a/../b.model#pbe", "x" * 300):
        verdict = Verdict(True, 1, 0, 0, (), {"name": name}, "0", "2026-01-01")
        path = verdict.save()
        assert path.parent == tmp_path / "nearsight" / "conformance"
        assert last_verdict(name) == verdict
        for content in ("", "[]", "{}", "null"):
            path.write_text(content)
            assert last_verdict(name) is None


def test_models_side_by_side(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = "ase:emt,ase:lj,ase:nonsense,sevennet"
    status = main(["models", "compare", "copper.cif", "--models", names, "--json", "all.json"])
    assert status == 1
    captured = capsys.readouterr()
    assert max(map(len, captured.out.splitlines())) <= 80
    assert "FAILED: ASE has no calculator named 'nonsense'." in captured.out
    emt, lj, nonsense, unknown = json.loads((folder / "all.json").read_text())
    assert [one["model"] for one in (emt, lj, nonsense, unknown)] == names.split(",")
    assert nonsense["error"]["type"] == unknown["error"]["type"] == "ModelError"

    from ase.calculators.emt import EMT
    from ase.units import GPa

    from nearsight.structures import read_structure

    copper = read_structure("copper.cif")
    copper.calc = EMT()
    assert emt["energy_eV_per_atom"] == pytest.approx(copper.get_potential_energy() / 4)
    assert emt["max_force_eV_per_A"] == pytest.approx(
        max((copper.get_forces() ** 2).sum(axis=1)) ** 0.5
    )
    assert emt["stress_GPa"] == pytest.approx((copper.get_stress() / GPa).tolist())
    assert emt["ms_per_force_call"] > 0
    assert emt["memory_MB"] >= 0
    assert emt["identity"]["name"] == "ase:emt"


def test_long_names_leave_room_and_addresses_stay_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = "https://example.org/a-rather-long/address-of-weights/2023-12-10-epoch-249.model"

    def load(name: str, **settings: Any) -> Model:
        if name == "far":
            raise ModelError(f"far cannot be downloaded. Fetch {address} by other means.")
        return model_load(name, **settings)

    model_load = registry.load_model
    monkeypatch.setattr(registry, "load_model", load)
    long_name = "ase:lj?epsilon=0.010000000000&sigma=2.2000000000"
    assert main(["models", "compare", "copper.cif", "--models", f"{long_name},far"]) == 1
    lines = capsys.readouterr().out.splitlines()
    [row] = [line for line in lines if line.startswith("…")]
    assert len(row) == 80
    assert row.split()[0].endswith("sigma=2.2000000000")
    assert sum(address in line for line in lines) == 1
    assert max(len(line) for line in lines if address not in line) <= 80


def test_a_molecule_has_no_stress_and_a_crash_is_a_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(name: str, **settings: Any) -> Model:
        if name == "broken":
            raise ZeroDivisionError("division by\nzero")
        return model_load(name, **settings)

    model_load = registry.load_model
    monkeypatch.setattr(registry, "load_model", load)
    arguments = ["models", "compare", "nitrogen.xyz", "--models", "broken,ase:emt", "--json", "-"]
    assert main(arguments) == 1
    broken, emt = json.loads(capsys.readouterr().out)
    assert broken["error"] == {"type": "ZeroDivisionError", "message": "division by\nzero"}
    assert emt["stress_GPa"] is None
    assert main(["models", "compare", "nitrogen.xyz", "--models", " , "]) == 1
    assert "--models names no model" in capsys.readouterr().err
