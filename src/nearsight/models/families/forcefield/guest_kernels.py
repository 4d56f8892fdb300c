"""Energies of rigid guests with a host and each other, and what trial moves change of them.

Lengths are in Å, energies in eV, charges in e. A guest's site belongs to a type of `PairNumbers`,
whose first types may be those of the host.
"""

from math import cos, exp, floor, pi, sin, sqrt
from typing import NamedTuple

import numpy as np

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.compiling import compiled, inlined

CLOSEST_2 = 1e-4
"""Squared distance in Å² below which sites do not come: no energy is infinite."""
SCREENING_STEP = 1 / 16
"""Width of the intervals on which erfc is a polynomial."""
HOPELESS_EV = 1e3
"""Pairs of a molecule with so much energy decide: no move leads there at any temperature, whatever
the waves add, and these are left out."""


class PairNumbers(NamedTuple):
    """The tables of `pair_tables.PairTable`, all of shape ``(n_types, n_types)``."""

    c12: FloatArray
    c6: FloatArray
    a: FloatArray
    b: FloatArray
    core: FloatArray
    wall: FloatArray
    shift: FloatArray
    slope: FloatArray
    cutoff: float
    buckingham: bool
    sloped: bool
    alpha: float
    """Of Ewald's method."""
    screening: FloatArray
    """Coefficients of erfc on intervals of `SCREENING_STEP`, from the middle of each, by rising
    power, shape ``(n_intervals, 7)``; the error is below 1e-13."""
    coulomb: float
    """Energy of two elementary charges 1 Å apart; 0 where charges do not count."""


class GuestNumbers(NamedTuple):
    """One rigid molecule."""

    types: IntArray
    """Shape ``(n_sites,)``."""
    charges: FloatArray
    """Shape ``(n_sites,)``."""
    radius: float
    """Of its farthest site from the centre."""
    constant: float
    """Energy that each molecule adds wherever it is."""
    tail: float
    """Energy of the molecules with each other beyond the cutoff over the square of their number."""


class HostNumbers(NamedTuple):
    """The host in blocks; there are none without a host."""

    to_fractions: FloatArray
    """In the reduced cell, shape ``(3, 3)``."""
    vectors: FloatArray
    """Reduced cell vectors."""
    counts: IntArray
    """Blocks along each."""
    starts: IntArray
    """Where the atoms near each block begin, shape ``(n_blocks + 1,)``."""
    types: IntArray
    charges: FloatArray
    places: FloatArray
    """Atoms and images near each block, shape ``(n, 3)``."""


class WaveNumbers(NamedTuple):
    """Wave vectors in rows that differ in the last index only, which goes up by 1."""

    to_fractions: FloatArray
    """In the cell whose waves they are, shape ``(3, 3)``."""
    extents: IntArray
    """Largest absolute index along each axis."""
    rows: IntArray
    """First two indices, first last index and first wave of each row, shape ``(n_rows + 1, 4)``."""
    cosine: FloatArray
    """Factor of each wave: of the host's potential, or weights with squared structure factors."""
    sine: FloatArray


class BoxNumbers(NamedTuple):
    """The cell in which guests meet each other's images."""

    to_fractions: FloatArray
    vectors: FloatArray
    images: FloatArray
    """Lattice vectors that the nearest image may differ from, the first of which is 0."""


@inlined
def _of_pair(
    squared: float, first: int, second: int, product: float, numbers: PairNumbers
) -> float:
    """Return the energy of two sites within the cutoff, with the screened part of their charges."""
    squared = max(squared, CLOSEST_2)
    inverse = 1.0 / squared
    sixth = inverse * inverse * inverse
    energy: float = (numbers.c12[first, second] * sixth - numbers.c6[first, second]) * sixth
    if numbers.buckingham:
        distance = sqrt(squared)
        core = numbers.core[first, second]
        if distance < core:
            energy = numbers.wall[first, second] * (core / distance) ** 12
        else:
            energy += numbers.a[first, second] * exp(-numbers.b[first, second] * distance)
    energy -= numbers.shift[first, second]
    if numbers.sloped:
        energy -= numbers.slope[first, second] * (sqrt(squared) - numbers.cutoff)
    if product != 0.0:
        distance = sqrt(squared)
        # Ten times as fast as numba's erfc, of which most of the time would be.
        scaled = numbers.alpha * distance
        interval = int(scaled / SCREENING_STEP)
        t = scaled - (interval + 0.5) * SCREENING_STEP
        c = numbers.screening[interval]
        share = c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * (c[5] + t * c[6])))))
        energy += numbers.coulomb * product * share / distance
    return energy


