"""Symmetry functions and their derivatives, atom by atom.

All lengths are in the unit of length of the potential. Vectors r_j - r_i of the neighbours j of an
atom i come sorted by element. Cutoff functions and exponentials of a distance, the *legs* of
angular functions, are computed once for a neighbour and once for a pair of neighbours; powers of
the cosine, the *shapes*, once for a pair.
"""

from math import cos, exp, pi, sin, sqrt, tanh
from typing import NamedTuple

import numpy as np

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.compiling import compiled, inlined


class FunctionTables(NamedTuple):
    """All symmetry functions of a potential, in the order in which kernels go through them.

    A *kind of pair* is (centre n + neighbour) of n elements, a *kind of triple* (centre n + first)
    n + second with first <= second. What has one more entry than there are kinds gives the range of
    each in the arrays that follow.
    """

    cutoff_kinds: IntArray
    """Of each distinct cutoff function."""
    cutoff_starts: FloatArray
    cutoff_radii: FloatArray
    reaches: FloatArray
    """Largest cutoff of the functions of each centre, shape ``(n_elements,)``."""
    radial_ranges: IntArray
    """By kind of pair."""
    radial_inputs: IntArray
    """Which input of the network each radial function is."""
    radial_etas: FloatArray
    radial_shifts: FloatArray
    radial_cutoffs: IntArray
    leg_ranges: IntArray
    """By centre: the distinct (cutoff, eta, shift) of its angular functions."""
    leg_etas: FloatArray
    leg_shifts: FloatArray
    leg_cutoffs: IntArray
    triple_reaches: FloatArray
    """By kind of triple: the distance of the neighbours beyond which no function counts."""
    shape_ranges: IntArray
    """By kind of triple: the distinct (zeta, lambda) of its functions."""
    shape_zetas: FloatArray
    shape_powers: IntArray
    """Zeta where it is a whole number, else 0."""
    shape_signs: FloatArray
    group_ranges: IntArray
    """By kind of triple: functions that share a leg, and are all narrow or all wide."""
    group_legs: IntArray
    """Counted from the first of the centre."""
    group_narrow: BoolArray
    angular_ranges: IntArray
    """By group."""
    angular_inputs: IntArray
    angular_shapes: IntArray
    """Counted from the first of the kind of triple."""
    touched_ranges: IntArray
    """By kind of pair: the functions that a neighbour has a part in, radial ones first."""
    touched_inputs: IntArray
    touched_as_first: IntArray
    """By kind of triple: where its functions begin among those that the first neighbour touches."""
    touched_as_second: IntArray


class Neighbourhoods(NamedTuple):
    """Neighbours of some atoms, those of one element together."""

    centres: IntArray
    """Indices of the atoms, shape ``(n_centres,)``."""
    elements: IntArray
    """Their elements, by index in the potential."""
    ranges: IntArray
    """Where the neighbours of each begin and end, shape ``(n_centres + 1,)``."""
    neighbours: IntArray
    """Indices of the neighbours, shape ``(n_pairs,)``."""
    neighbour_elements: IntArray
    vectors: FloatArray
    """Vectors to them, shape ``(n_pairs, 3)``."""
    distances: FloatArray


_TANH_1_CUBED = tanh(1.0) ** 3


@inlined
def cutoff_function(kind: int, start: float, radius: float, distance: float) -> tuple[float, float]:
    """Return f(r) and f'(r); see `CutoffFunction`."""
    if distance >= radius:  # and not "unless below": a distance that is NaN is to be seen
        return 0.0, 0.0
    if kind == 0 or distance < start:
        return 1.0, 0.0
    if kind in (2, 3):
        t = tanh(1.0 - distance / radius)
        scale = 1.0 if kind == 2 else 1.0 / _TANH_1_CUBED
        return scale * t * t * t, -3.0 * scale * t * t * (1.0 - t * t) / radius
    per_length = 1.0 / (radius - start)
    x = (distance - start) * per_length
    value, slope = _falling(kind, x)
    return value, slope * per_length


