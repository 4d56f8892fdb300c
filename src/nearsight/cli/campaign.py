"""``nearsight campaign``."""

import argparse

from nearsight.campaigns import CampaignFile, export_csv, status_of
from nearsight.cli.from_settings import given_settings
from nearsight.errors import MethodError
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
    if arguments.action == "report":
        return _report(arguments)
    # Here, so that how a campaign stands is said at once.
    from nearsight.campaigns import Store
    from nearsight.campaigns.holding import hold_campaign
    from nearsight.cli.working import chosen_workers, work_on

    store = Store(arguments.campaign)
    resources = Resources.from_mapping(given_settings(arguments).get("resources", {}))
    start = chosen_workers(arguments, resources)
    with hold_campaign(store.path):
        if arguments.action == "retry":
            print(f"{store.retry(arguments.reason)} failures are tried again")
        return work_on(store, arguments, start)


def _report(arguments: argparse.Namespace) -> int:
    from nearsight.reports.campaigns import (
        read_reference,
        write_campaign_page,
        write_record_pages,
    )

    if (arguments.reference is None) != (arguments.column is None):
        raise MethodError("--reference needs --column, and the other way round; give both.")
    reference = None
    if arguments.reference is not None:
        reference = read_reference(arguments.reference, arguments.column)
    campaign = CampaignFile(arguments.campaign)
    if arguments.pages:
        n = write_record_pages(campaign, arguments.output, arguments.pages)
        print(f"pages of structures: {n} written")
    write_campaign_page(
        campaign,
        arguments.output,
        reference=reference,
        command=arguments.command_line,
    )
    print(f"page: {arguments.output}")
    return 0
