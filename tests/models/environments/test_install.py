"""An environment is made whole or not at all, and whoever is in the way is named."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

import nearsight
from nearsight.errors import InstallationError, ModelError
from nearsight.models.environments import (
    Place,
    State,
    find,
    install,
    preconditions,
    python_of,
    remove,
)
from nearsight.models.environments.locking import locked
from nearsight.models.families import FAMILIES, third_parties
from nearsight.models.family import TORCH

StandIn = Callable[[], list[str]]
INSTALL = "from nearsight.models.environments import install; install('chgnet')"


def test_the_order_of_what_is_installed(stand_in: StandIn, environments: Path) -> None:
    environment = install("mace")
    installs = [call.split(" --constraint ")[1] for call in stand_in() if " install " in call]
    constraints = environments / "mace" / "constraints.txt"
    assert constraints.read_text() == f"{TORCH}\n"
    assert installs[0] == f"{constraints} {TORCH}"
    assert installs[1] == f"{constraints} mace-torch>=0.3.16,<0.4 e3nn==0.4.4 numba>=0.63"
    assert installs[2] == f"{constraints} --no-deps dac-sim==0.0.3"
    assert installs[3] == f"{constraints} --editable {Path(nearsight.__file__).parents[2]}"
    assert (environment.torch, environment.python) == ("2.13.0+cpu, for CPUs", "3.11.7")
    assert environment.packages == ("torch==2.13.0+cpu", "tiny==1.0")
    assert environment.installer == "uv 9.9.9"
    assert "neither does https://download.pytorch.org/whl/cpu" in environment.torch_choice
    assert environment.size_MB < 1
    assert find("mace") == (State.COMPLETE, environment)
    assert python_of("mace") == environments / "mace" / "venv" / "bin" / "python"


def test_packages_without_their_dependencies_and_without_pytorch(stand_in: StandIn) -> None:
    install("nequix")
    assert not any(call.endswith(TORCH) for call in stand_in())
    alone = [call for call in stand_in() if "--no-deps" in call]
    assert len(alone) == 1
    assert alone[0].endswith("--no-deps nequix==0.4.5")


def test_a_complete_environment_is_left_alone(stand_in: StandIn) -> None:
    first = install("chgnet")
    n_calls = len(stand_in())
    assert install("chgnet") == first
    assert len(stand_in()) == n_calls


@pytest.mark.parametrize(
    "what", ["torch==", "chgnet>=", "--editable", "nearsight.models.families.chgnet.load"]
)
def test_after_a_failure_nothing_is_left_but_the_log(
    stand_in: StandIn, failing: Callable[[str, str], None], environments: Path, what: str
) -> None:
    failing(what, "ERROR: no such thing")
    with pytest.raises(InstallationError) as error:
        install("chgnet")
    log = environments / "chgnet.log"
    assert str(error.value).startswith("chgnet cannot be installed: the installer ended with ")
    assert f"said is in {log}, and last\n" in str(error.value)
    assert str(error.value).endswith("  ERROR: no such thing")
    assert "ERROR: no such thing" in log.read_text()
    assert not (environments / "chgnet").exists()
    assert find("chgnet") == (State.ABSENT, None)


def test_a_full_disk_has_a_message_of_its_own(
    stand_in: StandIn, failing: Callable[[str, str], None], environments: Path
) -> None:
    failing("chgnet>=", "ERROR: Could not install: [Errno 28] No space left on device")
    with pytest.raises(InstallationError, match=r"the disk is full\. .*NEARSIGHT_ENVIRONMENTS"):
        install("chgnet")
    assert not (environments / "chgnet").exists()


def test_no_room_is_said_before_anything_is_done(
    stand_in: StandIn, environments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")  # as shutil returns it
    monkeypatch.setattr(preconditions.shutil, "disk_usage", lambda path: usage(9e9, 8e9, 700e6))
    with pytest.raises(InstallationError, match=f"about {FAMILIES['mace'].size_MB} MB, but .* 700"):
        install("mace")
    assert not stand_in()
    assert not (environments / "mace").exists()


def test_a_folder_that_cannot_be_made(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NEARSIGHT_ENVIRONMENTS", str(tmp_path / "file" / "environments"))
    with pytest.raises(InstallationError, match=r"cannot be made .*Not a directory"):
        install("chgnet")


def test_a_folder_that_may_not_be_written(
    stand_in: StandIn, environments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preconditions.os, "access", lambda path, mode: path != environments)
    with pytest.raises(InstallationError, match=r"may not be written; .*NEARSIGHT_ENVIRONMENTS"):
        install("chgnet")


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_stops_the_installer_and_leaves_nothing(
    stand_in: StandIn, environments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_HANGS", "chgnet>=")
    children: list[psutil.Process] = []

    def interrupt() -> None:
        wait_for(lambda: any("chgnet>=" in call for call in stand_in()))
        children.extend(psutil.Process().children(recursive=True))
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        install("chgnet")
    thread.join()
    assert children
    psutil.wait_procs(children, timeout=5)
    assert not any(is_running(child) for child in children)
    assert find("chgnet") == (State.ABSENT, None)
    monkeypatch.delenv("STAND_IN_HANGS")
    install("chgnet")
    assert find("chgnet")[0] is State.COMPLETE


def is_free(lock: Path) -> bool:
    """Tell whether nobody holds a lock file."""
    try:
        with locked(lock, "it"):
            return True
    except InstallationError:
        return False


def test_a_killed_installation_begins_again_when_its_installer_has_ended(
    stand_in: StandIn, environments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_HANGS", "chgnet>=")
    killed = subprocess.Popen([sys.executable, "-c", INSTALL])
    try:
        wait_for(lambda: any("chgnet>=" in call for call in stand_in()))
        (installer,) = psutil.Process(killed.pid).children()
        with pytest.raises(InstallationError, match=rf"another process \(process {killed.pid}\)"):
            install("chgnet")
    finally:
        killed.kill()
        killed.wait()
    assert find("chgnet") == (State.PARTIAL, None)
    with pytest.raises(ModelError, match="half made: its installation was interrupted"):
        python_of("chgnet")
    # It still writes files, which nobody must take away now.
    for verb in (install, remove):
        with pytest.raises(InstallationError, match=rf"\(process {installer.pid}\); wait until"):
            verb("chgnet")
    os.killpg(installer.pid, signal.SIGKILL)
    wait_for(lambda: not is_running(installer))
    wait_for(lambda: is_free(environments / "chgnet.lock"))  # it may go a moment later
    monkeypatch.delenv("STAND_IN_HANGS")
    install("chgnet")
    assert find("chgnet")[0] is State.COMPLETE


def test_an_environment_of_another_version_is_refused_and_made_anew(
    stand_in: StandIn, environments: Path
) -> None:
    record = environments / "chgnet" / "environment.json"
    environment = install("chgnet")
    replace(environment, nearsight="0.0.7").write(record)
    with pytest.raises(ModelError) as error:
        python_of("chgnet")
    assert str(error.value) == (
        f"the environment of chgnet in {environments / 'chgnet'} was made by Nearsight 0.0.7, and "
        f"this is {nearsight.__version__}. `nearsight models install chgnet` makes it anew."
    )
    assert find("chgnet")[0] is State.OTHER_VERSION
    assert install("chgnet").nearsight == nearsight.__version__
    assert find("chgnet")[0] is State.COMPLETE


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"family": "chgnet"}', "\xff"])
def test_a_damaged_record_is_no_environment(
    stand_in: StandIn, environments: Path, content: str
) -> None:
    install("chgnet")
    (environments / "chgnet" / "environment.json").write_text(content, encoding="latin-1")
    assert find("chgnet") == (State.PARTIAL, None)


def test_an_environment_whose_python_is_gone_is_no_environment(
    stand_in: StandIn, environments: Path
) -> None:
    install("chgnet")
    shutil.rmtree(environments / "chgnet" / "venv")
    assert find("chgnet") == (State.PARTIAL, None)


def test_the_record_says_all_that_is_in_it(stand_in: StandIn, environments: Path) -> None:
    install("chgnet")
    record = json.loads((environments / "chgnet" / "environment.json").read_text())
    assert set(record) >= {"python", "nearsight", "packages", "torch", "date", "seconds", "size_MB"}
    assert record["packages"] == ["torch==2.13.0+cpu", "tiny==1.0"]


def test_removing(stand_in: StandIn, environments: Path) -> None:
    with pytest.raises(InstallationError, match=f"chgnet has no environment in {environments}"):
        remove("chgnet")
    install("chgnet")
    remove("chgnet")
    assert not Place.of("chgnet").folder.exists()
    assert not Place.of("chgnet").log.exists()


def test_a_restricting_licence_is_accepted_first(stand_in: StandIn) -> None:
    with pytest.raises(InstallationError, match=r"FAIR Chemistry License.*HF_TOKEN.*`accept_lic"):
        install("fairchem")
    assert not stand_in()
    assert install("fairchem", accept_licence=True).family == "fairchem"


def test_what_needs_no_environment_gets_none(stand_in: StandIn) -> None:
    with pytest.raises(InstallationError, match="ase needs no environment"):
        install("ase")


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_the_bar_names_what_is_being_fetched() -> None:
    module = importlib.import_module("nearsight.models.environments.install")
    shown: list[tuple[int, str]] = []
    note = module._shown(lambda done, what: shown.append((done, what)), 2, "PyTorch")
    for line in (
        "Collecting numpy>=2 (from torch)",
        "Downloading torch_ema-0.3-py3-none-any.whl (5 kB)",
        "Downloading sympy (6.0MiB)",
        "",
        "Installing collected packages: numpy",
        "WARNING: [bold]whatever[/bold]",
    ):
        note(line)
    fetched = ["PyTorch", "numpy", "torch_ema", "sympy", "PyTorch"]
    assert shown == [(2, what) for what in fetched]


def test_the_package_that_brings_a_family_comes_last_and_from_where_it_came(
    stand_in: StandIn, environments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, record = tmp_path / "toy_models", tmp_path / "toy_models-1.5.dist-info"
    for folder in (module, record):
        folder.mkdir()
    (module / "__init__.py").write_text(
        "from nearsight.models.family import Family, one_step\n"
        "FAMILY = Family(name='toy', requires='toy', target='a file', licence='MIT', size_MB=1,\n"
        "    steps=one_step('toy-weights==2'), loader='toy_models.load')\n"
        "MODELS = ()\n"
    )
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-models\nVersion: 1.5\n")
    (record / "entry_points.txt").write_text("[nearsight.families]\ntoy = toy_models\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    origins = {"the index": None, "a folder": {"url": tmp_path.as_uri(), "dir_info": {}}}
    (tmp_path / "pyproject.toml").touch()
    for origin in origins.values():
        (record / "direct_url.json").write_text(json.dumps(origin))
        third_parties.cache_clear()
        install("toy")
        remove("toy")
    monkeypatch.undo()
    third_parties.cache_clear()
    installs = [call.split(" --constraint ")[1] for call in stand_in() if " install " in call]
    constraints = environments / "toy" / "constraints.txt"
    own = f"{constraints} --editable {Path(nearsight.__file__).parents[2]}"
    first = [f"{constraints} {TORCH}", f"{constraints} toy-weights==2", own]
    assert installs == [
        *(*first, f"{constraints} toy-models==1.5"),
        *(*first, f"{constraints} {tmp_path}"),
    ]