@inlined
def _falling(kind: int, x: float) -> tuple[float, float]:
    """Return what falls from 1 at x = 0 to 0 at x = 1, and its derivative."""
    y = 1.0 - x
    if kind == 1:
        return 0.5 * (cos(pi * x) + 1.0), -0.5 * pi * sin(pi * x)
    if kind == 4:
        room = y * (1.0 + x)
        if room <= 0.0:  # x is 1 to rounding
            return 0.0, 0.0
        value = exp(1.0 - 1.0 / room)
        return value, -2.0 * x * value / (room * room)
    if kind == 5:
        return 1.0 + x * x * (2.0 * x - 3.0), -6.0 * x * y
    if kind == 6:
        return 1.0 + x * x * x * ((15.0 - 6.0 * x) * x - 10.0), -30.0 * (x * y) ** 2
    if kind == 7:
        return (
            1.0 + x**4 * (x * (x * (20.0 * x - 70.0) + 84.0) - 35.0),
            -140.0 * (x * y) ** 3,
        )
    return (
        1.0 + x**5 * (x * (x * ((315.0 - 70.0 * x) * x - 540.0) + 420.0) - 126.0),
        -630.0 * (x * y) ** 4,
    )


@inlined
def _shape(zeta: float, power: int, sign: float, cosine: float) -> tuple[float, float]:
    """Return 2^(1-zeta) (1 + lambda cos)^zeta, and its derivative by the cosine."""
    base = 0.5 * (1.0 + sign * cosine)
    if base < 0.0:  # noqa: PLR1730 (by rounding; `max` would lose NaN)
        base = 0.0
    if power > 0:
        below = 1.0  # base to the power less one
        factor, exponent = base, power - 1
        while exponent > 0:
            if exponent & 1:
                below *= factor
            factor *= factor
            exponent >>= 1
        return 2.0 * below * base, sign * zeta * below
    if base == 0.0:
        # Three atoms in a line. With zeta < 1 there is a cusp, whose mean derivative is 0.
        return 0.0, 0.0
    value = 2.0 * base**zeta
    return value, 0.5 * sign * zeta * value / base


@inlined
def _leg(eta: float, away: float, f: float, f_slope: float) -> tuple[float, float]:
    """Return a leg and its derivative, `away` from its shift, where its cutoff function is f."""
    if eta == 0.0:
        return f, f_slope
    bell = exp(-eta * away * away)
    return bell * f, bell * (f_slope - 2.0 * eta * away * f)


@compiled
def _legs_of(
    tables: FunctionTables, hoods: Neighbourhoods, i: int
) -> tuple[FloatArray, FloatArray]:
    """Return the legs of a centre and their derivatives, shape ``(n_neighbours, n_legs)`` each."""
    element = hoods.elements[i]
    begin, end = tables.leg_ranges[element], tables.leg_ranges[element + 1]
    first = hoods.ranges[i]
    cuts, etas, shifts = tables.leg_cutoffs, tables.leg_etas, tables.leg_shifts
    kinds, starts, radii = tables.cutoff_kinds, tables.cutoff_starts, tables.cutoff_radii
    distances = hoods.distances
    legs = np.empty((hoods.ranges[i + 1] - first, end - begin))
    slopes = np.empty_like(legs)
    for n in range(len(legs)):
        r = distances[first + n]
        last = -1
        f, f_slope = 0.0, 0.0
        for leg in range(begin, end):
            if cuts[leg] != last:
                last = cuts[leg]
                f, f_slope = cutoff_function(kinds[last], starts[last], radii[last], r)
            legs[n, leg - begin], slopes[n, leg - begin] = _leg(
                etas[leg], r - shifts[leg], f, f_slope
            )
    return legs, slopes


@inlined
def _most(ranges: IntArray) -> int:
    """Return the largest number of entries of one kind."""
    most = 0
    for kind in range(len(ranges) - 1):
        most = max(most, ranges[kind + 1] - ranges[kind])
    return most


@compiled
def symmetry_functions(tables: FunctionTables, hoods: Neighbourhoods, values: FloatArray) -> None:
    """Add the symmetry functions of each centre to `values`, shape ``(n_centres, n_inputs)``."""
    shapes = np.empty(_most(tables.shape_ranges))
    for i in range(len(hoods.centres)):
        _add_radial(tables, hoods, i, values)
        _add_angular(tables, hoods, i, shapes, values)


