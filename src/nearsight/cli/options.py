"""The options that several commands share."""

import argparse
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from nearsight.cli.values import MeshAction, gibibytes, positive_float, positive_int

# Kept here, because their modules import more than `--help` may take time for; tests compare.
DEFAULT_MODEL = "sevennet-0"
EXACT_TOLERANCE_A = 1e-5
DEFAULT_LENGTH_A = 8.0
DEFAULT_MESH_LENGTH_A = 100.0
DEFAULT_RADIUS_A = 4.0
OPTIMIZERS = ("BFGS", "LBFGS", "FIRE", "BFGSLineSearch", "newton")
PRODUCTS = ("auto", "analytic", "grouped", "differences")

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
Run = Callable[[argparse.Namespace], int]


def runner(module: str) -> Run:
    """Return a function that imports `module` only when its command runs, and calls its `run`."""

    def run(arguments: argparse.Namespace) -> int:
        status: int = importlib.import_module(module).run(arguments)
        return status

    return run


def add_structures(command: argparse.ArgumentParser) -> None:
    """Add the structures to calculate."""
    command.add_argument(
        "structures",
        nargs="+",
        metavar="STRUCTURE",
        help="structure files (CIF, or any format ASE reads), or finished work: Hessians saved as "
        ".npz, for elastic what its --output saved; for the others also those of other programs "
        "(ORCA's .hess, Gaussian's .fchk and outputs with force constants, ASE's .json, FHI-aims's "
        "hessian.NAME.dat); heat-capacity and phonons take phonopy's .yaml too; of a file with "
        "several structures FILE@1 is the first, FILE@2 the second, FILE@name the block of a CIF; "
        "give them before the options",
    )
    add_reading(command)


def add_reading(command: argparse.ArgumentParser) -> None:
    """Add how structures are read."""
    command.add_argument(
        "--accept-contradictions",
        action="store_true",
        help="read CIFs that contradict themselves (composition, volume, symmetry, distances), "
        "with a warning for each contradiction",
    )


def add_molecule(command: argparse.ArgumentParser) -> None:
    """Add that each structure is a molecule, for commands that take molecules."""
    command.add_argument(
        "--molecule",
        action="store_true",
        default=None,
        help="each structure is one molecule: leave out the periodic box that it lies in",
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
        metavar="HESSIAN",
        help="Hessians saved by `nearsight hessian` as .npz, or those of other programs; give them "
        "before the options",
    )


def add_model(command: argparse.ArgumentParser, *, named: bool = True) -> None:
    """Add what selects the model: its name, unless the command asks for that itself, and the rest.

    `named` says whether ``--model`` is among the options.
    """
    group = command.add_argument_group("model")
    if named:
        group.add_argument(
            "--model",
            metavar="NAME",
            help="a name from `nearsight models list`, or family:target such as ase:emt "
            f"(default: {DEFAULT_MODEL})",
        )
    group.add_argument(
        "--dtype",
        default="float64",
        choices=("float64", "float32"),
        help="precision of the model (default: %(default)s)",
    )
    group.add_argument(
        "--device", default="auto", help="cpu, cuda, or auto for a GPU if there is one"
    )
    group.add_argument(
        "--trust-checkpoint",
        action="store_true",
        help="load a checkpoint that may run code although Nearsight does not know it",
    )


def add_relaxation(command: argparse.ArgumentParser) -> None:
    """Add what decides about the relaxation."""
    group = command.add_argument_group("relaxation")
    group.add_argument(
        "--fmax",
        type=positive_float,
        default=0.005,
        metavar="F",
        help="relax until no force is larger, in eV/Å (default: %(default)s)",
    )
    group.add_argument(
        "--max-steps",
        type=positive_int,
        default=1000,
        metavar="N",
        help="stop the relaxation after N steps and say so (default: %(default)s)",
    )
    group.add_argument(
        "--optimizer",
        choices=OPTIMIZERS,
        metavar="NAME",
        help="newton, which starts from products with the Hessian, or ASE's BFGS, LBFGS, FIRE or "
        "BFGSLineSearch (default: newton, or BFGS where forces are no gradient of an energy)",
    )
    group.add_argument(
        "--fixed-cell",
        action="store_true",
        help="relax positions only, as for a slab; otherwise the cell of a crystal is relaxed too",
    )
    group.add_argument(
        "--follow-imaginary",
        action="store_true",
        default=None,
        help="where the relaxed structure has an imaginary mode, move along it and relax again, "
        "without an imposed space group",
    )
    group.add_argument(
        "--no-relax", action="store_true", help="take each structure as it is in its file"
    )
    group.add_argument(
        "--symmetrize",
        type=positive_float,
        metavar="TOL",
        help="refine onto the space group found within TOL Å, and relax under it",
    )


def relax_tightly(command: argparse.ArgumentParser) -> None:
    """Let the relaxation end where elastic constants begin.

    The virial per atom is then below 10⁻⁴ eV, and the stress below 0.01 GPa at any density that
    has more than 1.6 Å³ for an atom: at that of every solid.
    """
    command.set_defaults(fmax=1e-4)


