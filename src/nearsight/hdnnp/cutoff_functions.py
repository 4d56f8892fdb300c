"""Functions that take a neighbour out of a sum as it goes, by the numbers they have in n2p2."""

from dataclasses import dataclass

from nearsight.errors import MethodError

HARD, COSINE, TANH_CUBED, TANH_CUBED_SCALED, EXPONENTIAL = 0, 1, 2, 3, 4
POLYNOMIALS = (5, 6, 7, 8)
"""With one to four derivatives that vanish at both ends."""

_WITH_INNER = frozenset({COSINE, EXPONENTIAL, *POLYNOMIALS})


@dataclass(frozen=True, order=True)
class CutoffFunction:
    """A function f(r) that is 1 within an inner radius and 0 beyond `radius`.

    A. Singraber, J. Behler, C. Dellago, J. Chem. Theory Comput. 2019, 15, 1827.

    Raises
    ------
    MethodError
        No such kind, a radius that is not positive, an inner share that is not in [0, 1), or one
        for a kind that has none.
    """

    kind: int
    """0 hard, 1 cosine, 2 tanh³(1 - r/r_c), 3 the same with f(0) = 1, 4 exp(1 - 1/(1 - x²)), 5 to 8
    polynomials with as many vanishing derivatives as one to four."""
    inner: float
    """Share of the radius within which it is 1."""
    radius: float
    """In the potential's unit of length."""

    def __post_init__(self) -> None:
        if self.kind not in range(9):
            raise MethodError(f"there is no cutoff function {self.kind}; they go from 0 to 8.")
        if not 0 < self.radius < float("inf"):
            raise MethodError(f"a cutoff radius is above 0, not {self.radius:g}.")
        if not 0 <= self.inner < 1:
            raise MethodError(
                f"the inner share of a cutoff function is at least 0 and below 1, not "
                f"{self.inner:g}."
            )

    @property
    def start(self) -> float:
        """Radius up to which it is 1; kinds without an inner part begin at 0."""
        return self.inner * self.radius if self.kind in _WITH_INNER else 0.0