@compiled
def _add_radial(tables: FunctionTables, hoods: Neighbourhoods, i: int, values: FloatArray) -> None:
    n_elements = len(tables.reaches)
    cuts, etas, shifts = tables.radial_cutoffs, tables.radial_etas, tables.radial_shifts
    kinds, starts, radii = tables.cutoff_kinds, tables.cutoff_starts, tables.cutoff_radii
    ranges, inputs = tables.radial_ranges, tables.radial_inputs
    for p in range(hoods.ranges[i], hoods.ranges[i + 1]):
        r = hoods.distances[p]
        pair = hoods.elements[i] * n_elements + hoods.neighbour_elements[p]
        last = -1
        f = 0.0
        for m in range(ranges[pair], ranges[pair + 1]):
            if cuts[m] != last:
                last = cuts[m]
                f, _ = cutoff_function(kinds[last], starts[last], radii[last], r)
            leg, _ = _leg(etas[m], r - shifts[m], f, 0.0)
            values[i, inputs[m]] += leg


@compiled
def _add_angular(
    tables: FunctionTables,
    hoods: Neighbourhoods,
    i: int,
    shapes: FloatArray,
    values: FloatArray,
) -> None:
    # Arrays are taken out of the tables here: inside of the loops that would take most of the time.
    n_elements = len(tables.reaches)
    begin, end = hoods.ranges[i], hoods.ranges[i + 1]
    elements, vectors, distances = hoods.neighbour_elements, hoods.vectors, hoods.distances
    reaches, shape_ranges = tables.triple_reaches, tables.shape_ranges
    zetas, powers, signs = tables.shape_zetas, tables.shape_powers, tables.shape_signs
    group_ranges, group_legs, narrow = tables.group_ranges, tables.group_legs, tables.group_narrow
    ranges, inputs, shape_of = tables.angular_ranges, tables.angular_inputs, tables.angular_shapes
    cuts, etas, shifts = tables.leg_cutoffs, tables.leg_etas, tables.leg_shifts
    kinds, starts, radii = tables.cutoff_kinds, tables.cutoff_starts, tables.cutoff_radii
    first_leg = tables.leg_ranges[hoods.elements[i]]
    legs, _ = _legs_of(tables, hoods, i)
    for p in range(begin, end):
        pair = hoods.elements[i] * n_elements + elements[p]
        x, y, z = vectors[p, 0], vectors[p, 1], vectors[p, 2]
        for q in range(p + 1, end):
            triple = pair * n_elements + elements[q]
            u, v, w = vectors[q, 0], vectors[q, 1], vectors[q, 2]
            squared = (x - u) ** 2 + (y - v) ** 2 + (z - w) ** 2
            if squared >= reaches[triple] * reaches[triple]:
                continue
            r = sqrt(squared)
            cosine = (x * u + y * v + z * w) / (distances[p] * distances[q])
            first_shape = shape_ranges[triple]
            for m in range(first_shape, shape_ranges[triple + 1]):
                shapes[m - first_shape], _ = _shape(zetas[m], powers[m], signs[m], cosine)
            last = -1
            f = 0.0
            for g in range(group_ranges[triple], group_ranges[triple + 1]):
                leg = group_legs[g]
                weight = legs[p - begin, leg] * legs[q - begin, leg]
                if narrow[g]:
                    leg += first_leg
                    if cuts[leg] != last:
                        last = cuts[leg]
                        f, _ = cutoff_function(kinds[last], starts[last], radii[last], r)
                    opposite, _ = _leg(etas[leg], r - shifts[leg], f, 0.0)
                    weight *= opposite
                for m in range(ranges[g], ranges[g + 1]):
                    values[i, inputs[m]] += weight * shapes[shape_of[m]]


