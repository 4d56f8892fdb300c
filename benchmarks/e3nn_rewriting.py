"""What the rewriting of e3nn's graphs saves: force calls and Hessian rows, with and without it.

    python benchmarks/e3nn_rewriting.py [--model sevennet-0] [--repeats 3] [--rows 5] STRUCTURE

Both variants run in this process, alternately; the medians and their ratios are printed.
"""

import argparse
import platform
from statistics import median
from time import perf_counter
from unittest import mock

import numpy as np

from nearsight.models import Model, load_model
from nearsight.structures import read_structure


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structure")
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, default=5)
    arguments = parser.parse_args()
    atoms = read_structure(arguments.structure)
    seeds = [(0, np.eye(3)[index % 3]) for index in range(arguments.rows + 1)]

    def force_call(model: Model) -> float:
        start = perf_counter()
        model.evaluate([atoms])
        return perf_counter() - start

    def row(model: Model) -> float:
        rows = model.rows(atoms, seeds)
        next(rows)  # builds the graph of the forces
        start = perf_counter()
        for _ in rows:
            pass
        return (perf_counter() - start) / arguments.rows

    rewritten = load_model(arguments.model, device="cpu")
    with mock.patch("nearsight.models.families.sevennet.load.simplify_products"):
        plain = load_model(arguments.model, device="cpu")
    models = {"as e3nn writes it": plain, "rewritten": rewritten}
    times: dict[tuple[str, str], list[float]] = {}
    for repeat in range(arguments.repeats + 1):
        for name, model in models.items():
            for what, work in (("force call", force_call), ("row", row)):
                seconds = work(model)
                if repeat > 0:  # the first round warms up
                    times.setdefault((name, what), []).append(seconds)

    print(f"{arguments.model}, float64, {len(atoms)} atoms, {platform.processor() or 'CPU'}")
    for what in ("force call", "row"):
        before, after = (median(times[name, what]) for name in models)
        print(f"{what:<12} {before:7.3f} s -> {after:7.3f} s   {before / after:.2f}x faster")
    for name in models:
        ratio = median(times[name, "row"]) / median(times[name, "force call"])
        print(f"a row costs {ratio:.2f} force calls {name}")


if __name__ == "__main__":
    main()
