"""Files that say which workers of a cluster a campaign has."""

from pathlib import Path

import pytest

from nearsight.campaigns.cluster_profile import HostWorkers, SlurmWorkers, read_profile
from nearsight.errors import SettingError


def profile(folder: Path, text: str) -> Path:
    path = folder / "profile.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_tables_are_read(tmp_path: Path) -> None:
    read = read_profile(profile(tmp_path, '[slurm]\nworkers = 64\nqueue = "long"\n'))
    assert read == SlurmWorkers(workers=64, queue="long")
    read = read_profile(profile(tmp_path, '[hosts]\nnames = ["a", "b"]\ncores = 8\n'))
    assert read == HostWorkers(names=("a", "b"), cores=8)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[slurm]\nwalltime_h = 3\n", r"slurm\.walltime_h: .* did you mean 'wall_time_h'"),
        ("[slurm]\nworkers = 0\n", "'workers' is positive, not 0"),
        ('[slurm]\nmemory_GiB = "4GB"\n', "'memory_GiB' is a number, not '4GB'"),
        ("[slurm]\nwall_time_h = 0.02\n", "'wall_time_h' 0.02 leaves a worker no time"),
        ("[slurn]\nworkers = 2\n", "did you mean 'slurm'"),
        ("workers = 2\n", "'workers' is in a group of settings"),
        ("slurm = 3\n", "a group of settings is a table, not 3"),
        ("", r"has 0 tables of workers; a profile has one of \[slurm\], \[hosts\]"),
        ("[slurm]\n[hosts]\n", "has 2 tables of workers"),
        ("[hosts]\nworkers = 2\n", "names no hosts; set 'names'"),
        ('[hosts]\nnames = ["a", ""]\n', "names' has '', which is no name of a host"),
        ('[hosts]\nnames = ["a", "a"]\n', "has a host twice; set 'workers' to 2"),
        ("[slurm\n", "is no TOML file"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, said: str) -> None:
    path = profile(tmp_path, text)
    with pytest.raises(SettingError, match=said) as caught:
        read_profile(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("wall_time_h", [0.1, 0.5, 1, 24, 168])
def test_workers_end_before_the_queue_ends_them(wall_time_h: float) -> None:
    workers = SlurmWorkers(wall_time_h=wall_time_h)
    assert 0 < workers.stagger_h < workers.lifetime_h
    left_h = wall_time_h - (workers.lifetime_h + workers.stagger_h)  # of the last one
    assert left_h > max(1.99 / 60, 0.0199 * wall_time_h)
    assert workers.lifetime_h - workers.stagger_h > 0.5 * wall_time_h
