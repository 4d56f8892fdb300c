"""Commands of models: which there are, whether they keep what they claim, how good they are."""

from nearsight.cli import options
from nearsight.cli.from_settings import add_settings
from nearsight.evaluation.discovery import examination_names
from nearsight.evaluation.settings import ExamineSettings
from nearsight.workflows import settings


def add_models(commands: "options.Commands") -> None:
    """Add ``nearsight models``."""
    command = commands.add_parser("models", help="which models there are, and their environments")
    actions = command.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list the models that have a name")
    options.add_output(listing, plot=None, tables=False)
    listing.set_defaults(run=options.runner("nearsight.cli.models"))
    showing = actions.add_parser("show", help="all that is known of a model or a family")
    showing.add_argument("name", metavar="NAME", help="a model or a family")
    showing.set_defaults(run=options.runner("nearsight.cli.model_facts"))
    installing = actions.add_parser(
        "install",
        help="make the environment of a model's family",
        description="Install the packages of a family of models into an environment of its own, in "
        "which its models then run whenever they are asked for by name.",
    )
    installing.add_argument("name", metavar="NAME", help="a model or a family")
    installing.add_argument(
        "--accept-licence",
        action="store_true",
        help="accept a licence that restricts what the weights may be used for",
    )
    installing.set_defaults(run=options.runner("nearsight.cli.model_install"))
    removing = actions.add_parser("remove", help="remove the environment of a model's family")
    removing.add_argument("name", metavar="NAME", help="a model or a family")
    removing.set_defaults(run=options.runner("nearsight.cli.model_remove"))
    _models_at_work(actions)


def _models_at_work(actions: "options.Commands") -> None:
    checking = actions.add_parser(
        "check",
        help="hold a model to what it claims",
        description="Load a model, examine whether it keeps what it claims (gradients, invariances,"
        " curvature), and keep the verdict for `nearsight models list`.",
    )
    checking.add_argument("model", metavar="NAME", help="a model, or family:target")
    options.add_model(checking, named=False)
    checking.set_defaults(run=options.runner("nearsight.cli.model_check"))
    comparing = actions.add_parser(
        "compare",
        help="several models on one structure, side by side",
        description="Compute energy, forces and stress of a structure as it is in its file with "
        "several models, and how long a force call takes them.",
    )
    comparing.add_argument("structure", metavar="STRUCTURE", help="a structure file")
    add_settings(
        comparing, settings.ReadingSettings(), "reading", leave_out=("molecule", "recompute")
    )
    comparing.add_argument(
        "--models", required=True, metavar="A,B,...", help="names of models, separated by commas"
    )
    options.add_model(comparing, named=False)
    options.add_output(comparing, plot=None)
    comparing.set_defaults(run=options.runner("nearsight.cli.model_compare"))


def add_examine(commands: "options.Commands") -> None:
    """Add ``nearsight examine``."""
    command = commands.add_parser(
        "examine",
        help="may a model be trusted? practical examinations, with pages that compare",
        description="Examine models by "
        f"{', '.join(examination_names())}, each in a process of its own, and write a page for "
        "each model and one that compares them. What is in the folder already is not computed "
        "again; a model that fails, hangs or dies has that as its result.",
    )
    command.add_argument(
        "models",
        nargs="+",
        metavar="MODEL",
        help="models, or family:target; give them before the options",
    )
    command.add_argument(
        "--out", required=True, metavar="DIR", help="where records and pages are written"
    )
    add_settings(command, ExamineSettings())
    add_settings(command.add_argument_group("data of references"), ExamineSettings().data, "data")
    options.add_model(command, named=False)
    options.add_resources(command)
    command.set_defaults(run=options.runner("nearsight.cli.examine"))
