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
from nearsight.hdnnp.kernels.compiling import compiled


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


@compiled
def cutoff_function(
    kind: int, start: float, radius: float, distance: float
) -> tuple[float, float]:
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


@compiled
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


@compiled
def _shape(zeta: float, power: int, sign: float, cosine: float) -> tuple[float, float]:
    """Return 2^(1-zeta) (1 + lambda cos)^zeta, and its derivative by the cosine."""
    base = 0.5 * (1.0 + sign * cosine)
    if base < 0.0:  # by rounding
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


@compiled
def _legs_of_neighbours(
    tables: FunctionTables,
    element: int,
    distances: FloatArray,
    values: FloatArray,
    slopes: FloatArray,
) -> None:
    """Write the legs of a centre and their derivatives, shape ``(n_neighbours, n_legs)`` each."""
    begin = tables.leg_ranges[element]
    for neighbour in range(len(distances)):
        r = distances[neighbour]
        last = -1
        f, slope = 0.0, 0.0
        for leg in range(begin, tables.leg_ranges[element + 1]):
            cut = tables.leg_cutoffs[leg]
            if cut != last:
                f, slope = _cut(tables, cut, r)
                last = cut
            values[neighbour, leg - begin], slopes[neighbour, leg - begin] = _leg(
                tables, leg, r, f, slope
            )


@compiled
def _leg(tables: FunctionTables, leg: int, r: float, f: float, slope: float) -> tuple[float, float]:
    """Return a leg and its derivative where its cutoff function is f(r)."""
    eta = tables.leg_etas[leg]
    away = r - tables.leg_shifts[leg]
    bell = exp(-eta * away * away) if eta != 0.0 else 1.0
    return bell * f, bell * (slope - 2.0 * eta * away * f)


@compiled
def _cut(tables: FunctionTables, cut: int, r: float) -> tuple[float, float]:
    return cutoff_function(
        tables.cutoff_kinds[cut], tables.cutoff_starts[cut], tables.cutoff_radii[cut], r
    )


@compiled
def _most(ranges: IntArray) -> int:
    """Return the largest number of entries of one kind."""
    most = 0
    for kind in range(len(ranges) - 1):
        most = max(most, ranges[kind + 1] - ranges[kind])
    return most


@compiled
def symmetry_functions(tables: FunctionTables, hoods: Neighbourhoods, values: FloatArray) -> None:
    """Add the symmetry functions of each centre to `values`, shape ``(n_centres, n_inputs)``."""
    n_elements = len(tables.reaches)
    shapes = np.empty(_most(tables.shape_ranges))
    for i in range(len(hoods.centres)):
        begin, end = hoods.ranges[i], hoods.ranges[i + 1]
        element = hoods.elements[i]
        out = values[i]
        for p in range(begin, end):
            pair = element * n_elements + hoods.neighbour_elements[p]
            _add_radial(tables, pair, hoods.distances[p], out)
        n_legs = tables.leg_ranges[element + 1] - tables.leg_ranges[element]
        legs = np.empty((end - begin, n_legs))
        slopes = np.empty((end - begin, n_legs))
        _legs_of_neighbours(tables, element, hoods.distances[begin:end], legs, slopes)
        for p in range(begin, end):
            first = element * n_elements + hoods.neighbour_elements[p]
            for q in range(p + 1, end):
                triple = first * n_elements + hoods.neighbour_elements[q]
                _add_angular(
                    tables, triple, element, hoods, p, q, legs[p - begin], legs[q - begin], shapes, out
                )


@compiled
def _add_radial(tables: FunctionTables, pair: int, r: float, out: FloatArray) -> None:
    last = -1
    f = 0.0
    for m in range(tables.radial_ranges[pair], tables.radial_ranges[pair + 1]):
        if tables.radial_cutoffs[m] != last:
            last = tables.radial_cutoffs[m]
            f, _ = _cut(tables, last, r)
        away = r - tables.radial_shifts[m]
        out[tables.radial_inputs[m]] += exp(-tables.radial_etas[m] * away * away) * f


