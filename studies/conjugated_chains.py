"""Chains on which locality is studied: five benzene rings, and a row of nodes of MOF-5."""

import numpy as np
from ase import Atom, Atoms
from ase.build import molecule
from ase.spacegroup import crystal
from numpy.typing import NDArray

from nearsight.models import Model
from nearsight.relaxation import RelaxationSettings, relax

FloatArray = NDArray[np.float64]

CC_BETWEEN_RINGS_A = 1.45
CH_A = 1.05
N_RINGS = 5

# Relaxed with GFN1-xTB, a = 25.84 Å, Fm-3m.
_MOF5_A = 25.84
_MOF5 = {
    "Zn": (0.2926, 0.2074, 0.2074),
    "O": [(0.25, 0.25, 0.25), (0.2805, 0.2195, 0.1343)],
    "C": [(0.25, 0.25, 0.1123), (0.25, 0.25, 0.0538), (0.2830, 0.2170, 0.0268)],
    "H": (0.3086, 0.1914, 0.0480),
}


def benzene(model: Model) -> Atoms:
    """Return benzene relaxed with a model, in the plane of x and y, two of its C-H along x."""
    ring = relax(
        molecule("C6H6"), model, RelaxationSettings(fmax_eV_per_A=0.001, optimizer="BFGS")
    ).atoms
    ring.positions -= ring.positions[ring.numbers == 6].mean(axis=0)
    _, _, axes = np.linalg.svd(ring.positions)
    x = ring.positions[np.flatnonzero(ring.numbers == 6)[0]]
    x = x / np.linalg.norm(x)
    ring.positions = ring.positions @ np.array([x, np.cross(axes[2], x), axes[2]]).T
    return ring


def quinquephenyl(ring: Atoms, twist_degrees: float) -> Atoms:
    """Return five rigid benzene rings in a row, each twisted against the one before it.

    Parameters
    ----------
    ring
        What `benzene` returned.
    twist_degrees
        0 for a planar molecule, 90 for rings at right angles to their neighbours.
    """
    carbon_A = float(ring.positions[ring.numbers == 6, 0].max())
    step_A = 2 * carbon_A + CC_BETWEEN_RINGS_A
    on_axis = np.linalg.norm(ring.positions[:, 1:], axis=1) < 1e-3
    chain = Atoms()
    for index in range(N_RINGS):
        bonded = (ring.positions[:, 0] < 0) & (index > 0)
        bonded |= (ring.positions[:, 0] > 0) & (index < N_RINGS - 1)
        copy = ring[~(on_axis & bonded & (ring.numbers == 1))]
        copy.rotate(twist_degrees * (index % 2), "x")
        copy.positions[:, 0] += index * step_A
        chain += copy
    return chain


def mof5_chain(n_nodes: int) -> Atoms:
    """Return nodes of MOF-5 along x with the linkers between them; formates on all other sides."""
    sites = [(symbol, place) for symbol, of in _MOF5.items() for place in np.atleast_2d(of)]
    cell = crystal(
        [symbol for symbol, _ in sites],
        [place for _, place in sites],
        spacegroup=225,
        cellpar=[_MOF5_A] * 3 + [90] * 3,
    )
    n_cells = n_nodes // 2 + 2
    slab = Atoms(cell.numbers, positions=cell.positions, cell=cell.cell, pbc=True)
    slab = slab.repeat((n_cells, 1, 1))
    apart = _MOF5_A / 2
    first = np.array([0.75, 0.25, 0.25]) * _MOF5_A
    centres = first + np.arange(n_nodes)[:, np.newaxis] * [apart, 0.0, 0.0]
    in_rings = np.abs(slab.positions[:, 1:] - first[1:]).max(axis=1) < 2.6
    kept = np.zeros(len(slab), dtype=bool)
    for centre in centres:
        kept |= np.linalg.norm(slab.positions - centre, axis=1) < _of_node(slab)
    between = (slab.positions[:, 0] > centres[0, 0]) & (slab.positions[:, 0] < centres[-1, 0])
    kept |= in_rings & between
    return _capped(slab, kept)


def _of_node(slab: Atoms) -> FloatArray:
    """Return how far from the middle of a node atoms belong to it, ``(n_atoms,)``."""
    return np.where(np.isin(slab.numbers, [8, 30]), 3.9, np.where(slab.numbers == 6, 3.9, 0.0))


def _capped(slab: Atoms, kept: NDArray[np.bool_]) -> Atoms:
    """Return the atoms that are kept, hydrogen in place of carbon on every carboxylate."""
    chain = Atoms(slab.numbers[kept], positions=slab.positions[kept])
    distances = slab.get_all_distances(mic=False)
    carbon = slab.numbers == 6
    for first, second in zip(*np.nonzero(distances < 1.6), strict=True):
        if kept[first] and not kept[second] and carbon[first] and carbon[second]:
            bond = slab.positions[second] - slab.positions[first]
            chain.append(Atom("H", slab.positions[first] + CH_A * bond / np.linalg.norm(bond)))
    return chain
