"""Clusters that are started by a profile: jobs of a stand-in for Slurm, and hosts by ssh."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import moody
import nearsight
from nearsight.campaigns import Specification, Store, run_campaign, status_of
from nearsight.campaigns.cluster_profile import SlurmWorkers
from nearsight.campaigns.dask_clusters import make_cluster, started
from nearsight.campaigns.phase import View
from nearsight.errors import ExecutionError
from nearsight.execution import DaskWorkers
from nearsight.models.spec import ModelSpec
from nearsight.workflows import EnergySettings

from .conftest import inputs

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
pytest.importorskip("dask_jobqueue")

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


def test_jobs_ask_for_what_the_profile_says(slurm: Path) -> None:
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
    cluster, n = make_cluster(profile, Path("/env/bin/python"))
    with cluster:
        lines = cluster.job_script().splitlines()
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
        with here as address, DaskWorkers(address, model, told=told) as workers:
            with distributed.Client(address, set_as_default=False) as client:
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


def test_there_is_no_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(ExecutionError, match="no sbatch here; start the campaign on a machine"),
        started(SlurmWorkers(), Path(sys.executable)),
    ):
        pass
