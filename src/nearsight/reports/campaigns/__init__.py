"""The page of a campaign: distributions, what failed, and a table that is searched and sorted.

>>> from nearsight.campaigns import CampaignFile
>>> from nearsight.reports.campaigns import write_campaign_page
>>> write_campaign_page(CampaignFile("run.db"), "run.html")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.reports.campaigns.page import write_campaign_page
    from nearsight.reports.campaigns.record_pages import write_record_pages
    from nearsight.reports.campaigns.reference import Reference, read_reference

__all__ = ["Reference", "read_reference", "write_campaign_page", "write_record_pages"]

import_at_first_use(__name__)
