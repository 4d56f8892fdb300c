"""What many records cost: appended as JSON Lines, read back, and shown on one page.

    python benchmarks/records.py [--records 1000] [--atoms 100] [--folder .]

The records are those of a heat capacity, of made-up structures. The price of a fifth of them is
measured beside that of all: a ratio of 5 says that it grows with their number and no faster. The
peer of the lines is `json.dump` of the same records as one list.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk

from nearsight.models import load_model
from nearsight.records import HeatCapacityRecord, JsonLines, read
from nearsight.records.structure import structure_part
from nearsight.reports import write_report
from nearsight.vibrations.settings import PhononSettings
from nearsight.workflows import HeatCapacitySettings, heat_capacity


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--atoms", type=int, default=100)
    arguments = parser.parse_args()
    records = made_up(arguments.records, arguments.atoms)
    with TemporaryDirectory() as name:
        folder = Path(name)
        measure(records, folder)


def measure(records: Sequence[HeatCapacityRecord], folder: Path) -> None:
    """Print processor times and sizes."""
    few, lines = records[: len(records) // 5], folder / "all.jsonl"
    price = timed(lambda: append(folder / "few.jsonl", few))
    whole = timed(lambda: append(lines, records))
    peer = timed(lambda: dump(folder / "list.json", records))
    print(f"JSON Lines, {len(few)} and {len(records)} records: {price:.2f} and {whole:.2f} s")
    print(f"  ratio {whole / price:.1f}, and {whole / peer:.2f} of one json.dump of them all")
    print(f"  bytes {(lines.stat().st_size) / (folder / 'few.jsonl').stat().st_size:.2f} times")
    print(f"read back: {timed(lambda: read(lines)):.2f} s")
    page = folder / "page.html"
    start = time.perf_counter()
    spent = timed(lambda: write_report(page, read(lines)))
    wall = time.perf_counter() - start
    print(
        f"one page: {spent:.1f} s ({wall:.1f} s by the clock), {page.stat().st_size / 1e6:.1f} MB"
    )


def append(path: Path, records: Sequence[HeatCapacityRecord]) -> None:
    """Append records as a run does."""
    with JsonLines(path) as lines:
        for record in records:
            lines.add(record)


def dump(path: Path, records: Sequence[HeatCapacityRecord]) -> None:
    """Write records as one list."""
    with path.open("w") as file:
        json.dump([record.to_json() for record in records], file)


def timed(call: Callable[[], Any]) -> float:
    """Return the processor time of a call in s."""
    start = time.process_time()
    call()
    return time.process_time() - start


def made_up(count: int, n_atoms: int) -> list[HeatCapacityRecord]:
    """Return records of copper's heat capacity, each with a structure of its own."""
    settings = HeatCapacitySettings(phonons=PhononSettings(mesh=(4, 4, 4)))
    record = heat_capacity(bulk("Cu", cubic=True), load_model("ase:emt"), settings)
    assert record.modes is not None
    random = np.random.default_rng(1)
    records = []
    for number in range(count):
        structure = structure_part(random_structure(n_atoms, random))
        wavenumbers = tuple(np.sort(3000 * random.random(3 * n_atoms)).tolist())
        modes = replace(
            record.modes,
            wavenumbers_per_cm=wavenumbers,
            frequencies_THz=tuple(0.03 * each for each in wavenumbers),
        )
        name = f"set/structure-{number}.cif"
        changes = {"structure": name, "n_atoms": n_atoms, "modes": modes, "results": None}
        records.append(replace(record, relaxed_structure=structure, **changes))
    return records


def random_structure(n_atoms: int, random: np.random.Generator) -> Atoms:
    """Return atoms near the points of a grid, with room for none to meet another."""
    n_along = int(np.ceil(n_atoms ** (1 / 3)))
    points = np.stack(np.meshgrid(*[np.arange(n_along)] * 3), axis=-1).reshape(-1, 3)[:n_atoms]
    positions = 2.2 * points + random.normal(scale=0.1, size=(n_atoms, 3))
    symbols = random.choice(["C", "H", "O", "N", "Zn"], size=n_atoms)
    return Atoms(symbols, positions=positions, cell=[2.2 * n_along] * 3, pbc=True)


if __name__ == "__main__":
    main()
