"""Which molecules come too near to a framework, or to each other."""

from math import floor
from typing import NamedTuple

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.compiling import compiled, inlined


class HostAtoms(NamedTuple):
    """The atoms near each block of the host's cell, see `nearsight.structures.blocks`."""

    to_fractions: FloatArray
    vectors: FloatArray
    counts: IntArray
    starts: IntArray
    atoms: IntArray
    places: FloatArray


class GuestBox(NamedTuple):
    """See `nearsight.structures.blocks.Box`."""

    to_fractions: FloatArray
    vectors: FloatArray
    images: FloatArray


@inlined
def _near_host(sites: FloatArray, host: HostAtoms, squared_limits: FloatArray) -> bool:
    turn, vectors, counts = host.to_fractions, host.vectors, host.counts
    for site in range(len(sites)):
        x, y, z = sites[site, 0], sites[site, 1], sites[site, 2]
        f = x * turn[0, 0] + y * turn[1, 0] + z * turn[2, 0]
        g = x * turn[0, 1] + y * turn[1, 1] + z * turn[2, 1]
        h = x * turn[0, 2] + y * turn[1, 2] + z * turn[2, 2]
        f, g, h = f - floor(f), g - floor(g), h - floor(h)
        x = f * vectors[0, 0] + g * vectors[1, 0] + h * vectors[2, 0]
        y = f * vectors[0, 1] + g * vectors[1, 1] + h * vectors[2, 1]
        z = f * vectors[0, 2] + g * vectors[1, 2] + h * vectors[2, 2]
        # A fraction just below 0 becomes 1 by rounding.
        i = min(int(f * counts[0]), counts[0] - 1)
        j = min(int(g * counts[1]), counts[1] - 1)
        k = min(int(h * counts[2]), counts[2] - 1)
        block = (i * counts[1] + j) * counts[2] + k
        for near in range(host.starts[block], host.starts[block + 1]):
            dx, dy = host.places[near, 0] - x, host.places[near, 1] - y
            dz = host.places[near, 2] - z
            if dx * dx + dy * dy + dz * dz < squared_limits[site, host.atoms[near]]:
                return True
    return False


@inlined
def _near_other(
    sites: FloatArray, others: FloatArray, box: GuestBox, squared_limits: FloatArray
) -> bool:
    turn, vectors = box.to_fractions, box.vectors
    for a in range(len(sites)):
        for b in range(len(others)):
            x, y = others[b, 0] - sites[a, 0], others[b, 1] - sites[a, 1]
            z = others[b, 2] - sites[a, 2]
            f = floor(x * turn[0, 0] + y * turn[1, 0] + z * turn[2, 0] + 0.5)
            g = floor(x * turn[0, 1] + y * turn[1, 1] + z * turn[2, 1] + 0.5)
            h = floor(x * turn[0, 2] + y * turn[1, 2] + z * turn[2, 2] + 0.5)
            x -= f * vectors[0, 0] + g * vectors[1, 0] + h * vectors[2, 0]
            y -= f * vectors[0, 1] + g * vectors[1, 1] + h * vectors[2, 1]
            z -= f * vectors[0, 2] + g * vectors[1, 2] + h * vectors[2, 2]
            for image in range(len(box.images)):
                dx, dy = x + box.images[image, 0], y + box.images[image, 1]
                dz = z + box.images[image, 2]
                if dx * dx + dy * dy + dz * dz < squared_limits[a, b]:
                    return True
    return False


@compiled
def forbid_overlaps(
    counts: IntArray,
    molecules: FloatArray,
    slots: IntArray,
    removes: BoolArray,
    adds: BoolArray,
    put: FloatArray,
    host: HostAtoms,
    box: GuestBox,
    host_limits: FloatArray,
    guest_limits: FloatArray,
    allowed: BoolArray,
) -> None:
    """Take from `allowed` those chains whose move puts a molecule too near to anything."""
    for chain in range(len(counts)):
        if not (allowed[chain] and adds[chain]):
            continue
        if len(host.starts) > 1 and _near_host(put[chain], host, host_limits):
            allowed[chain] = False
            continue
        for other in range(counts[chain]):
            moved = removes[chain] and other == slots[chain]
            if not moved and _near_other(put[chain], molecules[chain, other], box, guest_limits):
                allowed[chain] = False
                break