@inlined
def _with_host(
    sites: FloatArray, guest: GuestNumbers, host: HostNumbers, numbers: PairNumbers
) -> float:
    """Return the energy of pairs of a molecule with the host."""
    energy = 0.0
    limit = numbers.cutoff * numbers.cutoff
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
        own, charge = guest.types[site], guest.charges[site]
        for atom in range(host.starts[block], host.starts[block + 1]):
            dx, dy = host.places[atom, 0] - x, host.places[atom, 1] - y
            dz = host.places[atom, 2] - z
            squared = dx * dx + dy * dy + dz * dz
            if squared < limit:
                product = charge * host.charges[atom]
                energy += _of_pair(squared, own, host.types[atom], product, numbers)
    return energy


@inlined
def _of_two(
    first: FloatArray,
    first_centre: FloatArray,
    second: FloatArray,
    second_centre: FloatArray,
    itself: bool,
    guest: GuestNumbers,
    box: BoxNumbers,
    numbers: PairNumbers,
) -> float:
    """Return the energy of pairs of two molecules, or of one with its own images."""
    n_sites = len(guest.types)
    turn, vectors = box.to_fractions, box.vectors
    x = second_centre[0] - first_centre[0]
    y = second_centre[1] - first_centre[1]
    z = second_centre[2] - first_centre[2]
    f = -floor(x * turn[0, 0] + y * turn[1, 0] + z * turn[2, 0] + 0.5)
    g = -floor(x * turn[0, 1] + y * turn[1, 1] + z * turn[2, 1] + 0.5)
    h = -floor(x * turn[0, 2] + y * turn[1, 2] + z * turn[2, 2] + 0.5)
    sx = f * vectors[0, 0] + g * vectors[1, 0] + h * vectors[2, 0]
    sy = f * vectors[0, 1] + g * vectors[1, 1] + h * vectors[2, 1]
    sz = f * vectors[0, 2] + g * vectors[1, 2] + h * vectors[2, 2]
    reach = numbers.cutoff + 2 * guest.radius
    limit, energy = numbers.cutoff * numbers.cutoff, 0.0
    for image in range(1 if itself else 0, len(box.images)):
        tx, ty = sx + box.images[image, 0], sy + box.images[image, 1]
        tz = sz + box.images[image, 2]
        if (x + tx) ** 2 + (y + ty) ** 2 + (z + tz) ** 2 >= reach * reach:
            continue
        for a in range(n_sites):
            ax, ay, az = tx - first[a, 0], ty - first[a, 1], tz - first[a, 2]
            for b in range(n_sites):
                dx, dy, dz = second[b, 0] + ax, second[b, 1] + ay, second[b, 2] + az
                squared = dx * dx + dy * dy + dz * dz
                if squared < limit:
                    product = guest.charges[a] * guest.charges[b]
                    energy += _of_pair(squared, guest.types[a], guest.types[b], product, numbers)
    return energy / 2 if itself else energy


@inlined
def _with_others(
    own: FloatArray,
    centre: FloatArray,
    others: FloatArray,
    centres: FloatArray,
    count: int,
    left_out: int,
    guest: GuestNumbers,
    box: BoxNumbers,
    numbers: PairNumbers,
) -> float:
    """Return the energy of pairs of a molecule with all but one, and with its own images."""
    energy = 0.0
    for other in range(count):
        if other != left_out:
            energy += _of_two(
                own, centre, others[other], centres[other], False, guest, box, numbers
            )
    if len(box.images) > 1:
        energy += _of_two(own, centre, own, centre, True, guest, box, numbers)
    return energy


