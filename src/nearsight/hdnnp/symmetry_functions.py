"""Symmetry functions: what the network of an atom sees of its neighbours.

J. Behler, J. Chem. Phys. 2011, 134, 074106. Numbers of kinds are those of n2p2 and RuNNer.
"""

from dataclasses import dataclass

from ase.data import atomic_numbers

from nearsight.errors import MethodError
from nearsight.hdnnp.cutoff_functions import CutoffFunction

RADIAL, NARROW, WIDE = 2, 3, 9


@dataclass(frozen=True)
class RadialFunction:
    """G2: sum over neighbours j of exp(-eta (r_ij - shift)²) f(r_ij)."""

    centre: str
    neighbour: str
    eta: float
    """In 1/length²."""
    shift: float
    """In the unit of length."""
    cutoff: CutoffFunction

    kind = RADIAL

    @property
    def neighbours(self) -> tuple[str, ...]:
        """Elements of the neighbours that count."""
        return (self.neighbour,)


@dataclass(frozen=True)
class AngularFunction:
    """G3 (narrow) or G9 (wide): a sum over pairs of neighbours j < k.

    2^(1-zeta) (1 + sign cos theta_ijk)^zeta times exp(-eta (...)) and cutoff functions: of r_ij,
    r_ik and r_jk for a narrow one, of r_ij and r_ik alone for a wide one, each distance less
    `shift` in the exponent.

    Raises
    ------
    MethodError
        `sign` is neither 1 nor -1, `zeta` is not above 0, or there is no such kind.
    """

    kind: int
    centre: str
    neighbours: tuple[str, str]
    """In the order of their atomic numbers."""
    eta: float
    """In 1/length²."""
    sign: int
    """Lambda, 1 or -1."""
    zeta: float
    shift: float
    """In the unit of length."""
    cutoff: CutoffFunction

    def __post_init__(self) -> None:
        if self.kind not in {NARROW, WIDE}:
            raise MethodError(f"angular symmetry functions are of kind 3 or 9, not {self.kind}.")
        if self.sign not in {1, -1}:
            raise MethodError(f"lambda is 1 or -1, not {self.sign}.")
        if not 0 < self.zeta < float("inf"):
            raise MethodError(f"zeta is above 0, not {self.zeta:g}.")
        first, second = self.neighbours
        if atomic_numbers[first] > atomic_numbers[second]:
            object.__setattr__(self, "neighbours", (second, first))


SymmetryFunction = RadialFunction | AngularFunction


def function_name(function: SymmetryFunction) -> str:
    """Return what a symmetry function is called in messages and tables, such as ``H-C (eta 0.5)``.

    eta and shift are in the potential's unit of length.
    """
    around = "-".join((function.centre, *function.neighbours))
    terms = [f"eta {function.eta:.3g}"] if function.eta or function.kind == RADIAL else []
    if function.shift:
        terms.append(f"shift {function.shift:.3g}")
    if isinstance(function, AngularFunction):
        terms += [f"zeta {function.zeta:g}", f"lambda {function.sign}"]
    return f"{around} ({', '.join(terms)})"


def network_order(function: SymmetryFunction) -> tuple[float, ...]:
    """Return the key by which n2p2 sorts functions of an element before its network sees them.

    The order of `scaling.data` and of the inputs of a network is this one, not that of the lines in
    `input.nn`.
    """
    cutoff = function.cutoff
    shared = (function.kind, cutoff.kind, cutoff.inner, cutoff.radius, function.eta, function.shift)
    neighbours = tuple(atomic_numbers[symbol] for symbol in function.neighbours)
    if isinstance(function, RadialFunction):
        return (*shared, *neighbours)
    return (*shared, function.zeta, function.sign, *neighbours)
