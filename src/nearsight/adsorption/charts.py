"""What is drawn of insertions."""

import numpy as np

from nearsight.adsorption.result import Adsorption, running_means, weight_by_energy
from nearsight.charts.chart import Axis, Chart, Limit, Line, Points

_POINTS = 40
_MOST_BINS = 200


def convergence_chart(adsorption: Adsorption) -> Chart:
    """Return the Henry coefficient over the number of trials."""
    result = adsorption.henry[0]
    value = result.coefficient_mol_per_kg_Pa.value
    numbers, logs, errors = running_means(adsorption.trials, result.temperature_K, _POINTS)
    # Relative to that of all trials, which may have no number.
    relative = np.exp(np.clip(logs - (logs[-1] if np.isfinite(logs[-1]) else 0.0), -50, 50))
    is_number = np.isfinite(value) and value > 0
    # In powers of ten of the unit: an axis has no room for 0.00015.
    power = int(np.floor(np.log10(value))) if is_number else 0
    shown = relative * value / 10.0**power if is_number else relative
    spread = np.nan_to_num(shown * errors)
    top = 1.1 * float((shown + spread).max()) or 1.0
    unit = f"K_H / {_power(power)}mol/(kg Pa)" if is_number else "⟨W⟩ relative to that of all"
    return Chart(
        "Convergence of the Henry coefficient",
        Axis("insertions", 0.0, float(numbers[-1])),
        Axis(unit, 0.0, top),
        (
            Limit(float(shown[-1])),
            Line(numbers, shown),
            Points(numbers[::4], shown[::4], errors=spread[::4]),
        ),
        f"{unit} at {result.temperature_K:g} K, {shown[-1]:.4g} after {numbers[-1]:g} insertions; "
        f"half of them gave {shown[len(shown) // 2]:.4g}.",
    )


def _power(power: int) -> str:
    """Return a power of ten as the factor of a unit."""
    digits = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{digits} " if power else ""


def weights_chart(adsorption: Adsorption) -> Chart | None:
    """Return which share of <W> lies at which interaction energy; None if there is no weight."""
    temperature_K = adsorption.henry[0].temperature_K
    trials = adsorption.trials
    ends, shares = weight_by_energy(trials, temperature_K)
    if len(shares) > _MOST_BINS:
        times = np.ceil(len(shares) / _MOST_BINS)
        ends, shares = weight_by_energy(trials, temperature_K, float(times * (ends[1] - ends[0])))
    if not len(shares):
        return None
    at = int(shares.argmax())
    return Chart(
        "Which interaction energies carry the weight",
        Axis("interaction energy / eV", float(ends[0]), float(ends[-1])),
        Axis("share of ⟨W⟩", 0.0, 1.08 * float(shares.max())),
        (Line(np.repeat(ends, 2)[1:-1], np.repeat(shares, 2), filled=True),),
        f"At {temperature_K:g} K most of it, {shares[at]:.0%}, is between {ends[at]:.3g} and "
        f"{ends[at + 1]:.3g} eV.",
    )