@inlined
def _powers(place: FloatArray, waves: WaveNumbers, axis: int, out: FloatArray) -> None:
    """Set cosine and sine of 2π n f of a place for all n from -extent to extent, ``(2, n)``."""
    turn, extent = waves.to_fractions, waves.extents[axis]
    fraction = place[0] * turn[0, axis] + place[1] * turn[1, axis] + place[2] * turn[2, axis]
    angle = 2 * pi * (fraction - floor(fraction))
    real, imaginary = cos(angle), sin(angle)
    out[0, extent], out[1, extent] = 1.0, 0.0
    for n in range(extent, 2 * extent):
        out[0, n + 1] = out[0, n] * real - out[1, n] * imaginary
        out[1, n + 1] = out[0, n] * imaginary + out[1, n] * real
    for n in range(1, extent + 1):
        out[0, extent - n], out[1, extent - n] = out[0, extent + n], -out[1, extent + n]


@inlined
def _add_factors(
    sites: FloatArray, sign: float, guest: GuestNumbers, waves: WaveNumbers, factors: FloatArray
) -> None:
    """Add the structure factors of a molecule, times a sign, shape ``(2, n_waves)``."""
    extents = waves.extents
    x = np.empty((2, 2 * extents[0] + 1))
    y = np.empty((2, 2 * extents[1] + 1))
    z = np.empty((2, 2 * extents[2] + 1))
    for site in range(len(guest.types)):
        charge = sign * guest.charges[site]
        if charge == 0.0:
            continue
        _powers(sites[site], waves, 0, x)
        _powers(sites[site], waves, 1, y)
        _powers(sites[site], waves, 2, z)
        for row in range(len(waves.rows) - 1):
            h, k = waves.rows[row, 0] + extents[0], waves.rows[row, 1] + extents[1]
            real = charge * (x[0, h] * y[0, k] - x[1, h] * y[1, k])
            imaginary = charge * (x[0, h] * y[1, k] + x[1, h] * y[0, k])
            begin, end = waves.rows[row, 3], waves.rows[row + 1, 3]
            first = waves.rows[row, 2] + extents[2]
            # Parts apart, so that several waves are computed at once.
            reals, imaginaries = factors[0, begin:end], factors[1, begin:end]
            cosines, sines = z[0, first:], z[1, first:]
            for wave in range(end - begin):
                reals[wave] += real * cosines[wave] - imaginary * sines[wave]
            for wave in range(end - begin):
                imaginaries[wave] += real * sines[wave] + imaginary * cosines[wave]


@inlined
def _in_waves(sites: FloatArray, guest: GuestNumbers, waves: WaveNumbers) -> float:
    """Return the energy of a molecule in the host's potential that is summed over waves."""
    factors = np.zeros((2, len(waves.cosine)))
    _add_factors(sites, 1.0, guest, waves, factors)
    energy = 0.0
    for wave in range(len(waves.cosine)):
        energy += factors[0, wave] * waves.cosine[wave] + factors[1, wave] * waves.sine[wave]
    return energy


@inlined
def _difference_of_powers(before: FloatArray, after: FloatArray, weights: FloatArray) -> float:
    """Return the sum over waves of weights times what squared structure factors change."""
    n_waves = len(weights)
    sums = np.zeros(4)
    # Four sums, so that an addition need not wait for the one before.
    for wave in range(n_waves):
        # The difference of squares as a product: the factors are large beside it.
        real = (after[0, wave] - before[0, wave]) * (after[0, wave] + before[0, wave])
        imaginary = (after[1, wave] - before[1, wave]) * (after[1, wave] + before[1, wave])
        sums[wave % 4] += weights[wave] * (real + imaginary)
    return float(sums.sum())