@compiled
def _add_angular(
    tables: FunctionTables,
    triple: int,
    element: int,
    hoods: Neighbourhoods,
    p: int,
    q: int,
    first: FloatArray,
    second: FloatArray,
    shapes: FloatArray,
    out: FloatArray,
) -> None:
    u, v = hoods.vectors[p], hoods.vectors[q]
    squared = (u[0] - v[0]) ** 2 + (u[1] - v[1]) ** 2 + (u[2] - v[2]) ** 2
    if squared >= tables.triple_reaches[triple] ** 2:
        return
    r = sqrt(squared)
    cosine = (u[0] * v[0] + u[1] * v[1] + u[2] * v[2]) / (hoods.distances[p] * hoods.distances[q])
    shape_begin = tables.shape_ranges[triple]
    for m in range(shape_begin, tables.shape_ranges[triple + 1]):
        shapes[m - shape_begin], _ = _shape(
            tables.shape_zetas[m], tables.shape_powers[m], tables.shape_signs[m], cosine
        )
    last = -1
    f = 0.0
    for g in range(tables.group_ranges[triple], tables.group_ranges[triple + 1]):
        leg = tables.group_legs[g]
        weight = first[leg] * second[leg]
        if tables.group_narrow[g]:
            leg += tables.leg_ranges[element]
            if tables.leg_cutoffs[leg] != last:
                last = tables.leg_cutoffs[leg]
                f, _ = _cut(tables, last, r)
            opposite, _ = _leg(tables, leg, r, f, 0.0)
            weight *= opposite
        for m in range(tables.angular_ranges[g], tables.angular_ranges[g + 1]):
            out[tables.angular_inputs[m]] += weight * shapes[tables.angular_shapes[m]]


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
    n_elements = len(tables.reaches)
    most = _most(tables.shape_ranges)
    shapes, slopes_of_shapes = np.empty(most), np.empty(most)
    for i in range(len(hoods.centres)):
        begin, end = hoods.ranges[i], hoods.ranges[i + 1]
        element = hoods.elements[i]
        by = by_values[i]
        for p in range(begin, end):
            pair = element * n_elements + hoods.neighbour_elements[p]
            slope = _radial_slope(tables, pair, hoods.distances[p], by) / hoods.distances[p]
            for x in range(3):
                gradients[p, x] += slope * hoods.vectors[p, x]
        n_legs = tables.leg_ranges[element + 1] - tables.leg_ranges[element]
        legs = np.empty((end - begin, n_legs))
        slopes = np.empty((end - begin, n_legs))
        _legs_of_neighbours(tables, element, hoods.distances[begin:end], legs, slopes)
        for p in range(begin, end):
            first = element * n_elements + hoods.neighbour_elements[p]
            for q in range(p + 1, end):
                triple = first * n_elements + hoods.neighbour_elements[q]
                _add_angular_gradient(
                    tables,
                    triple,
                    element,
                    hoods,
                    p,
                    q,
                    legs,
                    slopes,
                    begin,
                    shapes,
                    slopes_of_shapes,
                    by,
                    gradients,
                )


@compiled
def _radial_slope(tables: FunctionTables, pair: int, r: float, by: FloatArray) -> float:
    """Return the derivative by the distance of a neighbour of all that it adds to an energy."""
    last = -1
    f, f_slope = 0.0, 0.0
    slope = 0.0
    for m in range(tables.radial_ranges[pair], tables.radial_ranges[pair + 1]):
        if tables.radial_cutoffs[m] != last:
            last = tables.radial_cutoffs[m]
            f, f_slope = _cut(tables, last, r)
        eta = tables.radial_etas[m]
        away = r - tables.radial_shifts[m]
        bell = exp(-eta * away * away)
        slope += by[tables.radial_inputs[m]] * bell * (f_slope - 2.0 * eta * away * f)
    return slope


@compiled
def _add_angular_gradient(
    tables: FunctionTables,
    triple: int,
    element: int,
    hoods: Neighbourhoods,
    p: int,
    q: int,
    legs: FloatArray,
    slopes: FloatArray,
    begin: int,
    shapes: FloatArray,
    shape_slopes: FloatArray,
    by: FloatArray,
    gradients: FloatArray,
) -> None:
    u, v = hoods.vectors[p], hoods.vectors[q]
    squared = (u[0] - v[0]) ** 2 + (u[1] - v[1]) ** 2 + (u[2] - v[2]) ** 2
    if squared >= tables.triple_reaches[triple] ** 2:
        return
    r, r_u, r_v = sqrt(squared), hoods.distances[p], hoods.distances[q]
    cosine = (u[0] * v[0] + u[1] * v[1] + u[2] * v[2]) / (r_u * r_v)
    shape_begin = tables.shape_ranges[triple]
    for m in range(shape_begin, tables.shape_ranges[triple + 1]):
        shapes[m - shape_begin], shape_slopes[m - shape_begin] = _shape(
            tables.shape_zetas[m], tables.shape_powers[m], tables.shape_signs[m], cosine
        )
    # derivatives of the energy by the cosine and by the three distances
    by_cosine, by_u, by_v, by_r = 0.0, 0.0, 0.0, 0.0
    last = -1
    f, f_slope = 0.0, 0.0
    for g in range(tables.group_ranges[triple], tables.group_ranges[triple + 1]):
        leg = tables.group_legs[g]
        leg_u, leg_v = legs[p - begin, leg], legs[q - begin, leg]
        slope_u, slope_v = slopes[p - begin, leg], slopes[q - begin, leg]
        opposite, opposite_slope = 1.0, 0.0
        if tables.group_narrow[g]:
            leg += tables.leg_ranges[element]
            if tables.leg_cutoffs[leg] != last:
                last = tables.leg_cutoffs[leg]
                f, f_slope = _cut(tables, last, r)
            opposite, opposite_slope = _leg(tables, leg, r, f, f_slope)
        shape, shape_slope = 0.0, 0.0
        for m in range(tables.angular_ranges[g], tables.angular_ranges[g + 1]):
            weight = by[tables.angular_inputs[m]]
            shape += weight * shapes[tables.angular_shapes[m]]
            shape_slope += weight * shape_slopes[tables.angular_shapes[m]]
        by_cosine += shape_slope * leg_u * leg_v * opposite
        by_u += shape * slope_u * leg_v * opposite
        by_v += shape * leg_u * slope_v * opposite
        by_r += shape * leg_u * leg_v * opposite_slope
    across = by_cosine / (r_u * r_v) - by_r / r
    along_u = by_u / r_u + by_r / r - by_cosine * cosine / (r_u * r_u)
    along_v = by_v / r_v + by_r / r - by_cosine * cosine / (r_v * r_v)
    for x in range(3):
        gradients[p, x] += along_u * u[x] + across * v[x]
        gradients[q, x] += along_v * v[x] + across * u[x]
