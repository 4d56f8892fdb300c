# %% [markdown]
# # Several models examined
#
# What `nearsight examine` found of several models, as one table. Models that need different
# environments are examined one after the other into the same folder, which also has the pages:
#
#     nearsight examine sevennet-0 sevennet-l3i5 chgnet-0.3.0 --suite quick --out FOLDER
#     python studies/examination_of_models.py FOLDER
#
# Records of `standard` are kept in `studies/records`, so that a model more need not wait for all
# others again; those that are called random have random weights, by `benchmarks/random_models`:
#
#     mkdir FOLDER
#     tar -xJf studies/records/examinations_standard.tar.xz -C FOLDER
#     python studies/examination_of_models.py FOLDER --suite standard
import argparse
from collections.abc import Sequence
from pathlib import Path

from nearsight.evaluation import examination_named, examination_names
from nearsight.evaluation.metric import Grade, Metric
from nearsight.evaluation.record import ExaminationRecord, read_records
from nearsight.evaluation.run import key_of
from nearsight.evaluation.wording import names_apart, with_spread
from nearsight.storage import write_text
from records import markdown_table

SIGNS: dict[Grade, str] = {"good": " +", "fair": " ~", "poor": " x", "unknown": "", "plain": ""}

Found = dict[tuple[str, str], ExaminationRecord]
"""The newest record of a model, by its key, and of an examination."""


def main() -> None:
    """Write the table of a folder."""
    parser = argparse.ArgumentParser(description="a table of examinations")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--suite", default="quick", choices=("quick", "standard", "full"))
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    records = [each for each in read_records(arguments.folder) if each.suite == arguments.suite]
    if not records:
        parser.error(f"{arguments.folder} has no records of the suite {arguments.suite}.")
    arguments.results.mkdir(exist_ok=True)
    path = arguments.results / f"examination_of_models_{arguments.suite}.md"
    write_text(path, report(records, arguments.suite))
    print(f"wrote {path}")


def report(records: Sequence[ExaminationRecord], suite: str) -> str:
    """Return the text."""
    found: Found = {(key_of(each.model), each.examination): each for each in records}
    models = {key_of(each.model): each.model for each in records}
    keys = sorted(models)
    names = names_apart([models[key] for key in keys])
    machines = sorted(
        {f"{each.machine.processor}, {each.machine.n_cores} cores" for each in records}
    )
    sections = [
        f"## {examination_named(name).title}\n\n"
        f"{markdown_table(['', 'unit', *names], _rows(found, keys, name))}"
        for name in examination_names()
        if any(examined == name for _, examined in found)
    ]
    are_random = any("random" in name for name in names)
    of_random = "\nThose called random have random weights (`benchmarks/random_models`)."
    return (
        f"# Several models examined, {suite}\n\n"
        f"By `nearsight examine --suite {suite}`, on {' and on '.join(machines)}. Good is marked "
        f"`+`, fair `~` and poor\n`x`, by the bounds of each metric, which the pages tell with "
        f"their\nsources. After ± is what a number scatters by; what is empty was not examined."
        f"{of_random if are_random else ''}\n\n" + "\n".join(sections)
    )


def _rows(found: Found, keys: Sequence[str], name: str) -> list[list[str]]:
    metrics = examination_named(name).metrics
    rows = [
        [metric.title, metric.unit, *(_cell(found.get((key, name)), metric) for key in keys)]
        for metric in metrics
    ]
    times = [found.get((key, name)) for key in keys]
    took = ["" if each is None else f"{each.seconds:.0f}" for each in times]
    return [*rows, ["time of the examination", "s", *took]]


def _cell(record: ExaminationRecord | None, metric: Metric) -> str:
    """Return what a model came to by a metric."""
    if record is None:
        return ""
    if record.failure is not None:
        return record.failure.kind
    measured = record.measured.get(metric.name)
    if measured is None or measured.value is None:
        return "-"
    return f"{with_spread(measured)}{SIGNS[metric.grade(measured)]}"


if __name__ == "__main__":
    main()