@compiled
def pair_gradients(
    tables: FunctionTables,
    hoods: Neighbourhoods,
    by_values: FloatArray,
    gradients: FloatArray,
) -> None:
    """Add the derivatives of the centres' energies by the vectors to their neighbours.

    Parameters
    ----------
    by_values
        Derivatives of the energies by the symmetry functions, shape ``(n_centres, n_inputs)``.
    gradients
        What is added to, shape ``(n_pairs, 3)``.
    """
    shapes = np.empty((2, _most(tables.shape_ranges)))
    for i in range(len(hoods.centres)):
        _add_radial_gradients(tables, hoods, i, by_values, gradients)
        _add_angular_gradients(tables, hoods, i, by_values, shapes, gradients)


@compiled
def _add_radial_gradients(
    tables: FunctionTables,
    hoods: Neighbourhoods,
    i: int,
    by_values: FloatArray,
    gradients: FloatArray,
) -> None:
    n_elements = len(tables.reaches)
    cuts, etas, shifts = tables.radial_cutoffs, tables.radial_etas, tables.radial_shifts
    kinds, starts, radii = tables.cutoff_kinds, tables.cutoff_starts, tables.cutoff_radii
    ranges, inputs, vectors = tables.radial_ranges, tables.radial_inputs, hoods.vectors
    for p in range(hoods.ranges[i], hoods.ranges[i + 1]):
        r = hoods.distances[p]
        pair = hoods.elements[i] * n_elements + hoods.neighbour_elements[p]
        last = -1
        f, f_slope, total = 0.0, 0.0, 0.0
        for m in range(ranges[pair], ranges[pair + 1]):
            if cuts[m] != last:
                last = cuts[m]
                f, f_slope = cutoff_function(kinds[last], starts[last], radii[last], r)
            _, slope = _leg(etas[m], r - shifts[m], f, f_slope)
            total += by_values[i, inputs[m]] * slope
        for x in range(3):
            gradients[p, x] += total / r * vectors[p, x]


@compiled
def _add_angular_gradients(
    tables: FunctionTables,
    hoods: Neighbourhoods,
    i: int,
    by_values: FloatArray,
    shapes: FloatArray,
    gradients: FloatArray,
) -> None:
    n_elements = len(tables.reaches)
    begin, end = hoods.ranges[i], hoods.ranges[i + 1]
    elements, vectors, distances = hoods.neighbour_elements, hoods.vectors, hoods.distances
    reaches, shape_ranges = tables.triple_reaches, tables.shape_ranges
    zetas, powers, signs = tables.shape_zetas, tables.shape_powers, tables.shape_signs
    group_ranges, group_legs, narrow = tables.group_ranges, tables.group_legs, tables.group_narrow
    ranges, inputs, shape_of = tables.angular_ranges, tables.angular_inputs, tables.angular_shapes
    cuts, etas, shifts = tables.leg_cutoffs, tables.leg_etas, tables.leg_shifts
    kinds, starts, radii = tables.cutoff_kinds, tables.cutoff_starts, tables.cutoff_radii
    first_leg = tables.leg_ranges[hoods.elements[i]]
    legs, slopes = _legs_of(tables, hoods, i)
    for p in range(begin, end):
        pair = hoods.elements[i] * n_elements + elements[p]
        r_p = distances[p]
        for q in range(p + 1, end):
            triple = pair * n_elements + elements[q]
            squared, product = _squared_and_product(vectors, p, q)
            if squared >= reaches[triple] * reaches[triple]:
                continue
            r, r_q = sqrt(squared), distances[q]
            cosine = product / (r_p * r_q)
            first_shape = shape_ranges[triple]
            for m in range(first_shape, shape_ranges[triple + 1]):
                s = m - first_shape
                shapes[0, s], shapes[1, s] = _shape(zetas[m], powers[m], signs[m], cosine)
            # derivatives of the energy by the cosine and by the three distances
            by_cosine, by_p, by_q, by_r = 0.0, 0.0, 0.0, 0.0
            last = -1
            f, f_slope = 0.0, 0.0
            for g in range(group_ranges[triple], group_ranges[triple + 1]):
                leg = group_legs[g]
                leg_p, leg_q = legs[p - begin, leg], legs[q - begin, leg]
                slope_p, slope_q = slopes[p - begin, leg], slopes[q - begin, leg]
                opposite, opposite_slope = 1.0, 0.0
                if narrow[g]:
                    leg += first_leg
                    if cuts[leg] != last:
                        last = cuts[leg]
                        f, f_slope = cutoff_function(kinds[last], starts[last], radii[last], r)
                    opposite, opposite_slope = _leg(etas[leg], r - shifts[leg], f, f_slope)
                shape, shape_slope = 0.0, 0.0
                for m in range(ranges[g], ranges[g + 1]):
                    weight = by_values[i, inputs[m]]
                    shape += weight * shapes[0, shape_of[m]]
                    shape_slope += weight * shapes[1, shape_of[m]]
                by_cosine += shape_slope * leg_p * leg_q * opposite
                by_p += shape * slope_p * leg_q * opposite
                by_q += shape * leg_p * slope_q * opposite
                by_r += shape * leg_p * leg_q * opposite_slope
            across = by_cosine / (r_p * r_q) - by_r / r
            along_p = by_p / r_p + by_r / r - by_cosine * cosine / (r_p * r_p)
            along_q = by_q / r_q + by_r / r - by_cosine * cosine / (r_q * r_q)
            for x in range(3):
                gradients[p, x] += along_p * vectors[p, x] + across * vectors[q, x]
                gradients[q, x] += along_q * vectors[q, x] + across * vectors[p, x]


