# %% [markdown]
# # A campaign of 25 solids that is killed three times
#
# The smallest solids of a folder are worked off by two processes on this machine. The campaign is
# killed at random moments, twice as a whole (the process group, and with it the workers), once by
# its workers alone, and resumed. Then some of its structures are calculated by themselves with the
# same resources, and compared with the records to the last bit. They are relaxed only, to 0.1 eV/Å
# at fixed cells: rows of a Hessian cost 30 times as much.
#
#     python studies/campaign_of_25_solids.py STRUCTURES --work FOLDER [--model NAME]
#
# `STRUCTURES` is a folder of CIFs: results are of those of Moosavi et al. (Nat. Mater. 2022, 21,
# 1419, DOI 10.1038/s41563-022-01374-3). What `FOLDER` has is not done again.
import argparse
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import spglib
from ase import Atoms

from nearsight.campaigns import CampaignFile, read_inputs, status_of
from nearsight.campaigns.prediction import Prediction
from nearsight.storage import write_text
from nearsight.structures import read_structure
from nearsight.structures.pairs import pairs_of
from records import markdown_table

MOST_ATOMS = 50
N_WORKERS = 2
MEMORY_GIB = 4
CUTOFF_A = 5.0
RELAXATION_ROWS = 45
KILLS = ("process group", "workers", "process group")
N_SINGLE = 5
KILL_HEADER = ("killed (SIGKILL)", "done by then", "at work")
NOT_COMPARED = {"seconds", "peak_memory_bytes", "reason", "structure", "jobs"}
"""What no two runs have in common: times, memory, and sentences that tell them."""


NOTE = """\
At work are those whose unfinished work was kept, also of an earlier time. A third kill is missing
where the campaign ended before it. `hessian.rows_computed` are those after the interruption."""


@dataclass(frozen=True)
class Part:
    """What is asked: a workflow, of how many of the smallest solids, and its settings."""

    workflow: str
    n: int
    settings: str
    """TOML."""
    options: tuple[str, ...]
    """The same for a command of one structure."""
    seed: int


PART = Part(
    "heat-capacity",
    25,
    'spectrum = "dense"\n[relaxation]\nfmax_eV_per_A = 0.1\ncell = "fixed"\n',
    ("--spectrum", "dense", "--fmax", "0.1", "--cell", "fixed"),
    seed=1,
)