def add_hessian(command: argparse.ArgumentParser) -> None:
    """Add what decides about the Hessian."""
    group = add_rows(command, "Hessian")
    group.add_argument(
        "--supercell",
        type=positive_int,
        nargs=3,
        metavar=("A", "B", "C"),
        help="repeat the relaxed structure before its Hessian is computed",
    )
    group.add_argument(
        "--recompute",
        action="store_true",
        help="of a file that holds a Hessian take the structure only, and compute the Hessian with "
        "the model",
    )
    group.add_argument(
        "--symmetry-tolerance",
        type=positive_float,
        default=EXACT_TOLERANCE_A,
        metavar="TOL",
        help="let rows follow from others by the space group that the structure has within TOL Å "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--no-symmetry",
        dest="symmetry_tolerance",
        action="store_const",
        const=None,
        help="compute every row, or every row of the unit cell of a supercell",
    )


def add_rows(command: argparse.ArgumentParser, title: str) -> "argparse._ArgumentGroup":
    """Add how rows are computed to a group of this title, and return the group."""
    group = command.add_argument_group(title)
    group.add_argument(
        "--method",
        default="auto",
        metavar="M",
        help="rows, batched, forward-difference, central-difference, fourth-order, or auto "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--step", type=positive_float, metavar="H", help="displacement of differences in Å"
    )
    group.add_argument(
        "--memory",
        dest="memory_budget_bytes",
        type=gibibytes,
        metavar="GIB",
        help="memory that may be used (default: 80%% of what is free)",
    )
    group.add_argument(
        "--work-dir",
        default=".nearsight",
        metavar="DIR",
        help="where unfinished work is kept until it is done (default: %(default)s)",
    )
    return group


def add_phonons(command: argparse.ArgumentParser) -> None:
    """Add what decides about phonons over the Brillouin zone."""
    group = command.add_argument_group("phonons")
    group.add_argument(
        "--length",
        type=positive_float,
        metavar="L",
        help="make the supercell of the force constants at least L Å wide, in place of --supercell "
        f"(default: {DEFAULT_LENGTH_A:g})",
    )
    group.add_argument(
        "--mesh",
        type=positive_float,
        nargs="+",
        action=MeshAction,
        metavar="N",
        help="three numbers of q-points along the reciprocal vectors of the primitive cell, or one "
        f"length in Å that says how fine the mesh is (default: {DEFAULT_MESH_LENGTH_A:g})",
    )
    group.add_argument(
        "--sum-rules",
        action="store_true",
        help="impose the translational sum rule and the symmetry of the force constants, which "
        "differences and single precision break",
    )
    group.add_argument(
        "--nac",
        metavar="FILE",
        help="Born charges and dielectric constant for the non-analytical term, as phonopy's BORN, "
        "in place of those in a phonopy YAML",
    )
    group.add_argument(
        "--force-constants",
        metavar="FILE",
        help="phonopy's FORCE_CONSTANTS, FORCE_SETS or force_constants.hdf5 for the one phonopy "
        "YAML that is given; no such file is read unless it is named",
    )


def add_probing(command: argparse.ArgumentParser) -> None:
    """Add what decides about probing."""
    group = command.add_argument_group("probing, with --spectrum probing")
    group.add_argument(
        "--probing-radius",
        type=positive_float,
        metavar="R",
        help=f"atoms farther apart than R Å are probed together (default: {DEFAULT_RADIUS_A:g})",
    )
    group.add_argument(
        "--lanczos-steps",
        type=positive_int,
        metavar="M",
        help="products from each vector (default: what temperature and wavenumbers need)",
    )
    group.add_argument(
        "--products",
        choices=PRODUCTS,
        help="analytic, in groups of atoms that fit into the memory (grouped), differences of "
        "forces, or the first of these that model and memory allow (default: auto)",
    )
    group.add_argument(
        "--lowest-modes",
        type=positive_int,
        metavar="N",
        help="find the N lowest modes first, some hundred products, and take off what imaginary "
        "ones would count",
    )
    group.add_argument(
        "--atomic-heat",
        metavar="FILE",
        help="write the structure with the heat capacity of each atom as extended XYZ",
    )


def add_thermodynamics(command: argparse.ArgumentParser) -> None:
    """Add temperatures and conventions."""
    group = command.add_argument_group("thermodynamics")
    group.add_argument(
        "--temperature",
        type=float,
        nargs="+",
        default=[300.0],
        metavar="T",
        help="temperatures in K (default: 300)",
    )
    group.add_argument(
        "--acoustic",
        choices=("exclude", "classical", "as-computed"),
        help="what the rigid-body modes at Γ contribute: nothing, k_B each, or what their computed "
        "wavenumbers give (default: classical on a mesh, where they are one point of many, "
        "otherwise exclude)",
    )
    group.add_argument(
        "--scale-factor",
        type=positive_float,
        default=1.0,
        metavar="S",
        help="factor on all wavenumbers (default: %(default)s)",
    )


def add_output(command: argparse.ArgumentParser, plot: str | None, *, report: bool = True) -> None:
    """Add where results go: a figure only of something, a page only with one."""
    group = command.add_argument_group("output")
    group.add_argument(
        "--json", metavar="FILE", help="write the results as JSON; - for standard output"
    )
    command.set_defaults(report=None)
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
