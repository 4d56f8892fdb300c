"""Energies of guests by tables of pairs of elements, and how often each entry of a table is met.

Lengths are in Å, energies in eV. Tables are linear between entries, so that an energy is the sum of
entries times what `count_pairs` gives.
"""

from math import floor, sqrt
from typing import NamedTuple

import numpy as np

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.compiling import compiled, inlined


class PairedGuest(NamedTuple):
    """One rigid molecule, and the cell in which guests meet each other's images."""

    kinds: IntArray
    """Of its sites, shape ``(n_sites,)``."""
    radius: float
    """Of its farthest site from the centre."""
    to_fractions: FloatArray
    vectors: FloatArray
    images: FloatArray
    """See `nearsight.structures.blocks.Box`."""


class PairedHost(NamedTuple):
    """The atoms near each block of the host's cell, see `nearsight.structures.blocks`."""

    to_fractions: FloatArray
    vectors: FloatArray
    counts: IntArray
    starts: IntArray
    kinds: IntArray
    """Of the atoms near each block."""
    places: FloatArray


class PairTables(NamedTuple):
    """Energies at distances that are `step` apart from 0 on, one more than up to the cutoff."""

    host: FloatArray
    """Shape ``(n_guest_kinds, n_host_kinds, n_distances)``."""
    guest: FloatArray
    """Symmetric, shape ``(n_guest_kinds, n_guest_kinds, n_distances)``."""
    step: float
    cutoff: float
    constant: float
    """Of each molecule."""
    lowest: float
    """No molecule has less with the host, the constant left out."""


@inlined
def _entry(table: FloatArray, squared: float, step: float) -> float:
    steps = sqrt(squared) / step
    below = int(steps)
    here = table[below]
    return float(here + (steps - below) * (table[below + 1] - here))


@inlined
def _count(table: FloatArray, squared: float, step: float, weight: float) -> None:
    steps = sqrt(squared) / step
    below = int(steps)
    table[below] += weight * (1 - (steps - below))
    table[below + 1] += weight * (steps - below)


@inlined
def _with_host(
    sites: FloatArray, guest: PairedGuest, host: PairedHost, tables: PairTables, counting: bool
) -> float:
    """Return the energy of a molecule with the host; or count entries in the host's tables."""
    energy, limit = 0.0, tables.cutoff * tables.cutoff
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
        own = guest.kinds[site]
        for atom in range(host.starts[block], host.starts[block + 1]):
            dx, dy = host.places[atom, 0] - x, host.places[atom, 1] - y
            dz = host.places[atom, 2] - z
            squared = dx * dx + dy * dy + dz * dz
            if squared < limit:
                table = tables.host[own, host.kinds[atom]]
                if counting:
                    _count(table, squared, tables.step, 1.0)
                else:
                    energy += _entry(table, squared, tables.step)
    return energy


@inlined
def _of_two(
    first: FloatArray,
    first_centre: FloatArray,
    second: FloatArray,
    second_centre: FloatArray,
    itself: bool,
    guest: PairedGuest,
    tables: PairTables,
    counting: bool,
) -> float:
    """Return the energy of two molecules, or of one with its own images; or count entries."""
    turn, vectors = guest.to_fractions, guest.vectors
    x = second_centre[0] - first_centre[0]
    y = second_centre[1] - first_centre[1]
    z = second_centre[2] - first_centre[2]
    f = -floor(x * turn[0, 0] + y * turn[1, 0] + z * turn[2, 0] + 0.5)
    g = -floor(x * turn[0, 1] + y * turn[1, 1] + z * turn[2, 1] + 0.5)
    h = -floor(x * turn[0, 2] + y * turn[1, 2] + z * turn[2, 2] + 0.5)
    sx = f * vectors[0, 0] + g * vectors[1, 0] + h * vectors[2, 0]
    sy = f * vectors[0, 1] + g * vectors[1, 1] + h * vectors[2, 1]
    sz = f * vectors[0, 2] + g * vectors[1, 2] + h * vectors[2, 2]
    reach = tables.cutoff + 2 * guest.radius
    limit, energy = tables.cutoff * tables.cutoff, 0.0
    share = 0.5 if itself else 1.0
    for image in range(1 if itself else 0, len(guest.images)):
        tx, ty = sx + guest.images[image, 0], sy + guest.images[image, 1]
        tz = sz + guest.images[image, 2]
        if (x + tx) ** 2 + (y + ty) ** 2 + (z + tz) ** 2 >= reach * reach:
            continue
        for a in range(len(guest.kinds)):
            ax, ay, az = tx - first[a, 0], ty - first[a, 1], tz - first[a, 2]
            for b in range(len(guest.kinds)):
                dx, dy, dz = second[b, 0] + ax, second[b, 1] + ay, second[b, 2] + az
                squared = dx * dx + dy * dy + dz * dz
                if squared < limit:
                    # Counts of both orders of two kinds are added where these are used.
                    table = tables.guest[guest.kinds[a], guest.kinds[b]]
                    if counting:
                        _count(table, squared, tables.step, share)
                    else:
                        energy += share * _entry(table, squared, tables.step)
    return energy


