# %% [markdown]
# # How many force calls a relaxation takes
#
# Positions and cell of solids from their CIFs, until no force and no row of the virial per atom is
# above 0.005 eV/Å: ASE's BFGS, LBFGS and FIRE, its preconditioned LBFGS, and `newton`. A force-call
# equivalent is the time that a force call of the same relaxation took; products with the Hessian
# count by their time. All times are those of the processor, so that other work beside it counts
# little; run it with one thread (OMP_NUM_THREADS=1), for which they are seconds.
#
#     python studies/relaxation.py CIF... --records DIR [--model sevennet-0] [--optimizers ...]
import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from ase import Atoms

from nearsight.allocation import allocate_for_speed
from nearsight.models import Model, load_model
from nearsight.models.calculator import ModelCalculator
from nearsight.models.contract import Evaluation, Products
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.relaxation.followed import residual
from nearsight.structures import read_structure
from records import Record, by_stem, collect, markdown_table

FMAX = 0.005
MAX_STEPS = 1000
LONGEST_STEP_A = 0.2
"""That of BFGS and LBFGS in ASE. With its own, 0.04 Å, preconditioned LBFGS took 112 and 260 force
calls for RSM0004 and RSM0009, with this one 77 and 99."""
OURS = "newton"
PRECONDITIONED = "preconditioned LBFGS"
OPTIMIZERS = ("BFGS", "LBFGS", "FIRE", PRECONDITIONED, OURS)


# %% [markdown]
# ## What a relaxation asks of the model
class Counted:
    """A model that counts force calls, and the time that they and products take."""

    def __init__(self, model: Model) -> None:
        self.identity, self.capabilities = model.identity, model.capabilities
        self.facts = model.facts
        self._model = model
        self.force_calls = 0
        self.seconds_of_forces = 0.0
        self.seconds_of_products = 0.0

    def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> list[Evaluation]:
        """Return energies and forces, counted."""
        start = process_time()
        found = self._model.evaluate(structures, **asked)
        self.seconds_of_forces += process_time() - start
        self.force_calls += len(structures)
        return found

    def rows(self, *arguments: Any, **options: Any) -> Iterator[Any]:
        """Yield rows; no relaxation asks for them."""
        return self._model.rows(*arguments, **options)

    def linearize(self, atoms: Atoms, **options: Any) -> Products:
        """Return products, whose time is counted."""
        products = self._timed(lambda: self._model.linearize(atoms, **options))
        return lambda vectors: self._timed(lambda: products(vectors))

    @property
    def equivalents(self) -> float:
        """Force calls, and products as many as would have taken their time."""
        each = self.seconds_of_forces / self.force_calls
        return self.force_calls + self.seconds_of_products / each

    def _timed(self, work: Callable[[], Any]) -> Any:
        start = process_time()
        found = work()
        self.seconds_of_products += process_time() - start
        return found


def relaxed(atoms: Atoms, model: Model, optimizer: str) -> tuple[Atoms, float]:
    """Return the relaxed structure and its energy in eV."""
    if optimizer != PRECONDITIONED:
        found = relax(
            atoms,
            model,
            RelaxationSettings(fmax_eV_per_A=FMAX, optimizer=optimizer, max_steps=MAX_STEPS),
        )
        return found.atoms, found.energy_after_eV
    from ase.filters import UnitCellFilter
    from ase.optimize.precon import Exp, PreconLBFGS

    moving = atoms.copy()
    moving.calc = ModelCalculator(model)
    # Its own criterion is about forces in another frame and the stress; go on until ours holds.
    with PreconLBFGS(
        UnitCellFilter(moving),
        precon=Exp(A=3),
        variable_cell=False,  # the filter is there already
        use_armijo=True,
        maxstep=LONGEST_STEP_A,
        logfile=None,
    ) as descent:
        for _ in descent.irun(fmax=1e-9, steps=MAX_STEPS):
            stress = moving.get_stress()
            if residual(moving.get_forces(), stress, moving.cell.array, "free") < FMAX:
                break
    energy = float(moving.get_potential_energy())
    moving.calc = None
    return moving, energy