@compiled
def descriptors_with_derivatives(
    tables: FunctionTables,
    hoods: Neighbourhoods,
    starts: IntArray,
    values: FloatArray,
    derivatives: FloatArray,
) -> None:
    """Add the symmetry functions, and their derivatives by the vectors to neighbours.

    Parameters
    ----------
    starts
        Where the derivatives of each pair begin among all, shape ``(n_pairs + 1,)``: three rows, by
        x, y and z, of the functions that the neighbour touches (`FunctionTables.touched_inputs`).
    values
        Shape ``(n_centres, n_inputs)``.
    derivatives
        Shape ``(starts[-1],)``.
    """
    shapes = np.empty((2, _most(tables.shape_ranges)))
    for i in range(len(hoods.centres)):
        _add_radial_derivatives(tables, hoods, i, starts, values, derivatives)
        _add_angular_derivatives(tables, hoods, i, starts, shapes, values, derivatives)


@compiled
def _add_radial_derivatives(
    tables: FunctionTables,
    hoods: Neighbourhoods,
    i: int,
    places: IntArray,
    values: FloatArray,
    derivatives: FloatArray,
) -> None:
    n_elements = len(tables.reaches)
    cuts, etas, shifts = tables.radial_cutoffs, tables.radial_etas, tables.radial_shifts
    kinds, starts, radii = tables.cutoff_kinds, tables.cutoff_starts, tables.cutoff_radii
    ranges, inputs, vectors = tables.radial_ranges, tables.radial_inputs, hoods.vectors
    for p in range(hoods.ranges[i], hoods.ranges[i + 1]):
        r = hoods.distances[p]
        pair = hoods.elements[i] * n_elements + hoods.neighbour_elements[p]
        n_touched = (places[p + 1] - places[p]) // 3
        last = -1
        f, f_slope = 0.0, 0.0
        for m in range(ranges[pair], ranges[pair + 1]):
            if cuts[m] != last:
                last = cuts[m]
                f, f_slope = cutoff_function(kinds[last], starts[last], radii[last], r)
            leg, slope = _leg(etas[m], r - shifts[m], f, f_slope)
            values[i, inputs[m]] += leg
            at = places[p] + m - ranges[pair]
            for x in range(3):
                derivatives[at + x * n_touched] += slope / r * vectors[p, x]


