"""``nearsight campaign``."""

import argparse

from nearsight.campaigns import Store, export_csv, status_of
from nearsight.cli.from_settings import given_settings
from nearsight.cli.working import work_on
from nearsight.resources import Resources
from nearsight.tables.campaign import print_status


def run(arguments: argparse.Namespace) -> int:
    """Run an action and return its exit status."""
    store = Store(arguments.campaign)
    if arguments.action == "status":
        print_status(status_of(store))
        return 0
    if arguments.action == "export":
        n = export_csv(store, arguments.csv)
        print(f"{arguments.csv}: {n} rows")
        return 0
    if arguments.action == "retry":
        print(f"{store.retry(arguments.reason)} failures are tried again")
    resources = Resources.from_mapping(given_settings(arguments).get("resources", {}))
    return work_on(store, arguments, resources)
