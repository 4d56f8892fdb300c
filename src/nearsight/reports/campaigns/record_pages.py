"""Pages of single structures beside that of their campaign: written when asked for, never twice."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from nearsight.campaigns import CampaignFile
from nearsight.errors import StorageError
from nearsight.reports.page import write_report
from nearsight.storage import what_helps

_DIGITS = 16
"""Of the digest of a calculation and of when it ended: each record has a page of its own."""


def pages_folder(page: str | os.PathLike[str]) -> Path:
    """Return the folder beside the page of a campaign that has those of its structures."""
    path = Path(page)
    return path.parent / f"{path.stem}.pages"


def write_record_pages(
    campaign: CampaignFile,
    page: str | os.PathLike[str],
    patterns: Sequence[str],
) -> int:
    """Write the pages of structures that are not there yet, and return how many were written.

    Each page needs nothing else, and takes some 0.6 MB.

    Parameters
    ----------
    campaign
        The campaign.
    page
        Its page, beside whose name the folder is.
    patterns
        Names of structures, or patterns that they match.

    Raises
    ------
    StorageError
        A page cannot be written.
    CheckpointError
        A record is of another schema.
    """
    n = 0
    folder = pages_folder(page)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {what_helps(error)}") from error
    for name, row, file in _named(campaign, page):
        if any(fnmatchcase(name, pattern) for pattern in patterns) and not file.exists():
            write_report(file, [campaign.record(row)])
            n += 1
    return n


def written_pages(campaign: CampaignFile, page: str | os.PathLike[str]) -> dict[int, str]:
    """Return the pages that are there as links from that of the campaign, by rows."""
    folder = pages_folder(page)
    there = {file.name for file in folder.glob("*.html")}
    return {
        row: f"{folder.name}/{file.name}"
        for _, row, file in _named(campaign, page)
        if file.name in there
    }


def _named(campaign: CampaignFile, page: str | os.PathLike[str]) -> Iterator[tuple[str, int, Path]]:
    """Yield each name of what is done, its row, and where its page is or would be."""
    folder = pages_folder(page)
    rows = campaign.select(
        "SELECT name, system, key, ended FROM nearsight_jobs JOIN nearsight_names USING (sha256) "
        "WHERE state = 'done' ORDER BY system"
    )
    for name, system, key, ended in rows:
        digest = hashlib.sha256(f"{key} {ended}".encode()).hexdigest()
        yield name, system, folder / f"{digest[:_DIGITS]}.html"
