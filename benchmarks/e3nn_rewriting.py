"""What convolutions of our own save in networks of e3nn: force calls, Hessian rows, and memory.

    python benchmarks/e3nn_rewriting.py STRUCTURE [--model sevennet-0] [--dtype float64]
        [--repeats 3] [--rows 5] [--trust]

Four variants run in this process, alternately: the products as e3nn writes them, with its graphs
rewritten, with the convolutions in their place, which PyTorch sums, and with all that is compiled:
their sums, and MACE's contractions. Printed are medians of processor seconds, their ratios, and
what the first row takes on top of what was in use before.
"""

import argparse
import platform
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from importlib import import_module
from time import process_time
from unittest import mock

import numpy as np
import torch
from ase import Atoms

from nearsight.memory import METER
from nearsight.models import Model, load_model
from nearsight.models.families import FAMILIES
from nearsight.structures import read_structure

AS_WRITTEN = "as e3nn writes it"
BY_PYTORCH = "convolutions, by PyTorch"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structure")
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--dtype", default="float64", choices=("float64", "float32"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, default=5)
    parser.add_argument("--trust", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    atoms = read_structure(arguments.structure)
    load = partial(
        load_model, arguments.model, dtype=arguments.dtype, device="cpu", trust=arguments.trust
    )
    models = variants(load)
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    for repeat in range(arguments.repeats + 1):
        for name, model in models.items():
            with sums_of(name):
                measured = force_call_and_row(model, atoms, arguments.rows)
            if repeat > 0:  # the first round warms up
                seconds[name].append(measured)

    print(f"{arguments.model}, {arguments.dtype}, {len(atoms)} atoms, {platform.processor()}")
    print("| | force call / s | row / s | row / force call | force call | row | MB/atom |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    medians = {name: np.median(each, axis=0) for name, each in seconds.items()}
    for name, model in models.items():
        force, row = medians[name]
        of_force, of_row = medians[name] / medians[AS_WRITTEN]
        with sums_of(name):
            first = METER.measure(partial(force_call_and_row, model, atoms, 0), "cpu")
        print(
            f"| {name} | {force:.3f} | {row:.3f} | {row / force:.2f} | {of_force:.2f} "
            f"| {of_row:.2f} | {first.peak_memory_bytes / 1e6 / len(atoms):.1f} |"
        )


def variants(load: Callable[[], Model]) -> dict[str, Model]:
    """Return the model as e3nn writes it, with graphs rewritten, and twice with convolutions."""
    compiled = load()
    module = FAMILIES[compiled.identity.family].module
    with without_contractions(module):
        convolutions = load()
        with without_convolutions(module):
            rewritten = load()
            with mock.patch(f"{module}.simplify_products"):
                as_written = load()
    return {
        AS_WRITTEN: as_written,
        "graphs rewritten": rewritten,
        BY_PYTORCH: convolutions,
        "compiled": compiled,
    }


def sums_of(variant: str) -> AbstractContextManager[object]:
    """Sum convolutions by PyTorch where the variant says so."""
    if variant != BY_PYTORCH:
        return nullcontext()
    return mock.patch("nearsight.models.engines.edge_products._compiled_sums", return_value=None)


def force_call_and_row(model: Model, atoms: Atoms, n_rows: int) -> tuple[float, float]:
    """Return processor seconds of a force call and of a row beyond the first."""
    start = process_time()
    model.evaluate([atoms])
    force_call = process_time() - start
    rows = model.rows(atoms, [(0, np.eye(3)[index % 3]) for index in range(n_rows + 1)])
    next(rows)  # builds the graph of the forces
    start = process_time()
    for _ in rows:
        pass
    return force_call, (process_time() - start) / max(n_rows, 1)


def without_contractions(module: str) -> AbstractContextManager[object]:
    """Load models of MACE with its own contractions."""
    if not hasattr(import_module(module), "_replace_contractions"):
        return nullcontext()
    return mock.patch(f"{module}._replace_contractions")


@contextmanager
def without_convolutions(module: str) -> Iterator[None]:
    """Load models without convolutions of our own."""
    shared = "nearsight.models.engines.e3nn_convolutions"
    with ExitStack() as stack:
        for where in {shared, module}:
            if hasattr(import_module(where), "is_edge_product"):
                stack.enter_context(mock.patch(f"{where}.is_edge_product", return_value=False))
        yield


if __name__ == "__main__":
    main()