def measure(path: Path, model: Model, optimizer: str) -> Record:
    """Return what a relaxation took and where it ended."""
    atoms = read_structure(path)
    counted = Counted(model)
    start = process_time()
    found, energy = relaxed(atoms, counted, optimizer)
    seconds = process_time() - start
    [last] = model.evaluate([found], stress=True)
    left = residual(last.forces_eV_per_A, last.stress_eV_per_A3, found.cell.array, "free")
    return {
        "n_atoms": len(atoms),
        "force_calls": counted.force_calls,
        "equivalents": counted.equivalents,
        "seconds": seconds,
        "residual_eV_per_A": left,
        "energy_eV_per_atom": energy / len(atoms),
        "volume_change": found.cell.volume / atoms.cell.volume - 1,
        "positions_A": found.positions.tolist(),
        "cell_A": found.cell.array.tolist(),
    }


# %% [markdown]
# ## Tables
def table(records: dict[str, dict[str, Record]]) -> str:
    """Return a line for each solid: equivalents, and energies above the lowest in meV/atom."""
    optimizers = list(next(iter(records.values())))
    lines = []
    for name, of in records.items():
        lowest = _lowest(of)
        cells = [name, str(next(iter(of.values())).get("n_atoms", "?"))]
        for record in of.values():
            if "error" in record:
                cells.append("failed")
                continue
            above = 1000 * (record["energy_eV_per_atom"] - lowest)
            mark = "" if record["residual_eV_per_A"] < FMAX else " (not converged)"
            cells.append(f"{record['equivalents']:.0f}, +{above:.1f}{mark}")
        lines.append(cells)
    return markdown_table(("solid", "atoms", *optimizers), lines)


def summary(records: dict[str, dict[str, Record]]) -> str:
    """Return medians of each optimizer, and of its ratios to BFGS and of ours to it."""
    lines = []
    for optimizer in next(iter(records.values())):
        done = [of for of in records.values() if "error" not in of[optimizer]]
        own = [of[optimizer] for of in done]
        lowest = [_lowest(of) for of in done]
        lines.append(
            [
                optimizer,
                str(len(own)),
                f"{np.median([record['equivalents'] for record in own]):.0f}",
                _over(optimizer, "BFGS", "equivalents", done),
                _over(OURS, optimizer, "equivalents", done),
                f"{np.median([record['seconds'] for record in own]):.0f}",
                _over(OURS, optimizer, "seconds", done),
                str(sum(record["residual_eV_per_A"] >= FMAX for record in own)),
                str(
                    sum(
                        1000 * (record["energy_eV_per_atom"] - low) > 1
                        for record, low in zip(own, lowest, strict=True)
                    )
                ),
            ]
        )
    header = (
        "optimizer",
        "solids",
        "equivalents, median",
        "over BFGS, median and range",
        f"{OURS} over it",
        "seconds, median",
        f"{OURS} over it in seconds",
        "not converged",
        "ends 1 meV/atom above the lowest",
    )
    return markdown_table(header, lines)


def _lowest(of: dict[str, Record]) -> float:
    return min(record["energy_eV_per_atom"] for record in of.values() if "error" not in record)


def _over(one: str, other: str, quantity: str, records: list[dict[str, Record]]) -> str:
    """Return the median and the range of a ratio over the solids that both relaxed."""
    ratios = [
        of[one][quantity] / of[other][quantity]
        for of in records
        if all("error" not in of.get(each, {"error": "not asked for"}) for each in (one, other))
    ]
    if not ratios:
        return ""
    return f"{np.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}"


def main() -> None:
    """Relax what is not there yet, and print the tables."""
    parser = argparse.ArgumentParser(description="How many force calls a relaxation takes.")
    parser.add_argument("structures", nargs="+", type=Path)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--optimizers", nargs="+", default=OPTIMIZERS, choices=OPTIMIZERS)
    arguments = parser.parse_args()
    allocate_for_speed()
    model = load_model(arguments.model, device="cpu")
    paths = by_stem(arguments.structures)
    found: dict[str, dict[str, Record]] = {name: {} for name in paths}
    for optimizer in arguments.optimizers:

        def calculate(name: str, optimizer: str = optimizer) -> Record:
            return measure(paths[name], model, optimizer)

        settings = {"model": arguments.model, "optimizer": optimizer, "fmax": FMAX}
        folder = arguments.records / optimizer.replace(" ", "-")
        for name, record in collect(folder, paths, calculate, settings).items():
            found[name][optimizer] = record
    print(table(found))
    print(summary(found))


if __name__ == "__main__":
    main()
