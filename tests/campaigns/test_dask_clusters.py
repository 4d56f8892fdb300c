"""Clusters that are started by a profile: jobs of a stand-in for Slurm, and hosts by ssh."""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import moody
import nearsight
from nearsight.campaigns import Specification, Store, on_cluster, run_campaign, status_of
from nearsight.campaigns.cluster_profile import HostWorkers, SlurmWorkers
from nearsight.campaigns.dask_clusters import make_cluster, started
from nearsight.campaigns.phase import View
from nearsight.errors import ExecutionError
from nearsight.execution import DaskWorkers
from nearsight.models.spec import ModelSpec
from nearsight.workflows import EnergySettings

from .conftest import inputs

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
if find_spec("dask_jobqueue") is None:  # not imported here: that changes what Ctrl-C does
    pytest.skip("dask-jobqueue is in the extra dask", allow_module_level=True)

SOURCE = Path(nearsight.__file__).parent.parent

SBATCH = """#!/bin/sh
echo . >> {folder}/submitted
cp "$1" "$1.job"
setsid sh "$1.job" > /dev/null 2>&1 &
echo $!
"""
SCANCEL = "#!/bin/sh\nkill -TERM -- -$1\n"


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put commands first on the path that run jobs here."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (folder / name).write_text(text.format(folder=tmp_path), encoding="ascii")
        (folder / name).chmod(0o755)
    paths = os.pathsep.join([str(SOURCE), str(Path(moody.__file__).parent)])
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", paths)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def busy_port(port: int) -> Iterator[None]:
    """Listen at a port, unless somebody else does."""
    with socket.socket() as listening:
        with suppress(OSError):
            listening.bind(("", port))
            listening.listen()
        yield


def test_jobs_ask_for_what_the_profile_says(slurm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = SlurmWorkers(
        workers=3,
        cores=8,
        memory_GiB=12,
        wall_time_h=36.5,
        queue="long",
        account="chem",
        directives=("--gres=gpu:1",),
        prologue=("module load cuda",),
    )
    for name in [each for each in sys.modules if each.startswith("dask_jobqueue")]:
        monkeypatch.delitem(sys.modules, name)  # its import sets a handler for SIGINT
    with busy_port(8787):
        cluster, n = make_cluster(profile, Path("/env/bin/python"))
    with cluster:
        lines = cluster.job_script().splitlines()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert n == 3
    for line in (
        "#SBATCH -p long",
        "#SBATCH -A chem",
        "#SBATCH -n 1",
        "#SBATCH --cpus-per-task=8",
        "#SBATCH --mem=12G",
        "#SBATCH -t 36:30:00",
        "#SBATCH --gres=gpu:1",
        "module load cuda",
    ):
        assert line in lines
    command = lines[-1]
    assert lines.index("module load cuda") < lines.index(command)
    assert command.startswith("/env/bin/python -m distributed.cli.dask_worker tcp://")
    for words in (
        "--nthreads 1",
        "--memory-limit 12.00GiB",
        "--resources cores=8",
        "--lifetime 2116.2m --lifetime-stagger 30m",  # of 2190 minutes
    ):
        assert words in command
    assert not (slurm / "submitted").exists()


def test_workers_that_end_as_planned_are_replaced(slurm: Path) -> None:
    # Slow (some 10 s): a job is started, its worker ends while it works, and another one follows.
    napping = ModelSpec(f"ase:moody:Moody?folder={slurm}&nap=0.2")
    store = Store.create(slurm / "run.db", Specification({"energy": EnergySettings()}, (napping,)))
    list(store.add(inputs(12)))
    to_retire: list[distributed.Client] = []

    @contextmanager
    def start(model: ModelSpec, told: Callable[[object], object], _: bool) -> Iterator[DaskWorkers]:
        here = started(SlurmWorkers(memory_GiB=1), Path(sys.executable), look_s=0.5)
        with (
            here as cluster,
            DaskWorkers(cluster.scheduler, model, told=told) as workers,
            distributed.Client(cluster.scheduler, set_as_default=False) as client,
        ):
            to_retire.append(client)
            yield workers

    def watch(view: View) -> None:
        if view.done > 3 and to_retire:
            client = to_retire.pop()
            client.retire_workers(list(client.scheduler_info()["workers"]))

    with dask.config.set({"distributed.deploy.lost-worker-timeout": "0.5s"}):
        run_campaign(store, start, watch=watch)
    assert status_of(store).tallies[0].done == 12
    assert store.select("SELECT max(deaths) FROM nearsight_jobs") == [(0,)]
    assert (slurm / "submitted").read_text(encoding="ascii") == 2 * ".\n"
    lines = (slurm / "calls").read_text(encoding="ascii").splitlines()
    assert len({line.split()[0] for line in lines}) == 2
    assert 12 <= len(lines) <= 13  # what the first worker was at is done by the second one


def test_jobs_that_end_before_their_workers_report_end_the_campaign(
    slurm: Path, caplog: pytest.LogCaptureFixture
) -> None:
    squeue = slurm / "bin" / "squeue"
    squeue.write_text("#!/bin/sh\n", encoding="ascii")  # no job waits or runs
    squeue.chmod(0o755)
    profile = SlurmWorkers(workers=2, prologue=("exit 1",), log_folder="printed")
    with (
        started(profile, Path(sys.executable), look_s=0.2, patience_s=0.4) as cluster,
        DaskWorkers(cluster.scheduler, trouble=cluster.trouble) as workers,
    ):
        future = workers.submit(abs, -1)
        with pytest.raises(ExecutionError, match=r"6 jobs, the last .* is in printed\. Correct"):
            future.result(timeout=60)
    assert "has ended before its worker reported; see printed" in caplog.text
    assert (slurm / "submitted").read_text(encoding="ascii") == 6 * ".\n"


def test_there_is_no_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(ExecutionError, match="no sbatch here; start the campaign on a machine"),
        started(SlurmWorkers(), Path(sys.executable)),
    ):
        pass


