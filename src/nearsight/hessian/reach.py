"""How far apart pairs of atoms hold each other, as far as a model says."""

import numpy as np
from ase import Atoms

from nearsight.errors import NearsightError
from nearsight.models.contract import Model, forces_of
from nearsight.remarks import Remark
from nearsight.structures.pieces import CONTACT_A, Pieces, find_pieces
from nearsight.structures.reduced_cell import periodic_cell

ASSUMED_REACH_A = 8.0
"""Of what no model is known of, such as a Hessian of another program."""

HELD_eV = 1e-3
"""A piece that the others, and its images, hold by less than this energy, and by less than this
force in eV/Å on each atom, is free: already at 12 K it would turn and drift, and not vibrate."""

_TRIED_A = (CONTACT_A, 5.0, 6.0, 8.0, 10.0)
_VACUUM_A = 30.0


def reach_of(atoms: Atoms, model: Model) -> float | None:
    """Return a distance beyond which no pair of atoms holds a piece of the structure.

    Where pairs below the model's cutoff connect everything, or nothing is periodic, there is no
    such distance, and most crystals are connected by contacts already. Otherwise the pieces that
    pairs of 4 Å and more leave are asked for one by one: are their energies and forces those that
    they have together? Beyond the cutoff this need not be asked.

    Returns
    -------
    float or None
        In Å; None if all is held together.
    """
    if not atoms.pbc.any():
        return None
    cutoff = model.capabilities.cutoff_A
    tried: Pieces | None = None
    for reach in [each for each in _TRIED_A if cutoff is None or each < cutoff]:
        pieces = find_pieces(atoms, reach)
        if pieces.connected:
            return None
        if tried is None or pieces.ranks != tried.ranks:
            if _are_free(atoms, pieces, model):
                return reach
            tried = pieces
    if cutoff is None or find_pieces(atoms, cutoff).connected:
        return None
    return cutoff


def pieces_of(atoms: Atoms, reach_A: float | None) -> Pieces:
    """Return the pieces of a structure beyond whose reach no pair holds; all of it without one."""
    if reach_A is None:
        lattice = np.eye(3, dtype=np.int64)[atoms.pbc]
        none = np.zeros((len(atoms), 3), dtype=np.int64)
        return Pieces(none[:, 0], none, (lattice,), len(lattice))
    return find_pieces(atoms, reach_A)


def remarks_about_pieces(pieces: Pieces) -> tuple[Remark, ...]:
    """Return what must be known of a structure that pairs do not hold together, in plain words."""
    if pieces.connected:
        return ()
    if pieces.molecular:
        several = len(pieces.lattices) > 1
        others = "the others and " if several else ""
        alone = "a file for each and `molecule`" if several else "`molecule`"
        said = (
            f"the structure is {pieces} in a periodic box: no pair holds one to {others}its "
            f"images, so that translations and rotations cost nothing at any q-point. They are "
            f"left out at all of them, unless another convention for acoustic modes is asked for; "
            f"{alone} leaves the box out of heat capacities, vibrations and Hessians, too."
        )
        return (Remark("loose-pieces", said),)
    said = (
        f"the structure is {pieces} in a periodic box, which no pair holds to other pieces or "
        f"images: where a wave does not run along a piece, its translations, and the rotations of "
        f"a molecule or chain, cost nothing and count as acoustic modes."
    )
    return (Remark("loose-pieces", said),)


def _are_free(atoms: Atoms, pieces: Pieces, model: Model) -> bool:
    """Tell whether each piece has the forces, and all have the energy, that they have together."""
    members = [np.flatnonzero(pieces.of_atom == piece) for piece in range(len(pieces.lattices))]
    alone = [_alone(atoms, pieces, piece, chosen) for piece, chosen in enumerate(members)]
    try:
        together, *apart = model.evaluate([atoms, *alone])
    except NearsightError:
        return False  # a model that cannot be asked about a piece leaves it held: the cautious way
    binding = together.energy_eV - sum(found.energy_eV for found in apart)
    changes = [
        np.abs(forces_of(found) - forces_of(together)[chosen]).max()
        for found, chosen in zip(apart, members, strict=True)
    ]
    return bool(abs(binding) < HELD_eV * len(apart) and max(changes) < HELD_eV)


def _alone(atoms: Atoms, pieces: Pieces, piece: int, members: np.ndarray) -> Atoms:
    """Return a piece without the others, with vacuum between it and its images.

    It is periodic also if it is a molecule: not every model takes what has no cell.
    """
    alone: Atoms = atoms[members]
    alone.positions = pieces.whole_positions_A(atoms)[members]
    lattice = pieces.lattices[piece]
    rank = len(lattice)
    alone.pbc = True
    alone.cell = np.zeros((3, 3))
    alone.cell[:rank] = lattice @ periodic_cell(atoms)
    beside = alone.cell.complete().array
    alone.cell = beside
    extent = np.ptp(alone.cell.scaled_positions(alone.positions), axis=0)
    alone.cell[rank:] = beside[rank:] * (extent[rank:, np.newaxis] + _VACUUM_A)
    return alone
