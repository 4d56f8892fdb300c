"""What an HDNNP is good for, as its functions and networks tell."""

from ase.data import atomic_numbers

from nearsight.hdnnp.cutoff_functions import COSINE, EXPONENTIAL, HARD, CutoffFunction
from nearsight.hdnnp.potential import Potential
from nearsight.models.contract import Capabilities

_ONE_SMOOTH_DERIVATIVE = 5
_CORNERED_ACTIVATION = "r"


def capabilities_of(potential: Potential) -> Capabilities:
    """Return what may be asked of a potential."""
    return Capabilities(
        cutoff_A=potential.cutoff_A,
        receptive_field_A=potential.cutoff_A,
        elements=frozenset(atomic_numbers[symbol] for symbol in potential.symbols),
        conservative=True,
        equivariant=True,
        mirror_equivariant=True,
        atomic_energies=True,
        size_consistent=True,
        differentiable=True,
        curvature_smooth=_curvature_smooth(potential),
        counts_extrapolations=True,
    )


def _curvature_smooth(potential: Potential) -> bool | None:
    """Tell whether second derivatives are continuous; None where they jump at some distance.

    A hard cutoff lets the energy itself jump, and a ramp is bent at one value and has no curvature
    anywhere else.
    """
    cutoffs = {one.cutoff for element in potential.elements for one in element.functions}
    layers = [layer for element in potential.elements for layer in element.network.layers]
    if any(one.kind == HARD for one in cutoffs):
        return False
    if any(layer.activation == _CORNERED_ACTIVATION for layer in layers):
        return False
    return None if any(map(_curvature_jumps, cutoffs)) else True


def _curvature_jumps(cutoff: CutoffFunction) -> bool:
    """Tell whether f''(r) jumps at the radius or where f begins to fall.

    It does for the cosine and for the polynomial with one vanishing derivative, and for
    exp(1 - 1/(1 - x²)), -2 at x = 0, behind an inner part where it is 0. That of tanh³ is 0 at the
    radius.
    """
    if cutoff.kind == EXPONENTIAL:
        return cutoff.start > 0
    return cutoff.kind in {COSINE, _ONE_SMOOTH_DERIVATIVE}
