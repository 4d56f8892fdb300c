"""``nearsight campaign plan``."""

import argparse

from nearsight.campaigns import CampaignFile, read_inputs
from nearsight.campaigns.plan import CampaignPlan, Measured, plan_campaign
from nearsight.errors import MethodError
from nearsight.memory import gibibytes
from nearsight.tables.lines import print_line

_MOST_NAMED = 10


def run(arguments: argparse.Namespace) -> int:
    """Print what a campaign will cost, by what another one has measured."""
    inputs = [each for each in read_inputs(arguments.given) if each.atoms is not None]
    if not inputs:
        raise MethodError("none of the structures can be read; give others.")
    sizes = [(each.name, len(each.atoms)) for each in inputs if each.atoms is not None]
    measured = _measured(arguments)
    memory_bytes = arguments.worker_memory
    plan = plan_campaign(sizes, measured, arguments.on or [1, 64], memory_bytes)
    _print(plan, len(measured), memory_bytes)
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


def _print(plan: CampaignPlan, n_measured: int, memory_bytes: int | None) -> None:
    print_line("structures", str(plan.n_structures))
    print_line("measured", f"{n_measured} structures; time grows like N^{plan.exponent:.2f}")
    print_line("worker time", f"{plan.worker_hours:.3g} h")
    name, hours = plan.longest
    print_line("longest", f"{name}, {hours:.3g} h")
    for packing in plan.packings:
        busy = f"{100 * packing.busy_share:.0f} % busy"
        print_line(f"{packing.n_workers} workers", f"{packing.hours:.3g} h, {busy}")
    if memory_bytes is None:
        return
    print_line("too large", f"{len(plan.too_large)} for {gibibytes(memory_bytes)} a worker")
    for name in plan.too_large[:_MOST_NAMED]:
        print_line("", name)
