"""Files that say which workers of a cluster a campaign has: jobs of Slurm, or plain hosts."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from nearsight.errors import SettingError
from nearsight.settings import POSITIVE, Help, Settings, named_settings
from nearsight.workflows.settings_files import read_settings

_MOST_STAGGER_H = 0.5
_STAGGER, _MARGIN = 0.05, 0.02
"""Shares of the wall time."""
_LEAST_MARGIN_H = 1 / 30
"""A job waits for modules, file systems and dask before its worker counts."""


@dataclass(frozen=True, kw_only=True)
class SlurmWorkers(Settings):
    """Workers in jobs of Slurm, one in each; a job that has ended is followed by another one.

    Raises
    ------
    SettingError
        The wall time leaves no time to work in.

    Examples
    --------
    >>> from nearsight.campaigns import SlurmWorkers
    >>> workers = SlurmWorkers(workers=20, cores=4, memory_GiB=8.0, wall_time_h=12.0)
    >>> print(f"{workers.lifetime_h:.1f} h until a worker ends by itself")
    11.3 h until a worker ends by itself
    """

    workers: Annotated[int, Help("jobs at a time, with one worker each", "N"), POSITIVE] = 1
    cores: Annotated[int, Help("cores of a job", "N"), POSITIVE] = 1
    memory_GiB: Annotated[float, Help("memory of a job", "GIB"), POSITIVE] = 4.0
    wall_time_h: Annotated[float, Help("wall time of a job", "H"), POSITIVE] = 24.0
    queue: Annotated[str | None, Help("partition")] = None
    account: Annotated[str | None, Help("account that pays")] = None
    directives: Annotated[tuple[str, ...], Help("further options of sbatch, as it has them")] = ()
    prologue: Annotated[
        tuple[str, ...], Help("lines of shell before a worker starts, such as module load cuda")
    ] = ()
    interface: Annotated[
        str | None, Help("network over which workers are reached, such as ib0")
    ] = None
    log_folder: Annotated[str, Help("where jobs leave what they print")] = "slurm"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lifetime_h <= 0:
            raise SettingError(
                f"'wall_time_h' {self.wall_time_h:g} leaves a worker no time; give ten minutes "
                f"(0.17) or more.",
                "wall_time_h",
            )

    @property
    def stagger_h(self) -> float:
        """By how much the ends of workers differ, so that not all jobs queue again at once."""
        return min(_STAGGER * self.wall_time_h, _MOST_STAGGER_H)

    @property
    def lifetime_h(self) -> float:
        """When a worker ends by itself: with the stagger still before the queue kills its job."""
        margin_h = max(_MARGIN * self.wall_time_h, _LEAST_MARGIN_H)
        return self.wall_time_h - margin_h - self.stagger_h


@dataclass(frozen=True, kw_only=True)
class HostWorkers(Settings):
    """Workers on hosts that ssh reaches without a password, and that have this file system.

    Raises
    ------
    SettingError
        A name is none of a host, or there twice.

    Examples
    --------
    >>> from nearsight.campaigns import HostWorkers
    >>> workers = HostWorkers(names=("node1", "node2"), workers=8, cores=4)
    >>> len(workers.names) * workers.workers
    16
    """

    names: Annotated[tuple[str, ...], Help("hosts, as ssh knows them")] = ()
    workers: Annotated[int, Help("workers on each host", "N"), POSITIVE] = 1
    cores: Annotated[int, Help("cores of a worker", "N"), POSITIVE] = 1
    memory_GiB: Annotated[float, Help("memory of a worker", "GIB"), POSITIVE] = 4.0
    interface: Annotated[
        str | None, Help("network over which workers are reached, such as ib0")
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.names:
            if not name or name != "".join(name.split()):
                raise SettingError(f"'names' has {name!r}, which is no name of a host.", "names")
        if len(set(self.names)) < len(self.names):
            raise SettingError("'names' has a host twice; set 'workers' to 2.", "names")


@dataclass(frozen=True, kw_only=True)
class ClusterProfile(Settings):
    """What a file may have: one of these tables."""

    slurm: SlurmWorkers = field(default_factory=SlurmWorkers)
    hosts: HostWorkers = field(default_factory=HostWorkers)


def read_profile(path: str | os.PathLike[str]) -> SlurmWorkers | HostWorkers:
    """Return the workers that a TOML file asks for.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    SettingError
        The file cannot be read, is no TOML, has what is no setting, or not one table.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nearsight.campaigns import read_profile
    >>> written = Path("profile.toml").write_text("slurm = {workers = 40, wall_time_h = 12}")
    >>> profile = read_profile("profile.toml")
    >>> print(f"{profile.workers} workers, each for {profile.wall_time_h} h")
    40 workers, each for 12.0 h
    """
    known = named_settings(ClusterProfile)
    values = read_settings(Path(path), known).values
    if len(values) != 1:
        raise SettingError(
            f"{path} has {len(values)} tables of workers; a profile has one of "
            f"{', '.join(f'[{name}]' for name in known)}."
        )
    try:
        profile = ClusterProfile.from_mapping(values)
    except SettingError as error:
        # In quotes: settings in backticks become options, which a file does not have.
        raise SettingError(f"{path}: {error}".replace("`", "'")) from None
    if "slurm" in values:
        return profile.slurm
    if not profile.hosts.names:
        raise SettingError(f"{path} names no hosts; set 'names' of [hosts].")
    return profile.hosts
