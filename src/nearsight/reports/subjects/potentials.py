"""The parts of the page about the training of potentials, and about tests of them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from nearsight.charts.chart import Chart
from nearsight.records.base import Record
from nearsight.records.hdnnp_test_record import HdnnpTestRecord
from nearsight.records.potential_parts import PotentialErrorsPart
from nearsight.records.training_charts import learning_charts, pairs_of_record
from nearsight.records.training_parts import MemberPart
from nearsight.records.training_record import TrainingRecord
from nearsight.reports import wording
from nearsight.reports.provenance import Group, Lines, digest_text, model_lines, settings_lines
from nearsight.reports.sections import Section
from nearsight.reports.svg import draw
from nearsight.reports.templates import render
from nearsight.training.pair_charts import distances_chart, forces_chart

_MOST_FUNCTIONS = 8
_REASONS = {
    "constant": "hardly changes over the training set",
    "correlated": "follows another one",
}
_NOTES = {
    "energies": "Per atom, less what the composition explains. On the dotted line predictions are "
    "labels.",
    "forces": "Some of all components, evenly spread over the data.",
    "elements": "Which share of the components of forces is off by more than so much.",
    "groups": "The same by group.",
    "disagreement": "Disagreement is the standard deviation of the members' forces on an atom. On "
    "the dotted line it is the error. Where all members are wrong alike, they agree: points far "
    "above it.",
}
_LEARNING_NOTE = (
    "Root mean square errors; epoch 0 is before anything was learnt. The best potential is that of "
    "the lowest score on the test set."
)
_DISTANCES_NOTE = (
    "A potential knows what it has seen: where a curve ends or breaks, there is no such distance "
    "in the training set, and what it predicts there is not learnt."
)


def training_section(record: TrainingRecord, anchor: str, budget_bytes: int) -> Section:
    """Return the section of a training."""
    n = len(record.members)
    errors = record.members[0].errors if record.committee is None else record.committee.errors
    return _section(
        record,
        anchor,
        budget_bytes,
        what=f"Training of {'a potential' if n == 1 else f'{n} potentials'} of "
        f"{', '.join(record.elements)}",
        title=f"Training on {wording.stem(record.structure)}",
        subject="Trainings",
        elements=record.elements,
        model=record.members[0].folder or "hdnnp",
        verdict=_in_short(errors, "test") + (f", mean of {n}" if n > 1 else ""),
        values={
            "numbers": _training_numbers(record),
            "members": list(_errors_of_training(record)),
            "figures": _drawn(_training_figures(record), anchor),
            "functions": _functions(record),
            "left_out": [
                (each.name, _REASONS.get(each.reason, each.reason))
                for each in record.functions_left_out
            ],
            "pairs": record.pair_distances,
            "provenance": _training_provenance(record),
        },
    )


def test_section(record: HdnnpTestRecord, anchor: str, budget_bytes: int) -> Section:
    """Return the section of a test of a potential."""
    sets = {each.set for each in record.errors.groups}
    charts = {} if record.results is None else record.results.charts()
    return _section(
        record,
        anchor,
        budget_bytes,
        what=f"Test of {record.model.name}",
        title=f"{record.model.name} on {wording.stem(record.structure)}",
        subject="Tests of potentials",
        elements=record.elements,
        model=record.model.name,
        verdict=_in_short(record.errors, "test" if "test" in sets else record.errors.groups[0].set),
        values={
            "numbers": [
                ("structures", str(record.n_structures)),
                *(
                    [("test set", f"as the training on {record.training} kept it")]
                    if record.training
                    else []
                ),
            ],
            "members": [_errors_values(record.errors)],
            "figures": _drawn([(chart, _NOTES[name]) for name, chart in charts.items()], anchor),
            "functions": [],
            "left_out": [],
            "pairs": [],
            "provenance": [
                Group("Potential", model_lines(record.model)),
                Group("Settings", [*settings_lines(record.settings), *_time(record.seconds)]),
                Group("Versions", list(record.versions.items())),
            ],
        },
    )


def _section(
    record: Record,
    anchor: str,
    budget_bytes: int,
    *,
    what: str,
    title: str,
    subject: str,
    elements: Sequence[str],
    model: str,
    verdict: str,
    values: dict[str, Any],
) -> Section:
    whole = record.to_json()
    fits = len(json.dumps(whole)) <= budget_bytes
    return Section(
        name=record.structure,
        anchor=anchor,
        html=render(
            "potential.html.j2",
            anchor=anchor,
            what=what,
            name=wording.stem(record.structure),
            path=record.structure,
            formula=f"of {', '.join(elements)}",
            verdict=None,
            warnings=getattr(record, "warnings", ()),
            record=whole if fits else None,
            **values,
        ),
        title=title,
        subject=subject,
        formula="-".join(elements),
        n_atoms=None,
        of_data=True,
        level="unknown",
        verdict=verdict,
        model=model,
    )


def _in_short(errors: PotentialErrorsPart, of_set: str) -> str:
    whole = errors.whole(of_set)
    energy, force = whole.energy_RMSE_eV_per_atom, whole.force_RMSE_eV_per_A
    parts = [] if energy is None else [f"{1000 * energy:.2f} meV/atom"]
    return ", ".join([*parts, *([] if force is None else [f"{force:.3f} eV/Å"])])


def _errors_of_training(record: TrainingRecord) -> Iterator[dict[str, Any]]:
    """Yield the errors of the mean of a committee and of its members, or of the one potential."""
    if record.committee is None:
        yield _errors_values(record.members[0].errors)
        return
    yield {
        **_errors_values(record.committee.errors, f"Mean of {len(record.members)} members: "),
        "spreads": record.committee.spreads,
    }
    for place, member in enumerate(record.members, start=1):
        short = f"test: {_in_short(member.errors, 'test')}"
        yield {**_errors_values(member.errors, f"Member {place}: "), "folded": True, "short": short}


def _errors_values(errors: PotentialErrorsPart, of: str = "") -> dict[str, Any]:
    return {
        "of": of,
        "spreads": (),
        "folded": False,
        "errors": errors,
        "n_functions": len(errors.worst_functions),
        "worst": errors.worst_functions[:_MOST_FUNCTIONS],
    }


def _training_numbers(record: TrainingRecord) -> Lines:
    first = record.members[0]
    n_functions = ", ".join(f"{number} for {name}" for name, number in first.n_functions.items())
    lines: Lines = [
        ("structures", f"{first.n_train} to learn, {first.n_test} to test"),
        ("symmetry functions", f"{n_functions}, up to {first.cutoff_A:.6g} Å"),
        ("weights", str(first.n_weights)),
    ]
    if first.prior is not None:
        lines.append(("added to", first.prior.sentence))
    for place, member in enumerate(record.members, start=1):
        name = "training" if len(record.members) == 1 else f"member {place}"
        lines.append(
            (
                name,
                f"stopped {member.stopped}; best after epoch {member.best_epoch}, "
                f"{member.n_observations} observations, {wording.seconds(member.training_seconds)}",
            )
        )
        lines.append(("closer than the data", member.approach_sentence))
    return lines


def _training_figures(record: TrainingRecord) -> Iterator[tuple[Chart, str]]:
    several = len(record.members) > 1
    for place, member in enumerate(record.members, start=1):
        for chart in learning_charts(member, f" (member {place})" if several else ""):
            yield chart, _LEARNING_NOTE
    if record.results is not None:
        of_mean = f"Of the mean of {len(record.members)} members. " if several else ""
        for name, chart in record.results.error_charts().items():
            yield chart, of_mean + _NOTES[name]
    pairs = pairs_of_record(record)
    if pairs:
        yield distances_chart(pairs), _DISTANCES_NOTE
        yield forces_chart(pairs), "On an atom that has one of the other element so near."


def _functions(record: TrainingRecord) -> list[dict[str, Any]]:
    """Return the symmetry functions of each element, with histograms where they were counted."""
    counts = {}
    if record.results is not None:
        counts = {each.element: each.counts for each in record.results.histograms}
    by_element = []
    for element in record.elements:
        own = [each for each in record.functions if each.element == element]
        of_element = counts.get(element)
        paths = [None if of_element is None else _spark(row) for row in _rows(of_element, own)]
        by_element.append({"element": element, "rows": list(zip(own, paths, strict=True))})
    return by_element


def _rows(counts: np.ndarray | None, functions: Sequence[object]) -> Iterable[Any]:
    return [None] * len(functions) if counts is None else counts


def _spark(counts: np.ndarray) -> str:
    """Return the path of a small histogram, 72 wide and 16 high."""
    heights = 16 * np.sqrt(counts / max(int(counts.max()), 1))
    width = 72 / len(counts)
    steps = "".join(f"V{16 - height:.1f}h{width:g}" for height in heights)
    return f"M0,16{steps}V16Z"


def _drawn(figures: Iterable[tuple[Chart, str]], anchor: str) -> list[tuple[str, Any, str]]:
    return [
        (chart.title, draw(chart, f"{anchor}-figure-{place}"), note)
        for place, (chart, note) in enumerate(figures, start=1)
    ]


def _training_provenance(record: TrainingRecord) -> list[Group]:
    groups = []
    for place, member in enumerate(record.members, start=1):
        title = "Potential" if len(record.members) == 1 else f"Potential {place}"
        groups.append(Group(title, _member_lines(member)))
    for name, values in record.settings.items():
        if isinstance(values, dict):
            groups.append(Group(f"Settings: {name}", settings_lines(values)))
    plain = {name: value for name, value in record.settings.items() if not isinstance(value, dict)}
    groups.append(Group("Settings", [*settings_lines(plain), *_time(record.seconds)]))
    groups.append(Group("Versions", list(record.versions.items())))
    return [group for group in groups if group.lines]


def _member_lines(member: MemberPart) -> Lines:
    free = ", ".join(f"{name} {value:.4f}" for name, value in member.atomic_energies_eV.items())
    return [
        *([] if member.folder is None else [("folder", member.folder)]),
        ("weights", digest_text(member.checkpoint_sha256)),
        ("seed", str(member.seed)),
        ("units of its files", f"{member.length_unit}, {member.energy_unit}"),
        ("energies of free atoms", f"{free} eV"),
        ("mean energy", f"{wording.signed(member.mean_energy_eV_per_atom, 6)} eV/atom"),
        ("unit of energy in training", f"{1 / member.conv_energy_per_eV:.6g} eV"),
        ("unit of length in training", f"{1 / member.conv_length_per_A:.6g} Å"),
    ]


def _time(seconds: float | None) -> Lines:
    return [] if seconds is None else [("time", wording.seconds(seconds))]
