"""The part of the page about crystals that were learnt from their fragments."""

import json
from collections import Counter
from typing import Any

from nearsight.records.learning_charts import learning_charts
from nearsight.records.learning_record import LearningRecord
from nearsight.reports import wording
from nearsight.reports.provenance import Group, Lines, model_lines, settings_lines
from nearsight.reports.sections import Section
from nearsight.reports.svg import draw
from nearsight.reports.templates import render
from nearsight.training.active.rounds import REASONS

_NOTES = {
    "energies": "On labelled structures that were kept from learning, which are other ones in each "
    "round: later ones are hotter and farther from rest.",
    "forces": "Of components, on the same structures.",
    "growth": "Round 0 are the first frames, which the teacher moved. What was found in a round is "
    "learnt in the next one.",
    "disagreement": "Two networks of different size are sure of what they were taught alike; where "
    "they disagree beyond the threshold, or extrapolate, fragments are cut and labelled.",
    "picked": "The crystal gets hotter in the course of each run. What extrapolates is learnt "
    "whether or not both networks disagree.",
}


def learning_section(record: LearningRecord, anchor: str, budget_bytes: int) -> Section:
    """Return the section of learning crystals."""
    whole = record.to_json()
    last = record.rounds[-1]
    verdict = f"{last.errors[0].force_RMSE_eV_per_A:.3f} eV/Å, {last.n_learnt} structures"
    values: dict[str, Any] = {
        "what": f"Learning from fragments, taught by {record.teacher.name}",
        "name": ", ".join(map(wording.stem, record.crystals)),
        "path": record.structure,
        "formula": "",
        "verdict": None,
        "warnings": record.warnings,
        "numbers": _numbers(record),
        "rounds": record.rounds,
        "reasons": REASONS,
        "sites": _sites(record),
        "figures": [
            (chart.title, draw(chart, f"{anchor}-figure-{place}"), _NOTES[name])
            for place, (name, chart) in enumerate(learning_charts(record).items(), start=1)
        ],
        "provenance": _provenance(record),
        "record": whole if len(json.dumps(whole)) <= budget_bytes else None,
    }
    return Section(
        name=record.structure,
        anchor=anchor,
        html=render("learning.html.j2", anchor=anchor, **values),
        title=f"{values['name']} learnt from fragments",
        subject="Learning from fragments",
        formula="",
        n_atoms=None,
        of_data=True,
        level="unknown",
        verdict=verdict,
        model=record.model.name,
    )


def _numbers(record: LearningRecord) -> Lines:
    last = record.rounds[-1]
    # Of the first frames those are not known that dynamics which broke off would have had.
    n_refused = sum(each.n_refused for each in record.rounds[1:])
    n_labels = n_refused + sum(each.n_labelled + each.n_too_far for each in record.rounds)
    lines: Lines = [
        ("stopped", record.stopped),
        ("labelled structures", f"{record.n_learnt} learnt, of {n_labels} that were asked for"),
        ("radius of fragments", f"{record.fragment_radius_A:.6g} Å"),
        ("cutoff of the potential", f"{record.cutoff_A:.6g} Å"),
    ]
    for place, each in enumerate(last.errors, start=1):
        lines.append(
            (
                f"network {place}",
                f"{1000 * each.energy_RMSE_eV_per_atom:.2f} meV/atom and "
                f"{each.force_RMSE_eV_per_A:.3f} eV/Å on structures kept for tests",
            )
        )
    return lines


def _sites(record: LearningRecord) -> list[tuple[str, str, list[int]]]:
    """Return for each kind of site of each crystal how many fragments were found, by reason."""
    found = Counter(
        (one.crystal, pick.site, pick.reason)
        for each in record.rounds
        for one in each.explorations
        for pick in one.picked
    )
    return [
        (wording.stem(crystal), site, [found[crystal, site, reason] for reason in REASONS])
        for crystal, site in sorted({(crystal, site) for crystal, site, _ in found})
    ]


def _provenance(record: LearningRecord) -> list[Group]:
    groups = [
        Group("Teacher", model_lines(record.teacher)),
        Group("Potential", model_lines(record.model)),
    ]
    for name, values in record.settings.items():
        if isinstance(values, dict):
            groups.append(Group(f"Settings: {name}", settings_lines(values)))
    if record.seconds is not None:
        groups.append(Group("Last process", [("time", wording.seconds(record.seconds))]))
    groups.append(Group("Versions", list(record.versions.items())))
    return [group for group in groups if group.lines]