@compiled
def _add_angular_derivatives(
    tables: FunctionTables,
    hoods: Neighbourhoods,
    i: int,
    places: IntArray,
    shapes: FloatArray,
    values: FloatArray,
    derivatives: FloatArray,
) -> None:
    n_elements = len(tables.reaches)
    begin, end = hoods.ranges[i], hoods.ranges[i + 1]
    elements, vectors, distances = hoods.neighbour_elements, hoods.vectors, hoods.distances
    reaches, shape_ranges = tables.triple_reaches, tables.shape_ranges
    zetas, powers, signs = tables.shape_zetas, tables.shape_powers, tables.shape_signs
    group_ranges, group_legs, narrow = tables.group_ranges, tables.group_legs, tables.group_narrow
    ranges, inputs, shape_of = tables.angular_ranges, tables.angular_inputs, tables.angular_shapes
    as_first, as_second = tables.touched_as_first, tables.touched_as_second
    cuts, etas, shifts = tables.leg_cutoffs, tables.leg_etas, tables.leg_shifts
    kinds, starts, radii = tables.cutoff_kinds, tables.cutoff_starts, tables.cutoff_radii
    first_leg = tables.leg_ranges[hoods.elements[i]]
    legs, slopes = _legs_of(tables, hoods, i)
    for p in range(begin, end):
        pair = hoods.elements[i] * n_elements + elements[p]
        r_p = distances[p]
        n_p = (places[p + 1] - places[p]) // 3
        for q in range(p + 1, end):
            triple = pair * n_elements + elements[q]
            squared, product = _squared_and_product(vectors, p, q)
            if squared >= reaches[triple] * reaches[triple]:
                continue
            r, r_q = sqrt(squared), distances[q]
            cosine = product / (r_p * r_q)
            n_q = (places[q + 1] - places[q]) // 3
            first_shape, first_group = shape_ranges[triple], group_ranges[triple]
            for m in range(first_shape, shape_ranges[triple + 1]):
                s = m - first_shape
                shapes[0, s], shapes[1, s] = _shape(zetas[m], powers[m], signs[m], cosine)
            # of the triple's first function
            at_p = places[p] + as_first[triple] - ranges[first_group]
            at_q = places[q] + as_second[triple] - ranges[first_group]
            last = -1
            f, f_slope = 0.0, 0.0
            for g in range(first_group, group_ranges[triple + 1]):
                leg = group_legs[g]
                leg_p, leg_q = legs[p - begin, leg], legs[q - begin, leg]
                slope_p, slope_q = slopes[p - begin, leg], slopes[q - begin, leg]
                opposite, opposite_slope = 1.0, 0.0
                if narrow[g]:
                    leg += first_leg
                    if cuts[leg] != last:
                        last = cuts[leg]
                        f, f_slope = cutoff_function(kinds[last], starts[last], radii[last], r)
                    opposite, opposite_slope = _leg(etas[leg], r - shifts[leg], f, f_slope)
                weight = leg_p * leg_q * opposite
                by_r = leg_p * leg_q * opposite_slope / r
                along_p = slope_p * leg_q * opposite / r_p + by_r
                along_q = leg_p * slope_q * opposite / r_q + by_r
                turning = weight / (r_p * r_q)
                bending_p = -weight * cosine / (r_p * r_p)
                bending_q = -weight * cosine / (r_q * r_q)
                for m in range(ranges[g], ranges[g + 1]):
                    values[i, inputs[m]] += weight * shapes[0, shape_of[m]]
                for x in range(3):
                    u, v = vectors[p, x], vectors[q, x]
                    with_shape_p, with_slope_p = along_p * u - by_r * v, bending_p * u + turning * v
                    with_shape_q, with_slope_q = along_q * v - by_r * u, bending_q * v + turning * u
                    row_p, row_q = at_p + x * n_p, at_q + x * n_q
                    for m in range(ranges[g], ranges[g + 1]):
                        shape, slope = shapes[0, shape_of[m]], shapes[1, shape_of[m]]
                        derivatives[row_p + m] += with_shape_p * shape + with_slope_p * slope
                        derivatives[row_q + m] += with_shape_q * shape + with_slope_q * slope


@inlined
def _squared_and_product(vectors: FloatArray, p: int, q: int) -> tuple[float, float]:
    """Return the squared distance of two neighbours, and the product of the vectors to them."""
    x, y, z = vectors[p, 0], vectors[p, 1], vectors[p, 2]
    u, v, w = vectors[q, 0], vectors[q, 1], vectors[q, 2]
    return (x - u) ** 2 + (y - v) ** 2 + (z - w) ** 2, x * u + y * v + z * w
