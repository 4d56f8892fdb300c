"""Settings from files: what they say counts, what they cannot say is named with file and key."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nearsight.cli.commands import command_parser
from nearsight.cli.main import main
from nearsight.cli.request import requested
from nearsight.errors import SettingError
from nearsight.settings import Settings
from nearsight.workflows.settings import HeatCapacitySettings
from nearsight.workflows.settings_files import merged
from nearsight.workflows.settings_of_workflows import OF_WORKFLOWS

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return a function that writes a file of settings in the current folder, or the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    (tmp_path / "user" / "nearsight").mkdir(parents=True)

    def write(text: str, name: str = "nearsight.toml", folder: str = ".") -> Path:
        path = Path(folder, name)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def settings_of(command: str, *given: str) -> Settings:
    parsed = command_parser().parse_args([command, "crystal.cif", *given])
    return requested(parsed, OF_WORKFLOWS[command]()).settings


def test_options_count_more_than_files_and_the_nearer_file_more(write: Write) -> None:
    write("[relaxation]\nfmax_eV_per_A = 0.1\nmax_steps = 7\n", folder="user/nearsight")
    write("[relaxation]\nmax_steps = 8\noptimizer = 'FIRE'\n")
    write("[relaxation]\noptimizer = 'LBFGS'\n", "run.toml")
    relaxation = settings_of("heat-capacity", "--config", "run.toml").relaxation
    assert (relaxation.fmax_eV_per_A, relaxation.max_steps) == (0.1, 8)
    assert relaxation.optimizer == "LBFGS"
    again = settings_of("heat-capacity", "--config", "run.toml", "--max-steps", "9").relaxation
    assert again.max_steps == 9


def test_a_file_keeps_the_defaults_that_a_workflow_has_of_its_own(write: Write) -> None:
    write("[relaxation]\nmax_steps = 8\n")
    assert settings_of("elastic").relaxation.fmax_eV_per_A == 1e-4
    assert settings_of("relax").relaxation.fmax_eV_per_A == 0.005


def test_a_default_of_another_workflow_is_left_alone(write: Write) -> None:
    write("spectrum = 'dense'\n[convergence]\nreference_radius_A = 9.0\n")
    assert settings_of("heat-capacity").spectrum == "dense"
    assert settings_of("locality").convergence.reference_radius_A == 9.0
    assert settings_of("relax") == OF_WORKFLOWS["relax"]()


def test_every_settings_object_is_a_file(write: Write) -> None:
    """What settings say of themselves, as TOML, makes the same settings again."""
    settings = HeatCapacitySettings().updated(
        {
            "supercell": [2, 2, 1],
            "phonons": {"mesh": [4, 4, 4], "sum_rules": True},
            "thermodynamics": {"temperatures_K": [0.0, 77.5], "acoustic": "exclude"},
        }
    )
    write(as_toml(settings), "run.toml")
    assert settings_of("heat-capacity", "--config", "run.toml") == settings


def as_toml(settings: Settings) -> str:
    plain, tables = [], []
    for name, value in settings.to_json().items():
        if isinstance(value, dict):
            lines = [
                f"{key} = {json.dumps(each)}" for key, each in value.items() if each is not None
            ]
            tables.append("\n".join([f"[{name}]", *lines]))
        elif value is not None:
            plain.append(f"{name} = {json.dumps(value)}")
    return "\n".join([*plain, *tables])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[relaxatoin]\nfmax_eV_per_A = 1.0\n", ("relaxatoin", "did you mean `relaxation`")),
        ("[relaxation]\nfmax = 1.0\n", ("relaxation.fmax", "fmax_eV_per_A")),
        ("fmax = 1.0\n", ("fmax", "did you mean `relaxation.fmax_eV_per_A`?")),
        ("temperatures_K = [3]\n", ("is in a group of settings: `thermodynamics.temperatures_K`",)),
        ("[relaxation]\nfmax_eV_per_A = '1'\n", ("relaxation.fmax_eV_per_A", "number, not '1'")),
        ("[relaxation]\nfmax_eV_per_A = -1\n", ("relaxation.fmax_eV_per_A", "positive, not -1")),
        ("[relaxation]\nfmax_eV_per_A = nan\n", ("relaxation.fmax_eV_per_A", "number, not nan")),
        ("[relaxation]\nmax_steps = 1e400\n", ("relaxation.max_steps", "not inf")),
        ("[relaxation]\noptimizer = 'newtn'\n", ("relaxation.optimizer", "did you mean newton")),
        ("relaxation = 3\n", ("relaxation", "table, not 3")),
        ("model = 'sevennet-0'\n", ("model", "table, not 'sevennet-0'; it may have name,")),
        ("[model]\nnam = 'sevennet-0'\n", ("model.nam", "did you mean `name`")),
        ("[model]\ndtype = 'float16'\n", ("model.dtype", "float64, float32")),
        ("[resources]\ncores = 0\n", ("resources.cores", "positive, not 0")),
        ("supercell = [2, 2]\n", ("supercell", "list of 3 whole numbers")),
        ("supercell = [2, 2, 0]\n", ("supercell", "positive, not 0")),
        ("spectrum = 'mesh\n", ("no TOML",)),
        ("[convergence]\nthreshold_eV_per_A2 = 1.0\n", ("convergence", "no setting")),
        ("x = " + "[" * 100_000 + "\n", ("no TOML",)),
    ],
)
def test_a_file_that_says_what_is_not_possible_is_refused(
    write: Write, text: str, said: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    write(text, "run.toml")
    assert main(["heat-capacity", "crystal.cif", "--config", "run.toml"]) == 1
    told = " ".join(capsys.readouterr().err.split())
    for part in ("run.toml", *said):
        assert part.replace("`", "'") in told


def test_a_default_that_is_not_possible_is_refused_too(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write("[relaxation]\nfmx = 1.0\n")
    assert main(["relax", "crystal.cif"]) == 1
    assert "nearsight.toml, relaxation.fmx" in capsys.readouterr().err


def test_no_folder_decides_which_checkpoints_are_trusted(write: Write) -> None:
    write("[model]\nname = 'mace:model.pt'\ntrust = true\n")
    with pytest.raises(SettingError, match=r"model\.trust"):
        settings_of("relax")


def test_a_file_that_is_not_there_or_not_text(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["relax", "crystal.cif", "--config", "no.toml"]) == 1
    assert "no.toml cannot be read" in capsys.readouterr().err
    Path("run.toml").write_bytes(b"\xff\xfe\x00")
    assert main(["relax", "crystal.cif", "--config", "run.toml"]) == 1
    assert "run.toml is no TOML" in capsys.readouterr().err


def test_contradictions_between_files_and_options_name_both(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write("[relaxation]\nrelax = false\n", "run.toml")
    assert main(["relax", "x.cif", "--config", "run.toml", "--optimizer", "FIRE"]) == 1
    told = capsys.readouterr().err
    assert "--optimizer" in told
    assert "--no-relax" in told


def test_a_contradiction_with_a_default_names_the_file_of_it(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write("[phonons]\nmesh = [8, 8, 8]\n")
    assert main(["heat-capacity", "x.cif", "--spectrum", "dense"]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "leave --mesh out. What nearsight.toml says counts, too." in told


def test_config_says_what_applies_and_from_where(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write("[model]\nname = 'ase:emt'\ndtype = 'float32'\n", folder="user/nearsight")
    write("[model]\nname = 'ase:lj'\n")
    assert main(["config"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "model.name = ase:lj  (nearsight.toml)" in lines
    assert any("model.dtype = float32" in line and "user" in line for line in lines)
    assert main(["config", "heat-capacity"]) == 0
    everything = capsys.readouterr().out
    assert "relaxation.fmax_eV_per_A = 0.005\n" in everything
    assert "model.name = ase:lj  (nearsight.toml)" in everything


def test_the_last_layer_counts() -> None:
    first = {"a": 1, "b": {"c": 2, "d": 3}}
    assert merged([first, {"b": {"c": 4}}, {"e": 5}]) == {"a": 1, "b": {"c": 4, "d": 3}, "e": 5}
