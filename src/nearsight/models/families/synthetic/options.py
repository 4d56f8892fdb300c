"""What is asked of a synthetic potential, in its name: which terms, how strong, how far."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from nearsight.errors import ModelError
from nearsight.models.loading import LoadRequest

_CUTOFF_A = 6.0
_ANGLE_CUTOFF_A = 4.0
_CHARGE_RANGE_A = 10.0
_LARGEST_SEED = 10**9 - 1
_STRENGTHS = {"angles": 1.0, "embedding": 1.0, "charges": 0.0}
"""What each is where nothing is said."""


@dataclass(frozen=True)
class SyntheticOptions:
    """One potential. No strength is above 1, where a term is as strong as in the strongest solid.

    `angle_cutoff_A` and `charge_range_A` are 0 where there is no such term.
    """

    seed: int
    angles: float
    """Factor of the energy of angles."""
    embedding: float
    """Factor of the energy of embedding."""
    charges: float
    """Largest charge of an element in e."""
    cutoff_A: float
    """Where energies of pairs, and the densities of embedding, end."""
    angle_cutoff_A: float
    """How long the arms of angles are."""
    charge_range_A: float
    """Where the interaction of charges ends."""

    @property
    def range_A(self) -> float:
        """Beyond which an atomic energy depends on no atom."""
        return max(self.cutoff_A, self.charge_range_A)

    @property
    def pairwise(self) -> bool:
        """Whether there are pairs only."""
        return self.angles == 0 and self.embedding == 0

    def by_name(self) -> dict[str, float]:
        """Return what may follow the seed in a name, all of it, also what has its default."""
        ends = {"angle_cutoff_A": self.angles, "charge_range_A": self.charges}
        return {
            key: value for key, value in asdict(self).items() if key != "seed" and ends.get(key, 1)
        }


def read_options(request: LoadRequest) -> SyntheticOptions:
    """Return what a name asks for.

    Raises
    ------
    ModelError
        The seed is no whole number, a strength is not from 0 to 1, a distance is not positive, or
        there is one of a term that there is not.
    """
    name, given = request.name, request.options
    strengths = {key: _strength(name, given, key) for key in _STRENGTHS}
    for key, term in (("angle_cutoff_A", "angles"), ("charge_range_A", "charges")):
        if key in given and strengths[term] == 0:
            raise ModelError(f"{name} has no {term}, and so no {key}: leave it out.")
    cutoff_A = _distance(name, given, "cutoff_A", _CUTOFF_A)
    angle_cutoff_A = _distance(name, given, "angle_cutoff_A", min(_ANGLE_CUTOFF_A, cutoff_A))
    if angle_cutoff_A > cutoff_A:
        raise ModelError(
            f"angle_cutoff_A={angle_cutoff_A:g} of {name} is beyond the cutoff of {cutoff_A:g} Å; "
            f"make cutoff_A as large, or angle_cutoff_A smaller."
        )
    charge_range_A = _distance(name, given, "charge_range_A", _CHARGE_RANGE_A)
    return SyntheticOptions(
        seed=_seed(request),
        **strengths,
        cutoff_A=cutoff_A,
        angle_cutoff_A=angle_cutoff_A if strengths["angles"] else 0.0,
        charge_range_A=charge_range_A if strengths["charges"] else 0.0,
    )


def _seed(request: LoadRequest) -> int:
    written = request.target
    if not (written.isascii() and written.isdigit() and int(written) <= _LARGEST_SEED):
        raise ModelError(
            f"the seed of {request.name} is no whole number from 0 to {_LARGEST_SEED}; write such "
            f"as synthetic:7, and all else behind a question mark: synthetic:7?angles=0.5."
        )
    return int(written)


def _strength(name: str, given: Mapping[str, str], key: str) -> float:
    value = _number(name, given, key, _STRENGTHS[key])
    if not 0 <= value <= 1:
        raise ModelError(f"{key}={given[key]} of {name} is not from 0 to 1.")
    return value


def _distance(name: str, given: Mapping[str, str], key: str, default: float) -> float:
    value = _number(name, given, key, default)
    if not 0 < value < math.inf:
        raise ModelError(f"{key}={given[key]} of {name} is no positive distance in Å.")
    return value


def _number(name: str, given: Mapping[str, str], key: str, default: float) -> float:
    if key not in given:
        return default
    try:
        return float(given[key])
    except ValueError as error:
        raise ModelError(f"{key}={given[key]} of {name} is no number.") from error
