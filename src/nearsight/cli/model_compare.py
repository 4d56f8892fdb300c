"""``nearsight models compare``: one structure, several models, side by side."""

import argparse
import textwrap
import threading
from dataclasses import replace
from statistics import median
from time import perf_counter
from types import TracebackType
from typing import Any, Self

import numpy as np
import psutil
from ase import Atoms
from ase.units import GPa

from nearsight.cli.json_output import JsonOutput, Record
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.cli.streams import say_defect
from nearsight.errors import MissingPropertyError, ModelError, NearsightError
from nearsight.models.contract import Evaluation, Model
from nearsight.models.spec import ModelSpec
from nearsight.printable import printable_name
from nearsight.remarks import remarks_to_json
from nearsight.tables.lines import WIDTH
from nearsight.workflows.settings import StructureSettings
from nearsight.workflows.source import Source

_TIMED_CALLS = 5
_PATIENCE_S = 10.0
_SHIFT_A = 1e-4
_WIDTH_OF_NUMBERS = 55


def run(arguments: argparse.Namespace) -> int:
    """Print what each model says of a structure, and return 1 if one of them failed."""
    require_output_files(arguments)
    names = [name.strip() for name in arguments.models.split(",") if name.strip()]
    if not names:
        raise ModelError("--models names no model; separate names by commas.")
    request = requested(arguments, StructureSettings())
    atoms, notes = Source.of(arguments.structure, request.settings.reading).read()
    output = JsonOutput(arguments.json, many=True)
    records = []
    show = arguments.json != "-"
    if show:
        _print_head(arguments.structure, atoms, names)
    for name in names:
        record = {
            **_attempt(arguments.structure, atoms, replace(request.model, name=name)),
            "warnings": remarks_to_json(notes),
        }
        records.append(record)
        output.add(record)
        if show:
            _print_line(record, names)
    output.finish()
    if show:
        _print_foot(records)
        print_warnings(notes)
    return 1 if any("error" in record for record in records) else 0


def _attempt(structure: str, atoms: Atoms, spec: ModelSpec) -> Record:
    asked = {"structure": structure, "model": spec.name}
    try:
        with _PeakMemory() as memory:
            model = spec.load()
            evaluation, seconds = _evaluate(model, atoms)
    except Exception as error:  # one boundary for everything: the other models must go on
        if not isinstance(error, NearsightError):
            say_defect(error)
        return {**asked, "error": {"type": type(error).__name__, "message": str(error)}}
    stress = evaluation.stress_eV_per_A3
    forces = np.linalg.norm(evaluation.forces_eV_per_A, axis=1)
    return {
        **asked,
        "identity": model.identity.to_json(),
        "level_of_theory": model.capabilities.level_of_theory,
        "energy_eV_per_atom": evaluation.energy_eV / len(atoms),
        "max_force_eV_per_A": float(forces.max()),
        "stress_GPa": None if stress is None else (stress / GPa).tolist(),
        "ms_per_force_call": 1000 * seconds,
        "memory_MB": memory.bytes / 1e6,
    }


def _evaluate(model: Model, atoms: Atoms) -> tuple[Evaluation, float]:
    """Return energy, forces and where there is one the stress, with seconds per force call."""
    evaluation = _first(model, atoms)
    random = np.random.default_rng(0)
    taken: list[float] = []
    while len(taken) < _TIMED_CALLS and sum(taken) < _PATIENCE_S:
        moved = atoms.copy()  # some calculators remember the last structure
        moved.positions += random.normal(scale=_SHIFT_A, size=moved.positions.shape)
        start = perf_counter()
        model.evaluate([moved])
        taken.append(perf_counter() - start)
    return evaluation, median(taken)


def _first(model: Model, atoms: Atoms) -> Evaluation:
    if atoms.pbc.all():
        try:
            return model.evaluate([atoms], stress=True)[0]
        except MissingPropertyError:
            pass  # it has none, which the table shows
    return model.evaluate([atoms])[0]


class _PeakMemory:
    """Context that samples the memory of this process and of those that it has started."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._before = self._peak = _resident()

    @property
    def bytes(self) -> int:
        """Largest memory in use so far on top of what was in use before."""
        return self._peak - self._before

    def __enter__(self) -> Self:
        """Start sampling."""
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop sampling."""
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self._peak = max(self._peak, _resident())
            if self._stop.wait(0.02):
                self._peak = max(self._peak, _resident())
                return


def _resident() -> int:
    own = psutil.Process()
    total = 0
    for process in (own, *own.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:  # it has just ended
            continue
    return total


def _print_head(path: str, atoms: Atoms, names: list[str]) -> None:
    print(f"{printable_name(path)}: {atoms.get_chemical_formula()}, {len(atoms)} atoms\n")
    width = _name_width(names)
    print(f"{'':<{width}}    E / atom    max |F|   pressure   force call  memory")
    print(f"{'model':<{width}}          eV       eV/Å        GPa           ms      MB")


def _name_width(names: list[str]) -> int:
    return min(max(map(len, names)), WIDTH - _WIDTH_OF_NUMBERS)


def _print_line(record: Record, names: list[str]) -> None:
    width = _name_width(names)
    name = record["model"]
    shown = name if len(name) <= width else f"…{name[1 - width :]}"
    if "error" in record:
        message = " ".join(record["error"]["message"].split())
        # An address in it stays whole: it is to be copied.
        lines = textwrap.wrap(
            f"FAILED: {message}", WIDTH - width - 2, break_long_words=False, break_on_hyphens=False
        )
        for index, line in enumerate(lines):
            print(f"{shown if index == 0 else '':<{width}}  {line}")
        return
    stress = record["stress_GPa"]
    pressure = "-" if stress is None else f"{-sum(stress[:3]) / 3:.4f}"
    print(
        f"{shown:<{width}}  {record['energy_eV_per_atom']:10.5f} "
        f"{record['max_force_eV_per_A']:10.5f} {pressure:>10} {record['ms_per_force_call']:12.2f} "
        f"{record['memory_MB']:7.0f}"
    )


def _print_foot(records: list[dict[str, Any]]) -> None:
    levels = {record["level_of_theory"] for record in records if "error" not in record}
    print("\nMemory: what loading and calling added here and in the model's own process.")
    print("A library that several models share here counts for the first of them.")
    if len(levels) > 1:
        print("Energies of different levels of theory have no common zero.")
