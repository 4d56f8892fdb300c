"""``nearsight campaign``."""

import argparse

from nearsight.campaigns import CampaignFile, export_csv, status_of
from nearsight.cli.from_settings import given_settings
from nearsight.resources import Resources
from nearsight.tables.campaign import print_status


def run(arguments: argparse.Namespace) -> int:
    """Run an action and return its exit status."""
    if arguments.action == "status":
        print_status(status_of(CampaignFile(arguments.campaign)))
        return 0
    if arguments.action == "export":
        n = export_csv(CampaignFile(arguments.campaign), arguments.csv)
        print(f"{arguments.csv}: {n} rows")
        return 0
    # Here, so that how a campaign stands is said at once.
    from nearsight.campaigns import Store
    from nearsight.cli.working import work_on

    store = Store(arguments.campaign)
    if arguments.action == "retry":
        print(f"{store.retry(arguments.reason)} failures are tried again")
    resources = Resources.from_mapping(given_settings(arguments).get("resources", {}))
    return work_on(store, arguments, resources)