def main() -> None:
    """Run the campaign, kill and resume it, compare with single runs, and write the tables."""
    parser = argparse.ArgumentParser(description="a campaign that is killed and resumed")
    parser.add_argument("structures", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    solids = smallest(arguments.structures)
    folder = arguments.work / PART.workflow
    folder.mkdir(parents=True, exist_ok=True)
    campaign = Campaign(PART, folder, solids[: PART.n], arguments.model)
    campaign.run()
    path = arguments.results / "campaign_of_25_solids.md"
    title = "# A campaign of 25 solids that is killed"
    write_text(path, f"{title}\n\n{campaign.section(campaign.single_runs())}")
    print(f"wrote {path}")


def smallest(folder: Path) -> list[Path]:
    """Return the files of the solids that are small enough, the smallest first."""
    sizes = [(len(each.atoms), each.name) for each in read_inputs([str(folder)]) if each.atoms]
    return [Path(name) for n_atoms, name in sorted(sizes) if n_atoms <= MOST_ATOMS]


class Campaign:
    """One campaign in a folder, with what was done to it."""

    def __init__(self, part: Part, folder: Path, solids: list[Path], model: str) -> None:
        self.part, self.folder, self.solids, self.model = part, folder, solids, model
        self.file = folder / "run.db"
        self.notes = folder / "notes.json"
        self.chosen = random.Random(part.seed)
        self.kills_after = sorted(self.chosen.choices(range(part.n - 1), k=len(KILLS)))
        self.kills: list[dict[str, Any]] = []
        self.seconds = 0.0
        self.load = [os.getloadavg()[0]]

    def run(self) -> None:
        """Work all structures off, with all interruptions, unless that was done already."""
        if self.notes.exists():
            vars(self).update(json.loads(self.notes.read_text(encoding="utf-8")))
            return
        config = self.folder / "settings.toml"
        config.write_text(self.part.settings, encoding="utf-8")
        process = self._started(
            "screen",
            *(str(path) for path in self.solids),
            *("--workflow", self.part.workflow, "--model", self.model, "--dtype", "float32"),
            *("--config", str(config), "--out", str(self.file)),
        )
        start = time.monotonic()
        for what, n_done in zip(KILLS, self.kills_after, strict=True):
            # Between the ends of two structures: their times are some seconds to minutes.
            if not self._waited_for(n_done, process):
                break  # it has ended before
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.chosen.uniform(0.0, self._seconds_of_one()))
            if process.poll() is not None:
                break
            self._kill(what, process)
            if what == "process group":
                process = self._started("campaign", "resume", str(self.file))
        if process.wait():
            sys.exit(
                f"{self.file} has ended with status {process.returncode}; {self.folder}/run.log"
            )
        self.seconds = time.monotonic() - start
        self.load.append(os.getloadavg()[0])
        notes = {"kills": self.kills, "seconds": self.seconds, "load": self.load}
        write_text(self.notes, json.dumps(notes, indent=1))

    def single_runs(self) -> list[tuple[str, int, list[str]]]:
        """Return names of structures, interruptions of each, and what differs from single runs."""
        records = {record.structure: record.to_json() for record in self._campaign().records()}
        interrupted = [name for kill in self.kills for name in kill["begun"]]
        first = list(dict.fromkeys(name for name in interrupted if name in records))
        others = [name for name in records if name not in first]
        # Four that were interrupted and one that was not: neither may have another number.
        chosen = [*first[:4], *random.Random(0).sample(others, len(others))]
        with ThreadPoolExecutor(N_WORKERS) as threads:
            singles = dict(zip(chosen, threads.map(self._single, chosen[:N_SINGLE]), strict=False))
        return [
            (name, interrupted.count(name), list(differences(single, records[name])))
            for name, single in singles.items()
        ]

    def section(self, single: list[tuple[str, int, list[str]]]) -> str:
        """Return what came of it, in Markdown."""
        status = status_of(self._campaign())
        [tally] = status.tallies
        with sqlite3.connect(self.file) as connection:
            [(integrity,)] = connection.execute("PRAGMA integrity_check").fetchall()
            [(n_rows,)] = connection.execute("SELECT count(*) FROM systems").fetchall()
        rows = self._jobs()
        spent = sum(seconds for *_, seconds, _ in rows)
        busy = spent / (N_WORKERS * self.seconds)
        loads = " and ".join(f"{each:.1f}" for each in self.load)
        return (
            f"`{self.part.workflow}` of {self.part.n} solids.\n"
            f"{self.model}, float32, {N_WORKERS} processes of one core and "
            f"{MEMORY_GIB / N_WORKERS:g} GiB each; settings "
            f"`{' '.join(self.part.options)}`. The machine had other work to do (load\n"
            f"average before and after: {loads}, {os.cpu_count()} cores): times are upper limits.\n"
            f"{tally.done} done, {tally.failed.total()} failed, {n_rows} rows in ASE's table for "
            f"{status.n_structures} structures; `integrity_check`: {integrity}.\n"
            f"From the first start to the end {self.seconds:.0f} s, with what was lost; records "
            f"took {spent:.0f} s, so that workers were busy {100 * busy:.0f} % of the time with "
            f"what was kept.\n\n"
            f"{markdown_table(KILL_HEADER, self._killed())}"
            f"\n{single_table(single)}\n"
            f"{NOTE}\n\n"
            f"{measured_table(rows)}\n{predictors_table(self._whole(rows))}"
        )

    def _killed(self) -> Iterator[list[str]]:
        for kill in self.kills:
            names = ", ".join(Path(name).stem for name in kill["begun"])
            yield [kill["what"], str(kill["n_done"]), names or "none"]

    def _started(self, *arguments: str) -> subprocess.Popen[bytes]:
        own = ["--workers", str(N_WORKERS), "--cores", str(N_WORKERS), "--memory", str(MEMORY_GIB)]
        command = [sys.executable, "-m", "nearsight", *arguments, *own, "-q"]
        log = ["--log", str(self.folder / "run.log")]
        return subprocess.Popen([*command, *log], stdout=subprocess.DEVNULL, start_new_session=True)

    def _waited_for(self, n_done: int, process: subprocess.Popen[bytes]) -> bool:
        """Tell whether so many structures are done and another one is at work."""
        while process.poll() is None:
            if self.file.exists() and self._n_done() >= n_done and self._begun():
                return True
            time.sleep(1.0)
        return False

    def _kill(self, what: str, process: subprocess.Popen[bytes]) -> None:
        begun = self._begun()
        self.kills.append({"what": what, "n_done": self._n_done(), "begun": begun})
        if what == "process group":
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return
        for worker in psutil.Process(process.pid).children():
            worker.kill()

    def _begun(self) -> list[str]:
        """Return the structures that workers are at, by the folders of their unfinished work."""
        folders = {path.name for path in self._campaign().work_folder.glob("*")}
        waiting = self._campaign().select(
            "SELECT key, name FROM nearsight_jobs JOIN nearsight_names USING (sha256) "
            "WHERE state = 'waiting'"
        )
        return [name for key, name in waiting if key[:16] in folders]

    def _n_done(self) -> int:
        return sum(tally.done for tally in status_of(self._campaign()).tallies)

    def _seconds_of_one(self) -> float:
        """Return how long one structure takes; a minute as long as none is done."""
        return float(np.mean([seconds for *_, seconds, _ in self._jobs()] or [60.0]))

    def _jobs(self) -> list[tuple[Any, ...]]:
        return self._campaign().select(
            "SELECT name, formula, n_atoms, seconds, peak_memory_bytes FROM nearsight_jobs "
            "JOIN nearsight_structures USING (sha256) JOIN nearsight_names USING (sha256) "
            "WHERE state = 'done' ORDER BY n_atoms, name"
        )

    def _whole(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return the structures that nothing interrupted: of others the last part was measured."""
        begun = {name for kill in self.kills for name in kill["begun"]}
        return [row for row in rows if row[0] not in begun]

    def _campaign(self) -> CampaignFile:
        return CampaignFile(self.file)

    def _single(self, name: str) -> dict[str, Any]:
        """Return the record of a command of one structure, with the share of one worker."""
        path = self.folder / f"{Path(name).stem}.json"
        if not path.exists():
            memory = ["--memory", f"{MEMORY_GIB / N_WORKERS:g}", "--cores", "1"]
            model = ["--model", self.model, "--dtype", "float32", "-q", "--json", str(path)]
            command = [sys.executable, "-m", "nearsight", self.part.workflow, name]
            kept = ["--work-dir", str(self.folder / "single")]
            subprocess.run(
                [*command, *self.part.options, *memory, *model, *kept],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        read = json.loads(path.read_text(encoding="utf-8"))
        record: dict[str, Any] = read[0] if isinstance(read, list) else read
        return record


def differences(one: Any, other: Any, name: str = "") -> Iterator[str]:
    """Yield what two records do not have in common."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted((one.keys() | other.keys()) - NOT_COMPARED):
            yield from differences(one.get(key), other.get(key), f"{name}.{key}".lstrip("."))
    elif one != other:
        both = [np.ravel(np.array(each, dtype=object)) for each in (one, other)]
        numbers = all(isinstance(x, int | float) for each in both for x in each)
        if numbers and both[0].shape == both[1].shape:
            yield f"{name} by {np.abs(both[0] - both[1]).max():.1e}"
        else:
            yield f"{name} ({str(one)[:60]} and {str(other)[:60]})"


def single_table(single: list[tuple[str, int, list[str]]]) -> str:
    """Return how records differ from those of single runs."""
    rows = [[Path(name).stem, str(n), "; ".join(each) or "nothing"] for name, n, each in single]
    return markdown_table(["single run", "interrupted in the campaign", "what differs"], rows)


def measured_table(rows: list[tuple[Any, ...]]) -> str:
    """Return time and memory of each structure, and what all others predict of them."""
    n_atoms = np.array([row[2] for row in rows])
    seconds, memory = (np.array([row[i] for row in rows], dtype=np.float64) for i in (3, 4))
    lines, off = [], []
    for i, (name, formula, n, took, peak) in enumerate(rows):
        others = np.arange(len(rows)) != i
        predicted = [
            Prediction.of(n_atoms[others], values[others]).seconds(n) or 0.0
            for values in (seconds, memory)
        ]
        off.append([np.log(predicted[0] / took), np.log(predicted[1] / peak)])
        times, bytes_ = (predicted[0], took), (predicted[1], peak)
        lines.append(
            [Path(name).stem, formula, str(n)]
            + [f"{each:.1f}" for each in times]
            + [f"{each / 2**20:.0f}" for each in bytes_]
        )
    factors = np.exp(np.median(np.abs(off), axis=0))
    header = ["solid", "formula", "atoms", "predicted / s", "s", "predicted / MiB", "MiB"]
    return (
        f"{markdown_table(header, lines)}\n"
        f"Each is predicted by all others (a power of the number of atoms); half of the "
        f"predictions are within\na factor of {factors[0]:.2f} (time) and {factors[1]:.2f} "
        f"(memory).\n"
    )


def predictors_table(rows: list[tuple[Any, ...]]) -> str:
    """Return how well times follow from several measures of a structure."""
    structures = [read_structure(row[0]) for row in rows]
    seconds = np.array([row[3] for row in rows], dtype=np.float64)
    n_atoms = np.array([len(atoms) for atoms in structures])
    n_pairs = np.array([len(pairs_of(atoms, CUTOFF_A).first) for atoms in structures])
    n_rows = np.array([rows_of_group(atoms) for atoms in structures])
    lines = []
    for name, size in (
        ("atoms", n_atoms),
        ("pairs within 5 Å", n_pairs),
        ("pairs × (45 + rows of the space group)", n_pairs * (RELAXATION_ROWS + n_rows)),
        ("pairs × (45 + all rows)", n_pairs * (RELAXATION_ROWS + 3 * n_atoms)),
    ):
        off = []
        for i in range(len(size)):
            others = np.arange(len(size)) != i
            predicted = Prediction.of(size[others], seconds[others]).seconds(size[i]) or 1.0
            off.append(np.log(predicted / seconds[i]))
        factors = np.median(np.abs(off)), np.sqrt(np.mean(np.square(off)))
        lines.append([name, *(f"{np.exp(each):.2f}" for each in factors)])
    return (
        f"Of the {len(rows)} that nothing interrupted, by a power of\n\n"
        f"{markdown_table(['what', 'half within a factor', 'rms factor'], lines)}\n"
        f"A relaxation of 87 force calls is worth 45 rows. Space groups are those of the files; "
        f"relaxations break some.\n"
    )


def rows_of_group(atoms: Atoms) -> int:
    """Return how many rows a Hessian needs by the space group of a file."""
    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    dataset = spglib.get_symmetry_dataset(cell, symprec=1e-3)
    return 3 * len(set(dataset.equivalent_atoms))


if __name__ == "__main__":
    main()
