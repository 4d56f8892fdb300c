"""The commands of ``nearsight``, and the options of each."""

import argparse
from functools import cache

import nearsight
from nearsight.cli import (
    campaign_commands,
    model_commands,
    motion_commands,
    options,
    potential_commands,
)
from nearsight.cli.from_settings import add_settings
from nearsight.cli.parser import Parser
from nearsight.cli.values import mode_index, positive_float
from nearsight.workflows import settings
from nearsight.workflows.expansion_settings import CELLS_OF_EXPANSION, ThermalExpansionSettings
from nearsight.workflows.settings_of_workflows import OF_WORKFLOWS


@cache
def command_parser() -> argparse.ArgumentParser:
    """Return what understands a command line; it is made once, since it has all commands."""
    parser = Parser(
        prog="nearsight",
        description="Exact second derivatives of machine-learned interatomic potentials, "
        "and what follows from them.",
    )
    parser.add_argument("--version", action="version", version=f"nearsight {nearsight.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _energy(commands)
    _relax(commands)
    motion_commands.add_md(commands)
    motion_commands.add_lammps(commands)
    motion_commands.add_trajectory(commands)
    _heat_capacity(commands)
    _phonons(commands)
    _hessian(commands)
    _vibrations(commands)
    _thermochemistry(commands)
    _elastic(commands)
    _thermal_expansion(commands)
    _locality(commands)
    _fragment(commands)
    motion_commands.add_widom(commands)
    motion_commands.add_isotherm(commands)
    potential_commands.add_synthesize(commands)
    potential_commands.add_train(commands)
    potential_commands.add_learn(commands)
    campaign_commands.add_screen(commands)
    campaign_commands.add_campaign(commands)
    _report(commands)
    model_commands.add_models(commands)
    model_commands.add_examine(commands)
    potential_commands.add_hdnnp(commands)
    _config(commands)
    _schema(commands)
    _clean(commands)
    _completion(commands)
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


def _thermal_expansion(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "thermal-expansion",
        help="heat capacity at constant pressure and thermal expansion of a crystal",
        description="Relax each crystal, and again at several volumes, compute its phonons at each "
        "of them, and print in the quasi-harmonic approximation what it is like at constant "
        "pressure: volume, thermal expansion, heat capacities, bulk modulus, Gibbs energy and "
        "Grüneisen parameter.",
    )
    options.add_structures(command, finished=False)
    options.add_saved_structure(command, "--save-structure")
    options.add_workflow(
        command,
        ThermalExpansionSettings(),
        leave_out=("molecule", "relax", "force_constants"),
        narrowed={
            "recompute": {
                "help": "of a file that holds a Hessian, which is of one volume, take the structure"
            },
            "cell": {
                "metavar": None,  # the choices are few
                "choices": CELLS_OF_EXPANSION,
                "help": "relax the shape of the cell at each volume (free), or keep that of the "
                "file at all of them (isotropic) (default: free)",
            },
            "born": {
                "help": "Born charges and dielectric constant for the non-analytical term at all "
                "volumes, as phonopy's BORN"
            },
        },
    )
    options.add_output(command, plot="expansion, heat capacities, volume and bulk modulus")
    options.refuse_molecule(command, "a molecule without its box has no thermal expansion")
    command.set_defaults(run=options.runner("nearsight.cli.thermal_expansion"))


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
    options.add_output(command, plot="norm of the group matrix over r_frag of fragments")
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
        help="radius of fragments: keep every group with an atom within R Å of the site",
    )
    command.add_argument(
        "--out", required=True, metavar="DIR", help="where to write STEM-ATOM.extxyz"
    )
    cutting = settings.CuttingSettings()
    add_settings(command, cutting.reading, "reading", leave_out=("molecule", "recompute"))
    add_settings(command, cutting.fragments, "fragments")
    options.add_output(command, plot=None, tables=False)
    command.set_defaults(run=options.runner("nearsight.cli.fragment"), config=None)


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
        choices=sorted(OF_WORKFLOWS),
        metavar="WORKFLOW",
        help=f"print all its settings: {', '.join(OF_WORKFLOWS)}",
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


def _completion(commands: "options.Commands") -> None:
    command = commands.add_parser(
        "completion",
        help="what a shell runs to complete commands and options",
        description="Print the script by which a shell completes commands, options, models and "
        'files; in bash and zsh, eval "$(nearsight completion bash)" takes it at once.',
    )
    command.add_argument("shell", choices=("bash", "zsh"), help="whose script")
    command.set_defaults(run=options.runner("nearsight.cli.completion"))
