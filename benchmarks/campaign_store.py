"""A campaign of very many structures: what its file costs when it is written, asked and shown.

    python benchmarks/campaign_store.py [--n 31000] [--atoms 90] [--file FILE]

Structures and records are made up, of the size that a heat capacity at Γ has; one of fifty fails.
A file of an earlier run is taken as it is. Times are by the clock.
"""

import argparse
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from nearsight.campaigns import (
    CampaignFile,
    Input,
    Specification,
    Store,
    export_csv,
    status_of,
)
from nearsight.campaigns.failures import Failure
from nearsight.campaigns.questions import question_named
from nearsight.campaigns.store import Waiting
from nearsight.campaigns.task import Answer, Introduction
from nearsight.models.spec import ModelSpec
from nearsight.reports.campaigns import write_campaign_page
from nearsight.workflows import HeatCapacitySettings
from records import made_up, random_structure

MODEL = "ase:emt"
DIFFERENT = 100
"""Records that differ; of the others only names do."""
AT_ONCE = 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=31_000)
    parser.add_argument("--atoms", type=int, default=90)
    parser.add_argument("--file", type=Path)
    arguments = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with TemporaryDirectory() as name:
        file = arguments.file or Path(name) / "run.db"
        if not file.exists():
            write(file, arguments.n, arguments.atoms)
        campaign = CampaignFile(file)
        print(f"file: {file.stat().st_size / 1e6:.0f} MB")
        print(f"status: {timed(lambda: status_of(campaign)):.2f} s")
        table, page = Path(name) / "run.csv", Path(name) / "run.html"
        for path, what in ((table, export_csv), (page, write_campaign_page)):
            seconds = timed(lambda path=path, what=what: what(campaign, path))
            print(f"{path.suffix[1:]}: {seconds:.1f} s, {path.stat().st_size / 1e6:.1f} MB")


def write(file: Path, n: int, n_atoms: int) -> None:
    """Write a campaign in which everything is done, and print what that took."""
    asked = Specification({"heat-capacity": HeatCapacitySettings()}, (ModelSpec(MODEL),))
    store = Store.create(file, asked)
    seconds = timed(lambda: list(store.add(structures(n, n_atoms))))
    print(f"structures: {1e3 * seconds / n:.2f} ms each")
    store.introduce(MODEL, Introduction("0", "made up", {}, "0"))
    waiting = store.waiting(MODEL)
    answers = Answers(n_atoms)
    spent = 0.0
    for start in range(0, n, AT_ONCE):
        batch = [(job, answers.of(job)) for job in waiting[start : start + AT_ONCE]]
        spent += timed(lambda batch=batch: store.keep(batch, MODEL))
    print(f"records: {1e3 * spent / n:.2f} ms each, {n / spent:.0f} in a second")


def structures(n: int, n_atoms: int) -> Iterator[Input]:
    """Yield different structures."""
    random = np.random.default_rng(0)
    for number in range(n):
        yield Input(f"{number:06}.cif", random_structure(n_atoms, random))


class Answers:
    """Made-up answers to jobs."""

    def __init__(self, n_atoms: int) -> None:
        records = made_up(DIFFERENT, n_atoms)
        question = question_named("heat-capacity")
        self._numbers = question.numbers_of(records[0])
        self._texts = [json.dumps(record.to_json(), separators=(",", ":")) for record in records]
        self._random = np.random.default_rng(0)
        self._atoms = random_structure(n_atoms, self._random)
        self._given = 0

    def of(self, job: Waiting) -> Answer:
        """Return what came of a job."""
        self._given += 1
        seconds = float(self._random.exponential(30.0))
        where: dict[str, Any] = {
            "seconds": seconds,
            "peak_memory_bytes": 10**9,
            "host": "made up",
            "ended": "2026-01-01T00:00:00+00:00",
        }
        if self._given % 50 == 0:
            failure = Failure("MemoryBudgetError", "memory", "No method fits into the memory.")
            return Answer(None, None, {}, failure, **where)
        place = self._given % DIFFERENT
        text = self._texts[place].replace(f"structure-{place}.cif", job.name)
        numbers = {**self._numbers, "c_v_J_per_g_K": float(self._random.normal(0.9, 0.15))}
        return Answer(text, self._atoms, numbers, None, **where)


def timed(call: Callable[[], Any]) -> float:
    """Return how long a call takes, in s."""
    start = perf_counter()
    call()
    return perf_counter() - start


if __name__ == "__main__":
    main()