@inlined
def _with_others(
    own: FloatArray,
    centre: FloatArray,
    others: FloatArray,
    centres: FloatArray,
    count: int,
    left_out: int,
    guest: PairedGuest,
    tables: PairTables,
    counting: bool,
) -> float:
    """Return the energy of a molecule with those before `count` but one, and its own images."""
    energy = 0.0
    for other in range(count):
        if other != left_out:
            energy += _of_two(
                own, centre, others[other], centres[other], False, guest, tables, counting
            )
    if len(guest.images) > 1:
        energy += _of_two(own, centre, own, centre, True, guest, tables, counting)
    return energy


@compiled
def count_pairs(
    count: int,
    molecules: FloatArray,
    centres: FloatArray,
    guest: PairedGuest,
    host: PairedHost,
    tables: PairTables,
) -> None:
    """Count in the tables, which are 0 before, how often one configuration meets each entry."""
    for one in range(count):
        _with_host(molecules[one], guest, host, tables, True)
        _with_others(molecules[one], centres[one], molecules, centres, one, -1, guest, tables, True)


@compiled
def state(
    counts: IntArray,
    molecules: FloatArray,
    centres: FloatArray,
    guest: PairedGuest,
    host: PairedHost,
    tables: PairTables,
    of_host: FloatArray,
    out: FloatArray,
) -> None:
    """Set the energy of each chain, and that of each molecule with the host."""
    for chain in range(len(counts)):
        energy = 0.0
        for one in range(counts[chain]):
            own, centre = molecules[chain, one], centres[chain, one]
            with_host = _with_host(own, guest, host, tables, False)
            of_host[chain, one] = tables.constant + max(with_host, tables.lowest)
            energy += of_host[chain, one] + _with_others(
                own, centre, molecules[chain], centres[chain], one, -1, guest, tables, False
            )
        out[chain] = energy


@compiled
def changes(
    counts: IntArray,
    molecules: FloatArray,
    centres: FloatArray,
    of_host: FloatArray,
    slots: IntArray,
    removes: BoolArray,
    adds: BoolArray,
    put: FloatArray,
    put_centres: FloatArray,
    asked: BoolArray,
    guest: PairedGuest,
    host: PairedHost,
    tables: PairTables,
    put_of_host: FloatArray,
    out: FloatArray,
) -> None:
    """Set by how much one move of each chain changes its energy; NaN where it is not asked for."""
    for chain in range(len(counts)):
        out[chain] = np.nan
        if not asked[chain]:
            continue
        count, slot = counts[chain], slots[chain]
        change, others, places = 0.0, molecules[chain], centres[chain]
        if adds[chain]:
            own, centre = put[chain], put_centres[chain]
            with_host = _with_host(own, guest, host, tables, False)
            put_of_host[chain] = tables.constant + max(with_host, tables.lowest)
            left_out = slot if removes[chain] else -1
            change += put_of_host[chain] + _with_others(
                own, centre, others, places, count, left_out, guest, tables, False
            )
        if removes[chain]:
            change -= of_host[chain, slot] + _with_others(
                others[slot], places[slot], others, places, count, slot, guest, tables, False
            )
        out[chain] = change