@contextmanager
def ssh_server(folder: Path) -> Iterator[None]:
    """Let commands for the host ``node1`` run here, by a server of ssh that is this process."""
    asyncssh = pytest.importorskip("asyncssh")
    own, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    user.write_private_key(folder / "id")
    (folder / "authorized").write_bytes(user.export_public_key())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    commands: list[asyncio.subprocess.Process] = []

    async def serve(process: Any) -> None:
        command = await asyncio.create_subprocess_shell(
            process.command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        commands.append(command)
        await process.redirect(stdout=command.stdout, stderr=command.stderr)
        process.exit(await command.wait())

    async def begin() -> Any:
        return await asyncssh.listen(
            "127.0.0.1",
            server_host_keys=[own],
            authorized_client_keys=str(folder / "authorized"),
            process_factory=serve,
        )

    async def end() -> None:
        server.close()
        for command in commands:  # which end with their scheduler
            await asyncio.wait_for(command.wait(), 30.0)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=5.0)

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result()
    port = server.get_port()
    known = f"node1,[node1]:{port} {own.export_public_key().decode()}"
    (folder / "known").write_text(known, encoding="ascii")
    (folder / ".ssh").mkdir()
    (folder / ".ssh" / "config").write_text(
        f"Host node1\nHostName 127.0.0.1\nHostKeyAlias node1\nPort {port}\nUser anyone\n"
        f"IdentityFile {folder}/id\nUserKnownHostsFile {folder}/known\n",
        encoding="ascii",
    )
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_workers_on_hosts(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Slow (some 5 s): a worker is started by ssh.
    monkeypatch.setenv("HOME", str(tmp_path))
    paths = os.pathsep.join([str(SOURCE), str(Path(moody.__file__).parent)])
    monkeypatch.setenv("PYTHONPATH", paths)
    list(store.add(inputs(5)))
    with ssh_server(tmp_path):
        run_campaign(store, on_cluster(HostWorkers(names=("node1",), cores=3, memory_GiB=1)))
    assert status_of(store).tallies[0].done == 5
    workers = {line.split()[0] for line in (tmp_path / "calls").read_text("ascii").splitlines()}
    assert len(workers) == 1
    assert workers != {str(os.getpid())}


def test_hosts_that_ssh_does_not_reach_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("asyncssh")
    monkeypatch.setenv("HOME", str(tmp_path))
    with (
        pytest.raises(ExecutionError, match=r"cannot be started on nowhere\.invalid: "),
        started(HostWorkers(names=("nowhere.invalid",)), Path(sys.executable)),
    ):
        pass
