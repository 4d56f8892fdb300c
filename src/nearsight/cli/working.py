"""A campaign is worked on: by which workers, and what is shown meanwhile."""

import argparse
from pathlib import Path

from nearsight.campaigns import Status, Store, run_campaign, status_of
from nearsight.campaigns.cluster import on_cluster, on_scheduler
from nearsight.campaigns.cluster_profile import read_profile
from nearsight.campaigns.local import on_this_machine
from nearsight.campaigns.run import Start
from nearsight.errors import MethodError, SettingError
from nearsight.resources import Resources
from nearsight.tables.campaign import print_status
from nearsight.terminal.campaign import shown_campaign


def work_on(store: Store, arguments: argparse.Namespace, start: Start) -> int:
    """Do what is still to be done, print how the campaign stands then, and return the status."""
    with shown_campaign(arguments) as watch:
        run_campaign(store, start, watch=watch, silence_s=arguments.silence)
    status = status_of(store)
    print_status(status)
    return _exit_status(status)


def chosen_workers(arguments: argparse.Namespace, resources: Resources) -> Start:
    """Return what starts the workers that options name.

    Raises
    ------
    MethodError
        They name several kinds.
    SettingError
        A profile cannot be read, or `resources` are given for workers elsewhere.
    """
    places = {"--workers": arguments.workers, "--scheduler": arguments.scheduler}
    given = [name for name, value in {**places, "--cluster": arguments.cluster}.items() if value]
    if len(given) > 1:
        raise MethodError(f"{' and '.join(given)} name different workers; give one of them.")
    if (arguments.cluster or arguments.scheduler) and resources != Resources():
        raise SettingError(
            "cores, memory and device are of processes on this machine; workers of a cluster have "
            "what its profile says, or what they were started with. Leave them out.",
            "resources",
        )
    if arguments.cluster is not None:
        return on_cluster(read_profile(Path(arguments.cluster)))
    if arguments.scheduler is not None:
        return on_scheduler(arguments.scheduler)
    return on_this_machine(arguments.workers or 1, resources)


def _exit_status(status: Status) -> int:
    return 1 if status.n_failed or not status.is_complete else 0
