"""The options that several commands share."""

import argparse
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from nearsight.cli.from_settings import Narrowed, add_settings
from nearsight.cli.parser import Parser
from nearsight.settings import Settings, describe
from nearsight.workflows.settings_files import EveryRun

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
Run = Callable[[argparse.Namespace], int]

_TITLES = {
    "relaxation": "relaxation",
    "dynamics": "dynamics",
    "output": "what is written",
    "frames": "frames and atoms",
    "radial": "radial distribution functions",
    "diffusion": "displacements and diffusion",
    "velocity": "velocities",
    "rows": "rows of the Hessian",
    "path": "volumes",
    "phonons": "phonons",
    "probing": "probing, with --spectrum probing",
    "thermodynamics": "thermodynamics",
    "gas": "ideal gas",
    "presentation": "units of what is shown",
    "fragments": "fragments",
    "convergence": "convergence",
    "insertion": "insertions",
    "distortion": "random distortions",
    "sampling": "molecular dynamics, with --temperature",
    "data": "data",
    "functions": "symmetry functions",
    "prior": "what networks are added to",
    "network": "networks",
    "optimizer": "optimizer",
    "stopping": "when it ends",
}
"""Groups of settings that have a heading of their own."""

_FINISHED = (
    ", or finished work: Hessians saved as .npz, for elastic what its --output saved; for the "
    "others also those of other programs (ORCA's .hess, Gaussian's .fchk and outputs with force "
    "constants, ASE's .json, FHI-aims's hessian.NAME.dat); heat-capacity and phonons take "
    "phonopy's .yaml too"
)
"""What most commands take beside structures."""


def runner(module: str) -> Run:
    """Return a function that imports `module` only when its command runs, and calls its `run`."""

    def run(arguments: argparse.Namespace) -> int:
        status: int = importlib.import_module(module).run(arguments)
        return status

    return run


def add_structures(command: argparse.ArgumentParser, *, finished: bool = True) -> None:
    """Add the structures to calculate; `finished` says whether finished work is one, too."""
    command.add_argument(
        "structures",
        nargs="+",
        metavar="STRUCTURE",
        help="structure files (CIF, or any format ASE reads), folders of them, patterns such as "
        f"'runs/**/*.cif'{_FINISHED if finished else ''}; of a file with several structures FILE@1 "
        "is the first, FILE@2 the second, FILE@name the block of a CIF; give them before the "
        "options",
    )


def refuse_molecule(command: argparse.ArgumentParser, reason: str) -> None:
    """Let a command that other ones send molecules in a box to say why it takes none."""
    command.add_argument(
        "--molecule", action=_Refused, const=reason, nargs=0, help=argparse.SUPPRESS
    )


