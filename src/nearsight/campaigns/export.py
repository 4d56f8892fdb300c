"""The main numbers of a campaign as a table, in CSV."""

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nearsight.campaigns.campaign_file import CampaignFile
from nearsight.storage import write_text

_WHAT = ("structure", "formula", "n_atoms", "workflow", "model", "state")
_HOW = (
    "error",
    "reason",
    "message",
    "seconds",
    "peak_memory_bytes",
    "host",
    "ended",
    "row",
)
_FIXED = (*_WHAT, *_HOW)
_TWICE = frozenset({*_FIXED, "structure_name"})


def rows_of(campaign: CampaignFile) -> Iterator[dict[str, Any]]:
    """Yield one mapping for each structure that was given, workflow and model, in that order.

    What is known of each stands under its name, the main numbers of the record among it; ``row`` is
    the number of the row in the ASE database. Duplicates are listed under all of their names, and
    what could not be read with its reason.

    Parameters
    ----------
    campaign
        The campaign.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.campaigns import Input, Specification, Store, rows_of
    >>> from nearsight.models import ModelSpec
    >>> from nearsight.workflows import EnergySettings
    >>> asked = Specification({"energy": EnergySettings()}, (ModelSpec("ase:emt"),))
    >>> store = Store.create("run.db", asked)
    >>> added = list(store.add([Input("Cu", bulk("Cu"))]))
    >>> for row in rows_of(store):
    ...     print(row["structure"], row["state"])
    ...
    Cu waiting
    """
    rows = campaign.select(
        "SELECT names.name, formula, n_atoms, workflow, jobs.model, "
        "coalesce(nullif(state, 'large'), 'waiting'), "
        "error, reason, jobs.message, jobs.seconds, jobs.peak_memory_bytes, jobs.host, ended, "
        "system, key_value_pairs "
        "FROM nearsight_names AS names JOIN nearsight_structures AS s ON names.sha256 = s.sha256 "
        "LEFT JOIN nearsight_jobs AS jobs ON jobs.sha256 = s.sha256 "
        "LEFT JOIN systems ON systems.id = system AND state = 'done' "
        "ORDER BY names.rowid, workflow, jobs.model"
    )
    for *fixed, pairs in rows:
        numbers = json.loads(pairs) if pairs else {}
        yield {
            **dict(zip(_FIXED, fixed, strict=True)),
            **{name: value for name, value in numbers.items() if name not in _TWICE},
        }
    unreadable = campaign.select(
        "SELECT name, message FROM nearsight_names WHERE sha256 IS NULL ORDER BY rowid"
    )
    for name, message in unreadable:
        yield dict.fromkeys(_FIXED) | {
            "structure": name,
            "state": "failed",
            "error": "StructureError",
            "reason": "unreadable",
            "message": message,
        }


def columns_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of all that rows have: what it is, its numbers, and how it went."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [*_WHAT, *(name for name in names if name not in _FIXED), *_HOW]


def export_csv(campaign: CampaignFile, path: str | os.PathLike[str]) -> int:
    """Write `rows_of` as CSV, whole or not at all, and return how many rows there are.

    Parameters
    ----------
    campaign
        The campaign.
    path
        The file, which is replaced.

    Raises
    ------
    StorageError
        The file cannot be written.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.campaigns import Input, Specification, Store, export_csv
    >>> from nearsight.models import ModelSpec
    >>> from nearsight.workflows import EnergySettings
    >>> asked = Specification({"energy": EnergySettings()}, (ModelSpec("ase:emt"),))
    >>> store = Store.create("run.db", asked)
    >>> added = list(store.add([Input("Cu", bulk("Cu"))]))
    >>> print(export_csv(store, "run.csv"), "row")
    1 row
    """
    rows = list(rows_of(campaign))
    text = io.StringIO()
    table = csv.DictWriter(text, columns_of(rows), restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_text(path, text.getvalue())
    return len(rows)
