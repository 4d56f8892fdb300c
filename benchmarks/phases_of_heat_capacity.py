"""Where the time of a heat capacity goes: start, loading, relaxation, and all that follows.

    python benchmarks/phases_of_heat_capacity.py STRUCTURE... [--model sevennet-0]
        [--dtype float64]

One structure after the other in one process with one thread, so that what is started and loaded
counts once. Processor seconds. What follows a relaxation are rows, and modes or a mesh of phonons.
"""

import argparse
from pathlib import Path
from time import process_time

from nearsight.models import load_model
from nearsight.relaxation import RelaxationSettings
from nearsight.resources import Resources
from nearsight.workflows import HeatCapacitySettings, RelaxSettings, heat_capacity, relax


def main() -> None:
    """Measure and print."""
    started_s = process_time()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structures", type=Path, nargs="+")
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--dtype", default="float64", choices=("float64", "float32", "mixed"))
    arguments = parser.parse_args()
    one = Resources(cores=1)
    one.limit_threads()
    model = load_model(arguments.model, dtype=arguments.dtype, device="cpu")
    loaded_s = process_time() - started_s
    print(
        f"{arguments.model}, {arguments.dtype}: start {started_s:.1f} s, loading {loaded_s:.1f} s"
    )
    print("| | atoms | relaxation / s | rows | rows and modes / s |")
    print("| --- | --- | --- | --- | --- |")
    given = HeatCapacitySettings(relaxation=RelaxationSettings(relax=False))
    for path in arguments.structures:
        start_s = process_time()
        relaxed = relax(path, model, RelaxSettings(), resources=one).atoms
        relaxed_s = process_time()
        record = heat_capacity(relaxed, model, given, resources=one)
        print(
            f"| {path.stem} | {len(relaxed)} | {relaxed_s - start_s:.1f} "
            f"| {record.hessian.rows_needed} | {process_time() - relaxed_s:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