@compiled
def host_energies(
    places: FloatArray,
    guest: GuestNumbers,
    host: HostNumbers,
    host_waves: WaveNumbers,
    numbers: PairNumbers,
    out: FloatArray,
) -> None:
    """Set the energy of each molecule with the host, sites of shape ``(n, n_sites, 3)``."""
    for place in range(len(places)):
        energy = guest.constant
        if len(host.starts) > 1:
            energy += _with_host(places[place], guest, host, numbers)
        if len(host_waves.cosine):
            energy += _in_waves(places[place], guest, host_waves)
        out[place] = energy


@compiled
def guest_energies(
    counts: IntArray,
    molecules: FloatArray,
    centres: FloatArray,
    guest: GuestNumbers,
    box: BoxNumbers,
    waves: WaveNumbers,
    numbers: PairNumbers,
    factors: FloatArray,
    out: FloatArray,
) -> None:
    """Set the energy of the molecules of each chain with each other, and structure factors."""
    for chain in range(len(counts)):
        count, energy = counts[chain], 0.0
        factors[chain] = 0.0
        for one in range(count):
            for other in range(one):
                energy += _of_two(
                    molecules[chain, one],
                    centres[chain, one],
                    molecules[chain, other],
                    centres[chain, other],
                    False,
                    guest,
                    box,
                    numbers,
                )
            if len(box.images) > 1:
                own, centre = molecules[chain, one], centres[chain, one]
                energy += _of_two(own, centre, own, centre, True, guest, box, numbers)
            _add_factors(molecules[chain, one], 1.0, guest, waves, factors[chain])
        for wave in range(len(waves.cosine)):
            power = factors[chain, 0, wave] ** 2 + factors[chain, 1, wave] ** 2
            energy += waves.cosine[wave] * power
        out[chain] = energy + guest.tail * count * count


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
    guest: GuestNumbers,
    host: HostNumbers,
    host_waves: WaveNumbers,
    box: BoxNumbers,
    waves: WaveNumbers,
    numbers: PairNumbers,
    factors: FloatArray,
    put_of_host: FloatArray,
    factors_after: FloatArray,
    out: FloatArray,
) -> None:
    """Set by how much one move of each chain changes its energy.

    A move takes the molecule `slots` away, or puts one, or both. `put_of_host` and `factors_after`
    are what the state has of them afterwards.
    """
    for chain in range(len(counts)):
        if not asked[chain]:
            continue
        count, slot = counts[chain], slots[chain]
        left_out = slot if removes[chain] else -1
        change = 0.0
        if adds[chain]:
            of_put = guest.constant
            if len(host.starts) > 1:
                of_put += _with_host(put[chain], guest, host, numbers)
            if of_put < HOPELESS_EV:
                change += _with_others(
                    put[chain],
                    put_centres[chain],
                    molecules[chain],
                    centres[chain],
                    count,
                    left_out,
                    guest,
                    box,
                    numbers,
                )
            if of_put + change >= HOPELESS_EV:
                out[chain] = np.inf
                continue
            if len(host_waves.cosine):
                of_put += _in_waves(put[chain], guest, host_waves)
            put_of_host[chain] = of_put
            change += of_put
        if removes[chain]:
            change -= of_host[chain, slot]
            change -= _with_others(
                molecules[chain, slot],
                centres[chain, slot],
                molecules[chain],
                centres[chain],
                count,
                slot,
                guest,
                box,
                numbers,
            )
        if len(waves.cosine):
            after = factors_after[chain]
            after[:] = factors[chain]
            if removes[chain]:
                _add_factors(molecules[chain, slot], -1.0, guest, waves, after)
            if adds[chain]:
                _add_factors(put[chain], 1.0, guest, waves, after)
            change += _difference_of_powers(factors[chain], after, waves.cosine)
        n_after = count + (1 if adds[chain] else 0) - (1 if removes[chain] else 0)
        out[chain] = change + guest.tail * (n_after * n_after - count * count)
