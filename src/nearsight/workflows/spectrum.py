"""Which vibrations a heat capacity is from: modes at Γ, phonons over a mesh, or products only."""

from dataclasses import dataclass

from ase import Atoms

from nearsight.errors import MethodError
from nearsight.hessian.rows.plan import plan
from nearsight.models.contract import Model
from nearsight.structures.supercell import make_general_supercell, make_supercell
from nearsight.vibrations.colouring import colour_atoms
from nearsight.vibrations.settings import DEFAULT_RADIUS_A
from nearsight.vibrations.wording import PERIODIC_WITH_VACUUM
from nearsight.workflows.second_derivatives import asked_supercell
from nearsight.workflows.settings import HeatCapacitySettings

_TYPICAL_STEPS = 7
_WORTH_PROBING = 4.0
"""Probing knows nothing but the heat capacity, to 1e-3: it has to be that much cheaper."""
_FEWEST_ATOMS = 300
"""Smaller cells have at most 900 rows, four times the products of a typical probing."""


@dataclass(frozen=True)
class SpectrumChoice:
    """Which spectrum a heat capacity is taken from, and why."""

    method: str
    reason: str


def choose_spectrum(
    atoms: Atoms, model: Model | None, settings: HeatCapacitySettings
) -> SpectrumChoice:
    """Decide whether heat is taken from the modes at Γ of one cell, from a mesh, or probed.

    Parameters
    ----------
    atoms
        The structure.
    model
        None for a saved Hessian, which needs none.
    settings
        What was asked for.

    Raises
    ------
    MethodError
        A mesh was asked for, but the structure is no crystal.
    """
    of_mesh = settings.settings_of_mesh
    if settings.spectrum == "mesh" or of_mesh:
        name = f"`{of_mesh[0]}`" if of_mesh else "`spectrum` mesh"
        require_crystal(atoms, name, "`spectrum` dense takes the heat capacity from its modes at Γ")
        return SpectrumChoice("mesh", f"{name} was given")
    if settings.spectrum in {"dense", "probing"}:
        return SpectrumChoice(settings.spectrum, f"`spectrum` {settings.spectrum} was given")
    if not atoms.pbc.all():
        return SpectrumChoice("dense", "the structure is no crystal")
    if model is None:
        reason = "a saved Hessian is that of its cell; a `mesh` interpolates it"
        return SpectrumChoice("dense", reason)
    cheaper = cheaper_by_probing(atoms, model, settings)
    if cheaper is not None:
        return SpectrumChoice("probing", cheaper)
    return SpectrumChoice("mesh", "a crystal has phonons, not modes at Γ only")


def require_crystal(atoms: Atoms, what: str, instead: str) -> None:
    """Check that the structure has phonons, before its force constants are computed.

    Parameters
    ----------
    atoms
        The structure.
    what
        What only a crystal has.
    instead
        What can be had of any other structure: a clause.

    Raises
    ------
    MethodError
        It is not periodic in three directions.
    """
    if not atoms.pbc.all():
        other = f"; or {PERIODIC_WITH_VACUUM}" if atoms.pbc.any() else ""
        raise MethodError(
            f"{what} can be had of a crystal only, but {atoms.get_chemical_formula()} is not "
            f"periodic in three directions: {instead}{other}."
        )


def cheaper_by_probing(atoms: Atoms, model: Model, settings: HeatCapacitySettings) -> str | None:
    """Return why a crystal is better probed than interpolated, or None if it is not.

    Both are counted as rows or products times the atoms of each: a row costs what a product does.
    """
    cell = make_supercell(atoms, settings.supercell or (1, 1, 1))
    if len(cell) < _FEWEST_ATOMS:
        return None
    try:
        colours = colour_atoms(cell, DEFAULT_RADIUS_A)
    except MethodError:  # the cell is too narrow
        return None
    supercell = make_general_supercell(atoms, asked_supercell(atoms, settings))
    tolerance = settings.rows.row_symmetry_A
    rows = plan(supercell, model.capabilities, tolerance_A=tolerance).rows_needed
    products = 3 * (int(colours.max()) + 1) * _TYPICAL_STEPS
    if rows * len(supercell) < _WORTH_PROBING * products * len(cell):
        return None
    return (
        f"force constants need {rows} rows of {len(supercell)} atoms, probing about {products} "
        f"products of {len(cell)}"
    )
