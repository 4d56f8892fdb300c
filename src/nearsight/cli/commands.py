"""The commands of ``nearsight``, and the options of each."""

import argparse

import nearsight
from nearsight.cli import options
from nearsight.cli.from_settings import add_settings
from nearsight.cli.parser import Parser
from nearsight.cli.values import mode_index, positive_float
from nearsight.workflows import settings


def command_parser() -> argparse.ArgumentParser:
    """Return what understands a command line."""
    parser = Parser(
        prog="nearsight",
        description="Exact second derivatives of machine-learned interatomic potentials, "
        "and what follows from them.",
    )
    parser.add_argument("--version", action="version", version=f"nearsight {nearsight.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _energy(commands)
    _relax(commands)
    _md(commands)
    _trajectory(commands)
    _heat_capacity(commands)
    _phonons(commands)
    _hessian(commands)
    _vibrations(commands)
    _thermochemistry(commands)
    _elastic(commands)
    _locality(commands)
    _fragment(commands)
    _widom(commands)
    _train(commands)
    _report(commands)
    _models(commands)
    _hdnnp(commands)
    _config(commands)
    _schema(commands)
    _clean(commands)
    options.add_log_options(parser)
    return parser


def _energy(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "energy",
        help="energy, forces and stress of structures as they are",
        description="Print the energy that a model gives each structure as it is in its file, and "
        "how large its forces are.",
    )
    options.add_structures(command)
    options.add_workflow(command, settings.EnergySettings(), leave_out=("recompute",))
    options.add_output(command, plot=None)
    command.set_defaults(run=options.runner("nearsight.cli.energy"))


def _relax(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "relax",
        help="relax structures, and write them",
        description="Relax positions, and the cell of each crystal, to the next minimum of a "
        "model.",
    )
    options.add_structures(command)
    options.add_saved_structure(command, "--output-structures")
    command.add_argument(
        "--trajectory",
        metavar="FILE",
        help="append each step to a file (.traj or .extxyz; one structure only)",
    )
    options.add_workflow(command, settings.RelaxSettings(), leave_out=("relax", "recompute"))
    options.add_output(command, plot=None)
    command.set_defaults(run=options.runner("nearsight.cli.relax"))


def _md(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "md",
        help="molecular dynamics, which go on after an interruption as if there had been none",
        description="Move atoms at constant energy (nve), temperature (nvt), or temperature and "
        "pressure (npt). An interrupted run goes on, to the bit, when the same command is given.",
    )
    options.add_structures(command)
    for option, what in (
        ("--trajectory", "let a file grow by frames (.extxyz or .extxyz.gz)"),
        ("--samples", "let a file grow by temperature, energies, volume and pressure (CSV)"),
    ):
        command.add_argument(option, metavar="FILE", help=f"{what}; one structure only")
    options.add_workflow(command, settings.MolecularDynamicsSettings(), leave_out=("recompute",))
    options.add_output(command, plot="temperature, and what is conserved, over the time")
    command.set_defaults(run=options.runner("nearsight.cli.md"))


def _trajectory(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "trajectory",
        help="structure, diffusion, spectra and temperatures of a trajectory, with errors",
        description="Compute what a trajectory allows, whoever wrote it: radial distribution "
        "functions, mean squared displacements, diffusion coefficients, the autocorrelation of "
        "velocities, its spectrum, and temperatures; of samples the heat capacity or the "
        "compressibility.",
    )
    command.add_argument(
        "structures",
        nargs="+",
        metavar="FILE",
        help="trajectories: extended XYZ, text dumps of LAMMPS (both may be .gz), or ASE's .traj; "
        "give them before the options",
    )
    for option, dest, what in (
        ("--samples", "read_samples", "the samples of the same run, as md --samples writes them"),
        (
            "--harmonic",
            "harmonic",
            "a saved Hessian, or a record of vibrations or phonons, whose density of states is put "
            "beside that of the velocities",
        ),
    ):
        command.add_argument(
            option, dest=dest, metavar="FILE", help=f"{what} (one trajectory only)"
        )
    options.add_settings_of(command, settings.TrajectorySettings())
    options.add_config(command.add_argument_group("settings"))
    options.add_resources(command)
    options.add_output(command, plot="curves")
    command.set_defaults(run=options.runner("nearsight.cli.trajectory"))


def _heat_capacity(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "heat-capacity",
        help="harmonic heat capacity of a crystal or molecule",
        description="Relax each structure, compute its Hessian, and print its harmonic heat "
        "capacity at constant volume.",
    )
    options.add_structures(command)
    options.add_saved_structure(command, "--save-structure")
    options.add_workflow(command, settings.HeatCapacitySettings())
    command.add_argument(
        "--atomic-heat",
        metavar="FILE",
        help="write the heat capacity of each atom, which --spectrum probing tells (.extxyz)",
    )
    options.add_output(command, plot="heat capacity over temperature")
    command.set_defaults(run=options.runner("nearsight.cli.heat_capacity"))


def _phonons(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "phonons",
        help="phonons of a crystal: bands, density of states, thermodynamic functions",
        description="Relax each crystal, compute its force constants in a supercell, and print "
        "what its phonons say. A saved Hessian of a supercell may be given instead.",
    )
    options.add_structures(command)
    command.add_argument(
        "--output",
        metavar="FILE",
        help="save everything for phonopy, as its YAML (one structure only)",
    )
    options.add_saved_structure(command, "--save-structure")
    options.add_workflow(command, settings.PhononsSettings(), leave_out=("molecule",))
    options.add_output(command, plot="bands and density of states")
    options.refuse_molecule(
        command,
        "a molecule without its box has no phonons; vibrations and heat-capacity have its modes",
    )
    command.set_defaults(run=options.runner("nearsight.cli.phonons"))


def _hessian(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "hessian",
        help="the Hessian itself, saved to a file",
        description="Relax each structure, compute its Hessian, and save it as STEM.hessian.npz.",
    )
    options.add_structures(command)
    command.add_argument(
        "--output", metavar="FILE", help="where to save the Hessian (one structure only)"
    )
    command.add_argument(
        "--plan",
        action="store_true",
        help="only say which rows are needed, of the structure as it is in its file",
    )
    options.add_saved_structure(command, "--save-structure")
    options.add_workflow(command, settings.HessianSettings())
    options.add_output(command, plot=None)
    command.set_defaults(run=options.runner("nearsight.cli.hessian"))


def _vibrations(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "vibrations",
        help="normal modes, density of states and animations",
        description="Relax each structure, compute its Hessian, and print its normal modes. "
        "A saved Hessian may be given instead of a structure.",
    )
    options.add_structures(command)
    command.add_argument(
        "--modes", metavar="FILE", help="save the normal modes (.npz; one structure only)"
    )
    command.add_argument(
        "--animate",
        type=mode_index,
        nargs="+",
        metavar="MODE",
        default=[],
        help="write modes, counted from 0 upwards in wavenumber, as STEM.mode-MODE.xyz",
    )
    options.add_saved_structure(command, "--save-structure")
    options.add_workflow(command, settings.VibrationsSettings())
    options.add_output(command, plot="density of states")
    command.set_defaults(run=options.runner("nearsight.cli.vibrations"))


def _thermochemistry(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "thermochemistry",
        help="enthalpy, entropy and Gibbs energy of a molecule in an ideal gas",
        description="Relax each molecule, compute its Hessian, and print the functions of its "
        "ideal gas of rigid, harmonically vibrating molecules. A box that it lies in is left out. "
        "A saved Hessian may be given instead of a molecule.",
    )
    options.add_structures(command)
    options.add_saved_structure(command, "--save-structure")
    options.add_workflow(
        command,
        settings.ThermochemistrySettings(),
        leave_out=("molecule", "pressure_GPa", "cell", "supercell", "per"),
    )
    options.add_output(command, plot=None)
    command.set_defaults(run=options.runner("nearsight.cli.thermochemistry"))


def _elastic(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "elastic",
        help="elastic constants, moduli and mechanical stability of a crystal",
        description="Relax each crystal tightly, compute its second derivatives by positions and "
        "strain, and print its elastic constants with clamped and with relaxed ions. What "
        "--output saved may be given instead of a structure.",
    )
    options.add_structures(command)
    command.add_argument(
        "--output",
        metavar="FILE",
        help="save the second derivatives by positions and strain (.npz; one structure only)",
    )
    options.add_saved_structure(command, "--save-structure")
    options.add_workflow(command, settings.ElasticSettings(), leave_out=("molecule",))
    options.add_output(command, plot="Young's modulus over directions", report=False)
    options.refuse_molecule(command, "a molecule without its box has no elastic constants")
    command.set_defaults(run=options.runner("nearsight.cli.elastic"))


def _locality(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "locality",
        help="how far each atom sees, and how large fragments must be",
        description="Put the sites of each structure, as it is in its file, into capped fragments "
        "that shrink, and print the smallest that keep the force within the threshold, with what "
        "follows from them. With both a model and a reference method, both are examined.",
    )
    command.add_argument(
        "structures",
        nargs="+",
        metavar="STRUCTURE",
        help="structure files (CIF, or any format ASE reads); give them before the options",
    )
    command.add_argument(
        "--reference",
        metavar="NAME",
        help="a reference method such as gfn2-xtb or pyscf:rpbe/def2-svp; with --model both are "
        "examined and compared",
    )
    command.add_argument("--out", metavar="DIR", help="where to write STEM-ATOM.extxyz")
    not_here = ("molecule", "recompute", "row_symmetry_A")
    options.add_workflow(command, settings.LocalitySettings(), leave_out=not_here)
    options.add_output(command, plot="norm of the group matrix over the fragment radius")
    command.set_defaults(run=options.runner("nearsight.cli.locality"))


def _fragment(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "fragment",
        help="molecules that stand for the surroundings of the atoms of a structure",
        description="Cut fragments from a crystal or molecule without breaking rings, multiple "
        "bonds, functional groups or metal nodes, cap them with hydrogen, and write each as "
        "extended XYZ. Without --site there are as few as hold the surroundings of every atom.",
    )
    command.add_argument("structure", metavar="STRUCTURE", help="a structure file")
    command.add_argument(
        "--radius",
        type=positive_float,
        required=True,
        metavar="R",
        help="keep every group with an atom within R Å of the site",
    )
    command.add_argument(
        "--out", required=True, metavar="DIR", help="where to write STEM-ATOM.extxyz"
    )
    cutting = settings.CuttingSettings()
    add_settings(command, cutting.reading, "reading", leave_out=("molecule", "recompute"))
    add_settings(command, cutting.fragments, "fragments")
    options.add_output(command, plot=None, tables=False)
    command.set_defaults(run=options.runner("nearsight.cli.fragment"), config=None)


def _widom(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "widom",
        help="Henry coefficient of a gas in a framework, by insertions, with a certificate",
        description="Put a molecule into each framework, rigid and as it is in its file, again and "
        "again, and print its Henry coefficient, excess chemical potential and heat of adsorption, "
        "with errors, and what speaks for and against them.",
    )
    command.add_argument(
        "structures",
        nargs="+",
        metavar="FRAMEWORK",
        help="structure files (CIF, or any format ASE reads), or trajectories with --snapshots; "
        "give them before the options",
    )
    for option, what in (
        ("--cube", "write the free energy of the molecule on a grid (.cube)"),
        ("--wells", "write suspected insertions with the framework (.extxyz)"),
    ):
        command.add_argument(option, metavar="FILE", help=f"{what}; one framework only")
    options.add_workflow(command, settings.WidomSettings(), leave_out=("recompute", "molecule"))
    options.add_output(command, plot="convergence, the weights, and a map along an axis")
    options.refuse_molecule(command, "a gas is put into a crystal, not into a molecule")
    command.set_defaults(run=options.runner("nearsight.cli.widom"))


def _train(commands: "options.Commands") -> None:
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
    options.add_settings_of(command, settings.TrainSettings())
    options.add_config(command.add_argument_group("settings"))
    options.add_resources(command)
    options.add_output(command, plot="learning curves, errors, and distances of the training set")
    command.set_defaults(run=options.runner("nearsight.cli.train"))


def _report(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "report",
        help="one self-contained page about saved Hessians and records",
        description="Write one HTML page about saved Hessians (heat capacities, modes that move, "
        "figures) and records of earlier runs (numbers and structures), and where the numbers come "
        "from. It opens without a network.",
    )
    options.add_saved_hessians(command)
    command.add_argument(
        "--output", dest="report", metavar="FILE", required=True, help="the page (.html)"
    )
    group = command.add_argument_group("thermodynamics")
    add_settings(group, settings.SavedSettings().thermodynamics, "thermodynamics")
    shown = command.add_argument_group("units of what is shown")
    add_settings(shown, settings.SavedSettings().presentation, "presentation")
    command.set_defaults(
        run=options.runner("nearsight.cli.report"),
        of_hessians=True,
        append=False,
        **dict.fromkeys(("json", "jsonl", "csv", "config")),
    )


def _models(commands: "options.Commands") -> None:
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


def _hdnnp(commands: "options.Commands") -> None:
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
        "target", metavar="OUT", help="a folder, or a file that ends in .data, .extxyz or .xyz"
    )
    for option, what in (
        ("--from-units", "those of IN where it does not say them"),
        ("--to-units", "those of OUT; extended XYZ is in angstrom,eV"),
    ):
        converting.add_argument(
            option, metavar="L,E", help=f"{what}: angstrom,eV or bohr,hartree (RuNNer's)"
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
    add_settings(testing, settings.HdnnpTestSettings())
    options.add_output(testing, plot="predictions against labels, and distributions of errors")
    testing.set_defaults(run=options.runner("nearsight.cli.hdnnp_test"), config=None)


def _clean(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "clean",
        help="list unfinished work that is kept, or remove it",
        description="List the unfinished work that interrupted commands have left in a folder, or "
        "remove what no running process works on.",
    )
    options.add_work_folder(command)
    command.add_argument("--remove", action="store_true", help="remove what is listed")
    command.set_defaults(run=options.runner("nearsight.cli.clean"))


def _config(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "config",
        help="which settings apply, and which file says so",
        description="Print what nearsight.toml says, in the user's folder of configuration and in "
        "this folder, or all settings of a workflow.",
    )
    command.add_argument(
        "workflow",
        nargs="?",
        choices=sorted(settings.OF_WORKFLOWS),
        metavar="WORKFLOW",
        help=f"print all its settings: {', '.join(settings.OF_WORKFLOWS)}",
    )
    command.set_defaults(run=options.runner("nearsight.cli.config"))


def _schema(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "schema",
        help="the JSON Schema of what --json writes",
        description="Print the JSON Schema of the records of one question, or of all.",
    )
    command.add_argument("question", nargs="?", metavar="QUESTION", help="such as heat-capacity")
    command.set_defaults(run=options.runner("nearsight.cli.schema"))
