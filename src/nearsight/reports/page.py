"""The whole page: one file that needs nothing else."""

import base64
import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime

import nearsight
from nearsight.errors import StorageError
from nearsight.records.base import Record
from nearsight.reports.numbers import share_of_page_bytes
from nearsight.reports.sections import (
    MODE_BUDGET_BYTES,
    Section,
    summary_values,
)
from nearsight.reports.subjects.choice import section_of
from nearsight.reports.templates import asset, render
from nearsight.storage import write_text

_SCRIPTS = ("3Dmol-min.js", "viewer.js", "report.js")


def write_report(
    path: str | os.PathLike[str],
    records: Sequence[Record],
    *,
    command: str | None = None,
    mode_budget_bytes: int = MODE_BUDGET_BYTES,
) -> None:
    """Write one self-contained HTML page about `records`; an older file stays intact if it fails.

    The page opens without a network: styles, scripts, figures, structures, modes and the records
    are all in it, and its content policy forbids it to load anything.

    Parameters
    ----------
    path
        File to write.
    records
        Those of the structures, in the order in which they are shown. Of records that have just
        been made figures and moving modes are drawn, of others numbers and structures shown.
    command
        The command line that made the results, to be shown.
    mode_budget_bytes
        How much of the page the moving modes of one structure may take; the lowest that fit are
        embedded, and the page says which were left out.

    Raises
    ------
    StorageError
        The file cannot be written, or there are no records.
    """
    if not records:
        raise StorageError(f"nothing to write to {path}: give at least one record.")
    write_text(path, render_report(records, command=command, mode_budget_bytes=mode_budget_bytes))


def render_report(
    records: Sequence[Record],
    *,
    command: str | None = None,
    mode_budget_bytes: int = MODE_BUDGET_BYTES,
) -> str:
    """Return the page that `write_report` writes.

    Parameters
    ----------
    records
        The records, in the order of the page.
    command
        The command line that made them, to be shown; None without one.
    mode_budget_bytes
        How large the animated modes of the page may be in all.
    """
    budget_bytes = share_of_page_bytes(len(records))
    sections = [
        section_of(record, number, mode_budget_bytes, budget_bytes)
        for number, record in enumerate(records, start=1)
    ]
    return render_page(sections, command=command)


def render_page(
    sections: Sequence[Section], *, command: str | None = None, pending: Sequence[str] = ()
) -> str:
    """Return the page of finished `sections`.

    Parameters
    ----------
    sections
        At least one.
    command
        The command line that made the results.
    pending
        Names of structures that have not been calculated yet, which the page then says.
    """
    page = render(
        "template.html.j2",
        title=_title(sections, pending),
        sections=sections,
        pending=list(pending),
        command=command,
        version=nearsight.__version__,
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        styles=asset("report.css"),
        scripts=[asset(name) for name in _SCRIPTS],
        script_digests=[_digest(asset(name)) for name in _SCRIPTS],
        viewer_licence=asset("3Dmol-LICENSE.txt"),
        **summary_values(sections),
    )
    # A file may have a name that is no UTF-8; it must not cost the page.
    return str(page).encode("utf-8", "replace").decode("utf-8")


def _title(sections: Sequence[Section], pending: Sequence[str]) -> str:
    if len(sections) == 1 and not pending:
        return sections[0].title
    subjects = {section.subject for section in sections if section.failed is None}
    about = subjects.pop() if len(subjects) == 1 else "Results"
    if not pending and all(section.of_data for section in sections):
        return f"{about} on {len(sections)} sets of data"
    return f"{about} of {len(sections) + len(pending)} structures"


def _digest(script: str) -> str:
    """Return the digest by which the content policy of the page knows a script."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
