"""Commands of campaigns: thousands of structures, unattended."""

import argparse

from nearsight.campaigns.questions import QUESTIONS
from nearsight.cli import options
from nearsight.cli.from_settings import add_settings
from nearsight.cli.values import gibibytes, positive_float, positive_int
from nearsight.models.spec import PRECISIONS
from nearsight.workflows.settings import ReadingSettings


def add_screen(commands: "options.Commands") -> None:
    """Add ``nearsight screen``."""
    command = commands.add_parser(
        "screen",
        help="many structures by workflows and models, unattended and resumable",
        description="Calculate every structure by every workflow and model, each once, into an ASE "
        "database. What is there already is not computed again; further structures, workflows and "
        "models may be added to a campaign.",
    )
    command.add_argument(
        "given",
        nargs="+",
        metavar="STRUCTURES",
        help="files, folders and patterns; all structures of extended XYZ, .traj, an ASE database "
        "(.db) or a response of OPTIMADE (.json); give them before the options",
    )
    command.add_argument(
        "--workflow",
        action="append",
        required=True,
        metavar="NAME",
        help=f"what is asked, once or more often: {', '.join(QUESTIONS)}",
    )
    command.add_argument("--out", required=True, metavar="FILE", help="the campaign (.db)")
    add_settings(command, ReadingSettings(), "reading", leave_out=("molecule", "recompute"))
    options.add_model(command)
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the workflows, by its name in files of settings, such as "
        "relaxation.fmax_eV_per_A=0.01; may be given more than once",
    )
    _add_workers(command)
    command.set_defaults(run=options.runner("nearsight.cli.screen"))


def add_campaign(commands: "options.Commands") -> None:
    """Add ``nearsight campaign``."""
    command = commands.add_parser("campaign", help="how a campaign stands, and what to do with it")
    actions = command.add_subparsers(required=True, metavar="ACTION")
    _action(actions, "status", "what is done, waits or failed, and why")
    resuming = _action(actions, "resume", "go on with a campaign that has ended before its end")
    retrying = _action(actions, "retry", "try again what failed, and go on")
    retrying.add_argument(
        "--reason",
        action="append",
        default=[],
        metavar="NAME",
        help="failures of this reason or error only, such as memory or quarantined; may be given "
        "more than once",
    )
    for each in (resuming, retrying):
        _add_workers(each)
    _plan(actions)
    exporting = _action(actions, "export", "the main numbers as CSV")
    reporting = _action(actions, "report", "a page with distributions and a table of everything")
    reporting.add_argument("--output", required=True, metavar="FILE", help="the page (.html)")
    reporting.add_argument(
        "--reference",
        metavar="FILE",
        help="compare heat capacities with a column of a CSV file whose first one has the names of "
        "structures",
    )
    reporting.add_argument(
        "--pages",
        nargs="+",
        default=[],
        metavar="PATTERN",
        help="write the page of each structure whose name matches, such as '*', too, and link to "
        "it: some 0.6 MB each, and those that are there are not written again",
    )
    reporting.add_argument("--column", metavar="NAME", help="the column of --reference")
    exporting.add_argument("--csv", required=True, metavar="FILE", help="where to write them")


def _plan(actions: "options.Commands") -> None:
    command = actions.add_parser(
        "plan",
        help="hours and memory before a campaign begins",
        description="Print how long structures will take on workers, and which will not fit: by "
        "those of a campaign that are done, or by what models cost that were measured.",
    )
    command.add_argument("given", nargs="+", metavar="STRUCTURES", help="as for `nearsight screen`")
    command.add_argument(
        "--measured",
        metavar="FILE",
        help="a campaign with some structures of all sizes (.db); without it numbers of atoms, "
        "pairs and rows are counted, and what was measured of the model is taken",
    )
    command.add_argument("--workflow", required=True, metavar="NAME", help="what is asked")
    command.add_argument("--model", required=True, metavar="NAME", help="which model")
    command.add_argument(
        "--dtype",
        choices=PRECISIONS,
        help="of the model, without --measured (default: float64)",
    )
    command.add_argument("--device", help="of the model, without --measured (default: cpu)")
    command.add_argument(
        "--on",
        type=positive_int,
        nargs="+",
        metavar="N",
        help="numbers of workers that are tried (default: 1 and 64)",
    )
    command.add_argument(
        "--worker-memory",
        type=gibibytes,
        metavar="GIB",
        help="memory that one worker has beside the loaded model",
    )
    command.set_defaults(run=options.runner("nearsight.cli.campaign_plan"))


def _action(actions: "options.Commands", name: str, what: str) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    action.add_argument("campaign", metavar="FILE", help="the campaign (.db)")
    action.set_defaults(run=options.runner("nearsight.cli.campaign"), action=name)
    return action


def _add_workers(command: argparse.ArgumentParser) -> None:
    """Add where a campaign is worked on."""
    group = command.add_argument_group("workers")
    group.add_argument(
        "--workers",
        type=positive_int,
        metavar="N",
        help="processes on this machine, which share its cores, memory and GPUs (default: 1)",
    )
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="in place of those the workers of a scheduler of dask, such as tcp://node7:8786",
    )
    group.add_argument(
        "--cluster",
        metavar="FILE",
        help="in place of those workers that are started as a TOML file says: jobs of Slurm "
        "([slurm]) or processes on hosts ([hosts])",
    )
    group.add_argument(
        "--silence",
        type=positive_float,
        metavar="S",
        help="end a worker that tells nothing for so many seconds (default: 20 times what its "
        "structure should take, at least 600)",
    )
    options.add_resources(command)
