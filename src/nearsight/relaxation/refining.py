"""What was relaxed, moved onto the space group that it nearly has."""

from ase import Atoms

from nearsight.errors import StructureError
from nearsight.hessian.rows.plan import operations_kept
from nearsight.models.contract import Capabilities
from nearsight.structures.symmetry import Symmetrized, symmetrize


def refined_onto_group(
    atoms: Atoms, tolerance_A: float, capabilities: Capabilities
) -> Symmetrized | None:
    """Return a relaxed crystal moved onto the group that it has within a tolerance.

    Parameters
    ----------
    atoms
        The relaxed structure; it stays as it is.
    tolerance_A
        How far an atom may be from where the group wants it.
    capabilities
        Those of the model: only operations that it keeps are used, since no others hold at a
        minimum of it.

    Returns
    -------
    Symmetrized or None
        None if it has all of these operations already, or no consistent group is found.
    """
    try:
        moved = symmetrize(atoms, tolerance_A, kind=operations_kept(capabilities))
    except StructureError:
        return None
    return moved if moved.after.n_operations > moved.before.n_operations else None
