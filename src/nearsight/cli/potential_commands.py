"""Commands of potentials that are trained here."""

import argparse

from nearsight.cli import options
from nearsight.cli.from_settings import add_settings
from nearsight.workflows.learn_settings import LearnSettings
from nearsight.workflows.potential_settings import HdnnpTestSettings, TrainSettings
from nearsight.workflows.synthesize_settings import SynthesizeSettings


def add_train(commands: "options.Commands") -> None:
    """Add ``nearsight train``."""
    command = commands.add_parser(
        "train",
        help="train a potential of Behler and Parrinello, or a committee of them",
        description="Train neural networks on labelled structures, and write them as n2p2 and "
        "LAMMPS have them: DIR/best and DIR/last, with the learning curve. An interrupted training "
        "goes on, to the bit, when the same command is given; with more epochs, so does a finished "
        "one.",
    )
    command.add_argument(
        "data",
        nargs="+",
        metavar="DATA",
        help="files of structures with energies and forces (extended XYZ or input.data); give them "
        "before the options",
    )
    command.add_argument("--out", required=True, metavar="DIR", help="where everything is written")
    command.add_argument(
        "--locality",
        metavar="FILE",
        help="a record of `nearsight locality`: pairs of elements have no symmetry functions "
        "beyond the distance at which they interact",
    )
    options.add_settings_of(command, TrainSettings())
    options.add_config(command.add_argument_group("settings"))
    options.add_resources(command)
    options.add_output(command, plot="learning curves, errors, and distances of the training set")
    command.set_defaults(run=options.runner("nearsight.cli.train"))


def add_learn(commands: "options.Commands") -> None:
    """Add ``nearsight learn``."""
    command = commands.add_parser(
        "learn",
        help="teach a potential what a model knows of a crystal, from fragments of it",
        description="Cut fragments of crystals, let a model label them, train two networks, move "
        "the crystals by them, and cut and label where they are not to be trusted, until nothing "
        "new is found. Everything is in DIR; the same command goes on with what was interrupted.",
    )
    command.add_argument(
        "structures",
        nargs="+",
        metavar="CRYSTAL",
        help="structure files of crystals with bonds that can be cut; give them before the options",
    )
    command.add_argument("--out", required=True, metavar="DIR", help="where everything is written")
    command.add_argument(
        "--locality",
        metavar="FILE",
        help="a record of `nearsight locality`: radius of fragments and cutoff are half of the "
        "range of forces that it tells, a lower bound of what is enough, and pairs of elements "
        "have no symmetry functions beyond the distance at which they interact",
    )
    options.add_settings_of(command, LearnSettings(), leave_out=("recompute", "molecule"))
    options.add_model(command, named=False)
    command.add_argument(
        "--teacher",
        dest="setting model.name",
        default=argparse.SUPPRESS,
        required=True,
        metavar="NAME",
        help="the model that labels fragments: any that `nearsight models list` names",
    )
    options.add_resources(command)
    options.add_output(command, plot="errors and data of all rounds, and what was found")
    command.set_defaults(run=options.runner("nearsight.cli.learn"))


def add_synthesize(commands: "options.Commands") -> None:
    """Add ``nearsight synthesize``."""
    command = commands.add_parser(
        "synthesize",
        help="a set of labelled structures, to learn what a known potential is",
        description="Write structures around one, by random distortions or by molecular dynamics, "
        "with the energies, forces and stresses that a model gives them. Of a synthetic potential "
        "(--model synthetic:7) range, order and all derivatives are known.",
    )
    command.add_argument("structure", metavar="STRUCTURE", help="a structure file")
    command.add_argument(
        "--output", required=True, metavar="FILE", help="the data (.extxyz or .xyz)"
    )
    options.add_workflow(command, SynthesizeSettings(), leave_out=("recompute",))
    options.add_output(command, plot=None, tables=False)
    command.set_defaults(run=options.runner("nearsight.cli.synthesize"))


def add_hdnnp(commands: "options.Commands") -> None:
    """Add ``nearsight hdnnp``."""
    command = commands.add_parser(
        "hdnnp", help="potentials of Behler and Parrinello, as n2p2, LAMMPS and RuNNer have them"
    )
    actions = command.add_subparsers(required=True, metavar="ACTION")
    converting = actions.add_parser(
        "convert",
        help="a potential, or data, from one format or set of units into another",
        description="Write the potential of a folder (input.nn, scaling.data, weights.ZZZ.data) as "
        "n2p2 and LAMMPS read it, or structures of input.data or extended XYZ as the other.",
    )
    converting.add_argument("source", metavar="IN", help="a folder, input.data or extended XYZ")
    converting.add_argument(
        "target",
        metavar="OUT",
        help="a folder without a potential, or a file that ends in .data, .extxyz or .xyz, which "
        "is replaced",
    )
    for option, what in (
        ("--from-units", "those of IN where it does not say them"),
        ("--to-units", "those of OUT; extended XYZ is in angstrom,eV"),
    ):
        converting.add_argument(
            option, metavar="L,E", help=f"{what}: angstrom,eV or bohr,hartree (RuNNer's)"
        )
    converting.add_argument(
        "--replace",
        action="store_true",
        help="have the result take the place of a potential that lies in OUT, with all its files",
    )
    converting.set_defaults(run=options.runner("nearsight.cli.hdnnp_convert"))
    _hdnnp_test(actions)


def _hdnnp_test(actions: "options.Commands") -> None:
    testing = actions.add_parser(
        "test",
        help="errors of a potential for labelled structures, by set, group and element",
        description="Predict labelled structures, and print errors of energies and forces by set, "
        "group and element, and how many atoms extrapolate.",
    )
    testing.add_argument("potential", metavar="FOLDER", help="a potential as n2p2 has it")
    testing.add_argument(
        "data",
        nargs="+",
        metavar="DATA",
        help="files of structures with energies, forces or both (extended XYZ or input.data); give "
        "them before the options",
    )
    testing.add_argument(
        "--training",
        metavar="FILE",
        help="the record of the training on the same data, which knows what was kept for tests; "
        "without it, what the data says by set=test",
    )
    add_settings(testing, HdnnpTestSettings())
    options.add_output(testing, plot="predictions against labels, and distributions of errors")
    testing.set_defaults(run=options.runner("nearsight.cli.hdnnp_test"), config=None)
