"""A campaign is worked on: by which workers, and what is shown meanwhile."""

import argparse

from nearsight.campaigns import Status, Store, run_campaign, status_of
from nearsight.campaigns.cluster import on_scheduler
from nearsight.campaigns.local import on_this_machine
from nearsight.campaigns.run import Start
from nearsight.errors import MethodError
from nearsight.resources import Resources
from nearsight.tables.campaign import print_status
from nearsight.terminal.campaign import shown_campaign


def work_on(store: Store, arguments: argparse.Namespace, resources: Resources) -> int:
    """Do what is still to be done, print how the campaign stands then, and return the status."""
    with shown_campaign(arguments) as watch:
        run_campaign(
            store, _workers(arguments, resources), watch=watch, silence_s=arguments.silence
        )
    status = status_of(store)
    print_status(status)
    return _exit_status(status)


def _workers(arguments: argparse.Namespace, resources: Resources) -> Start:
    if arguments.scheduler is None:
        return on_this_machine(arguments.workers or 1, resources)
    if arguments.workers is not None:
        raise MethodError("workers are those of --scheduler; leave --workers out.")
    return on_scheduler(arguments.scheduler)


def _exit_status(status: Status) -> int:
    return 1 if status.n_failed or not status.is_complete else 0
