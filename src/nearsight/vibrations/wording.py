"""How wavenumbers are named in messages."""

import numpy as np
from numpy.typing import NDArray

_NAMED_AT_MOST = 6


def name_wavenumbers(wavenumbers_per_cm: NDArray[np.float64]) -> str:
    """Return wavenumbers in cm⁻¹ as a list in words, the first six of them by value."""
    named = ", ".join(f"{value:.1f}" for value in wavenumbers_per_cm[:_NAMED_AT_MOST])
    left = len(wavenumbers_per_cm) - _NAMED_AT_MOST
    return f"{named} cm⁻¹" + (f" and {left} more" if left > 0 else "")
