"""``nearsight campaign plan``."""

import argparse

from nearsight.campaigns import CampaignFile, read_inputs
from nearsight.campaigns.costs import RELAXATION_CALLS, cost_of_model
from nearsight.campaigns.plan import CampaignPlan, Measured, plan_campaign, predict_by
from nearsight.errors import MethodError
from nearsight.memory import gibibytes
from nearsight.tables.lines import print_line

_MOST_NAMED = 10


def run(arguments: argparse.Namespace) -> int:
    """Print what a campaign will cost, by what another one has measured, or by known costs."""
    if arguments.measured is not None and (arguments.dtype or arguments.device):
        raise MethodError(
            "--dtype and --device are of known costs, and --measured has its own; leave one out."
        )
    inputs = list(read_inputs(arguments.given))
    structures = {each.name: each.atoms for each in inputs if each.atoms}
    if not structures:
        raise MethodError("none of the structures can be read; give others.")
    if n_unreadable := sum(each.atoms is None for each in inputs):
        print_line("cannot be read", f"{n_unreadable}, which are left out")
    if arguments.measured is not None:
        measured = _measured(arguments)
        sizes = [(name, len(atoms)) for name, atoms in structures.items()]
        predicted, exponent = predict_by(measured, sizes)
        origin = f"{len(measured)} structures; time grows like N^{exponent:.2f}"
        loaded = ""
    else:
        cost = cost_of_model(
            arguments.model, arguments.dtype or "float64", arguments.device or "cpu"
        )
        predicted = [
            cost.predict(name, atoms, arguments.workflow) for name, atoms in structures.items()
        ]
        origin = (
            f"force calls and rows of {cost.model} ({cost.dtype}) on {cost.machine}; default "
            f"settings, {RELAXATION_CALLS} force calls a relaxation"
        )
        loaded = f"{gibibytes(cost.loaded_bytes)} in each worker when it is loaded, beside the rest"
    plan = plan_campaign(predicted, arguments.on or [1, 64], arguments.worker_memory)
    _print(plan, origin, arguments.worker_memory)
    if loaded:
        print_line("model", loaded)
    return 0


def _measured(arguments: argparse.Namespace) -> list[Measured]:
    rows = CampaignFile(arguments.measured).select(
        "SELECT n_atoms, seconds, peak_memory_bytes FROM nearsight_jobs "
        "JOIN nearsight_structures USING (sha256) "
        "WHERE state = 'done' AND workflow = ? AND model = ?",
        (arguments.workflow, arguments.model),
    )
    if not rows:
        raise MethodError(
            f"{arguments.measured} has nothing that is done of {arguments.workflow} with "
            f"{arguments.model}; screen some structures of all sizes first."
        )
    return [Measured(*row) for row in rows]


def _print(plan: CampaignPlan, origin: str, memory_bytes: int | None) -> None:
    if memory_bytes is not None:  # first, since it has to be known before anything is started
        print_line("too large", f"{len(plan.too_large)} for {gibibytes(memory_bytes)} a worker")
        for name in plan.too_large[:_MOST_NAMED]:
            print_line("", name)
        if (left := len(plan.too_large) - _MOST_NAMED) > 0:
            print_line("", f"and {left} more")
    print_line("structures", str(plan.n_structures))
    print_line("measured", origin)
    print_line("worker time", f"{plan.worker_hours:.3g} h")
    name, hours = plan.longest
    print_line("longest", f"{name}, {hours:.3g} h")
    for packing in plan.packings:
        busy = f"{100 * packing.busy_share:.0f} % busy"
        print_line(f"{packing.n_workers} workers", f"{packing.hours:.3g} h, {busy}")
