"""The page of a campaign: one file that needs nothing else, also of many thousand structures."""

import base64
import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import numpy as np
from markupsafe import Markup

import nearsight
from nearsight.arrays import FloatArray
from nearsight.campaigns import CampaignFile, rows_of, status_of
from nearsight.campaigns.export import columns_of
from nearsight.charts.chart import Chart
from nearsight.reports.campaigns.figures import (
    distribution,
    heat_capacity_by_mass,
    imaginary_modes,
    parity,
)
from nearsight.reports.campaigns.record_pages import written_pages
from nearsight.reports.campaigns.reference import Reference
from nearsight.reports.svg import draw
from nearsight.reports.templates import asset, render
from nearsight.reports.wording import seconds
from nearsight.storage import write_text

_N_SLOWEST = 20
_DIGITS = 6
_LONGEST_MESSAGE = 200
_LEFT_OUT = frozenset({"host", "ended", "row"})
"""Columns that the CSV has, and the table of the page does not."""
_GAMMA = "c_v_gamma_J_per_g_K"
_Row = dict[str, Any]


def write_campaign_page(
    campaign: CampaignFile,
    path: str | os.PathLike[str],
    *,
    reference: Reference | None = None,
    command: str | None = None,
) -> None:
    """Write the page of a campaign, whole or not at all.

    Its table links to the pages of single structures that are there (`write_record_pages`).

    Parameters
    ----------
    campaign
        Which one; it may be under way.
    path
        The file (.html).
    reference
        Heat capacities in J/(g K) that those of the campaign are compared with.
    command
        The command line, to be shown.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    rows = list(rows_of(campaign))
    script = asset("campaign.js")
    page = render(
        "campaign.html.j2",
        title=campaign.path.name,
        status=status_of(campaign),
        groups=[
            {"workflow": workflow, "model": model, "figures": _drawn(number, own, reference)}
            for number, ((workflow, model), own) in enumerate(_groups(rows).items())
        ],
        reasons=_reasons(rows),
        slowest=_slowest(rows),
        table=_table(rows, written_pages(campaign, path)),
        command=command,
        styles=Markup(asset("report.css") + asset("campaign.css")),
        script=Markup(script),
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        version=nearsight.__version__,
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        seconds=seconds,
    )
    write_text(path, str(page).encode("utf-8", "replace").decode("utf-8"))


def _groups(rows: Sequence[_Row]) -> dict[tuple[str, str], list[_Row]]:
    """Return the rows that are done, by workflow and model; duplicates count once."""
    groups: dict[tuple[str, str], dict[int, _Row]] = {}
    for row in rows:
        if row["state"] == "done":
            key = (row["workflow"], row["model"])
            groups.setdefault(key, {}).setdefault(row["row"], row)
    return {key: list(own.values()) for key, own in groups.items()}


def _drawn(number: int, rows: Sequence[_Row], reference: Reference | None) -> list[_Row]:
    charts = _charts(rows, reference)
    return [
        {
            "svg": draw(chart, f"campaign-{number}-{place}"),
            "title": chart.title,
            "note": chart.description,
        }
        for place, chart in enumerate(charts)
    ]


def _charts(rows: Sequence[_Row], reference: Reference | None) -> list[Chart]:
    """Return what can be drawn of the rows of one workflow and model."""
    charts = []
    with_heat = [row for row in rows if "c_v_J_per_g_K" in row]
    if with_heat:
        c_v, mass = _column(with_heat, "c_v_J_per_g_K"), _column(with_heat, "mean_mass_amu")
        names = [row["structure"] for row in with_heat]
        charts.append(distribution(c_v, "Heat capacities", "c_v", "J/(g K)"))
        charts.append(heat_capacity_by_mass(mass, c_v, names))
    counted = [row for row in rows if "n_imaginary" in row]
    if counted:
        charts.append(imaginary_modes(_column(counted, "n_imaginary")))
    if (moduli := [row for row in rows if "bulk_modulus_GPa" in row]) and len(moduli) > 1:
        values = _column(moduli, "bulk_modulus_GPa")
        charts.append(distribution(values, "Bulk moduli (Hill)", "bulk modulus", "GPa"))
    for name, title, quantity, unit in (
        ("volumetric_expansion_per_K", "Thermal expansion", "volumetric expansion", "1/K"),
        ("c_p_J_per_g_K", "Heat capacities at constant pressure", "c_p", "J/(g K)"),
    ):
        temperatures = Counter(row["expansion_temperature_K"] for row in rows if name in row)
        for temperature_K, number in temperatures.most_common(1):
            if number > 1:
                there = [row for row in rows if row.get("expansion_temperature_K") == temperature_K]
                named = f"{title} at {temperature_K:g} K"
                charts.append(distribution(_column(there, name), named, quantity, unit))
    if reference is not None:
        at_gamma = "c_v at Γ without the acoustic modes"
        for name, what in ((_GAMMA, at_gamma), ("c_v_J_per_g_K", "c_v")):
            charts += _parity(rows, name, what, reference)
    return charts


def _parity(rows: Sequence[_Row], name: str, what: str, reference: Reference) -> list[Chart]:
    known = [row for row in rows if name in row and reference.of(row["structure"]) is not None]
    if not known:
        return []
    values = np.array([reference.of(row["structure"]) for row in known], dtype=np.float64)
    names = [row["structure"] for row in known]
    return [parity(values, _column(known, name), names, reference.label, what)]


def _column(rows: Sequence[_Row], name: str) -> FloatArray:
    return np.array([row[name] for row in rows], dtype=np.float64)


def _reasons(rows: Sequence[_Row]) -> list[tuple[str, str, int, str]]:
    """Return reason, error, how often, and the message of the first, of all failures."""
    failed = [row for row in rows if row["state"] == "failed"]
    counts = Counter((row["reason"], row["error"]) for row in failed)
    first = {(row["reason"], row["error"]): row["message"] for row in reversed(failed)}
    return [
        (reason, error, n, first[reason, error][:_LONGEST_MESSAGE])
        for (reason, error), n in counts.most_common()
    ]


def _slowest(rows: Sequence[_Row]) -> list[_Row]:
    timed = [row for row in rows if row["seconds"] is not None]
    return sorted(timed, key=lambda row: -row["seconds"])[:_N_SLOWEST]


def _table(rows: Sequence[_Row], pages: Mapping[int, str]) -> dict[str, Any]:
    """Return the table as its script takes it: columns, each with words that repeat once."""
    names = [name for name in columns_of(rows) if name not in _LEFT_OUT]
    columns = []
    for name in names:
        values = [_short(row.get(name)) for row in rows]
        if all(value is None for value in values):
            continue
        column: dict[str, Any] = {"name": name, "words": None, "values": values}
        words = sorted({value for value in values if isinstance(value, str)})
        if words and all(isinstance(value, str | None) for value in values):
            place = {word: number for number, word in enumerate(words)}
            column["words"] = words
            column["values"] = [None if value is None else place[value] for value in values]
        columns.append(column)
    links = [quote(pages[row["row"]]) if row["row"] in pages else None for row in rows]
    return {"n": len(rows), "columns": columns, "links": links if pages else None}


def _short(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    return value[:_LONGEST_MESSAGE] if isinstance(value, str) else value