class _Refused(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        parser.error(f"{self.option_strings[0]}: {self.const}")


def add_saved_hessians(command: argparse.ArgumentParser) -> None:
    """Add the saved Hessians that a command starts from, under the name of structures."""
    command.add_argument(
        "structures",
        nargs="+",
        metavar="FILE",
        help="Hessians saved by `nearsight hessian` as .npz, those of other programs, or records "
        "written by --json or --jsonl; give them before the options",
    )


def add_workflow(
    command: argparse.ArgumentParser,
    default: Settings,
    *,
    leave_out: tuple[str, ...] = (),
    narrowed: Narrowed | None = None,
) -> None:
    """Add an option for each setting of a workflow, for the model, and for files of settings.

    Parameters
    ----------
    command
        What runs the workflow.
    default
        Its settings where no option is given.
    leave_out
        Names of settings that this command does not have.
    narrowed
        Settings of which it takes less than they may be.
    """
    add_settings_of(command, default, leave_out=leave_out, narrowed=narrowed)
    add_model(command)
    add_resources(command)
    add_work_folder(command.add_argument_group("unfinished work"))


def add_settings_of(
    command: argparse.ArgumentParser,
    default: Settings,
    *,
    leave_out: tuple[str, ...] = (),
    narrowed: Narrowed | None = None,
) -> None:
    """Add an option for each setting, those of a group under a heading of their own."""
    less: dict[str, Any] = {"leave_out": leave_out, "narrowed": narrowed}
    add_settings(command, default, **less)
    for about in describe(type(default)):
        if about.group is None:
            continue
        title = _TITLES.get(about.name)
        container = command if title is None else command.add_argument_group(title)
        add_settings(container, getattr(default, about.name), about.name, **less)


def add_work_folder(command: "argparse._ActionsContainer") -> None:
    """Add where unfinished work is kept."""
    command.add_argument(
        "--work-dir",
        default=".nearsight",
        metavar="DIR",
        help="where unfinished work is kept until it is done (default: %(default)s)",
    )


def add_model(command: argparse.ArgumentParser, *, named: bool = True) -> None:
    """Add what selects the model; `named` says whether ``--model`` is among the options."""
    group = command.add_argument_group("model and settings")
    leave_out = () if named else ("name",)
    add_settings(group, EveryRun().model, "model", leave_out=leave_out)
    add_config(group)


def add_config(group: "argparse._ActionsContainer") -> None:
    """Add a file of settings."""
    group.add_argument(
        "--config",
        metavar="FILE",
        help="a TOML file of settings, which options go before; `nearsight config` shows those of "
        "nearsight.toml, in this folder or the user's, which come last",
    )


def add_resources(command: argparse.ArgumentParser) -> None:
    """Add what may be used of the machine."""
    group = command.add_argument_group("resources")
    add_settings(group, EveryRun().resources, "resources", leave_out=("device",))


def add_saved_structure(command: argparse.ArgumentParser, option: str) -> None:
    """Add where relaxed structures are written."""
    command.add_argument(
        option,
        dest="save_structure",
        metavar="DIR|FILE",
        help="write each relaxed structure: STEM.relaxed.cif (or .extxyz) into a folder, or all "
        "into one file of a format that ASE writes",
    )


def add_output(
    command: argparse.ArgumentParser,
    plot: str | None,
    *,
    report: bool = True,
    tables: bool = True,
) -> None:
    """Add where results go: a figure only of something, a page only with one."""
    group = command.add_argument_group("output")
    group.add_argument(
        "--json", metavar="FILE", help="write the results as JSON; - for standard output"
    )
    command.set_defaults(report=None, csv=None, plot=None, jsonl=None, append=False)
    if tables:
        group.add_argument(
            "--jsonl",
            metavar="FILE",
            help="append the results as JSON Lines, each as soon as its structure is finished",
        )
        group.add_argument(
            "--append", action="store_true", help="go on with a file of --jsonl that is there"
        )
        group.add_argument(
            "--csv",
            metavar="FILE",
            help="write the tables of all structures as CSV; further ones, such as bands, beside "
            "it",
        )
    if plot is None:
        return
    group.add_argument("--plot", metavar="FILE", help=f"draw the {plot} (.png, .pdf or .svg)")
    if not report:
        return
    group.add_argument(
        "--report",
        metavar="FILE",
        help="write one self-contained page with numbers, figures and moving modes (.html)",
    )


def add_log_options(parser: Parser) -> None:
    """Add what decides how much is told, before the command and after it."""
    _add_log(parser, {})
    for command in parser.leaves():
        # What was said before the command stays unless it is said again.
        _add_log(command, {"default": argparse.SUPPRESS})


def _add_log(parser: Parser, unless_given: Mapping[str, Any]) -> None:
    group = parser.add_argument_group("what is told meanwhile")
    group.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        **unless_given,
        help="warnings and errors only: no bars, no lines about what is being done",
    )
    group.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        **unless_given,
        help="lines on standard error on a terminal too, and more of them",
    )
    group.add_argument(
        "--log",
        metavar="FILE",
        help="append what is being done to FILE with times",
        **unless_given,
    )
