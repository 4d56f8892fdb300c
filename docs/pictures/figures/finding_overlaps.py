"""Henry coefficients in which overlaps count, and in which they do not."""

from pathlib import Path

import numpy as np
from crystals import methane_in_mof5
from drawing import panels

from nearsight.adsorption.result import running_means


def draw(path: Path) -> None:
    """Draw both means over the number of insertions."""
    adsorption = methane_in_mof5().results.adsorption
    trials, henry = adsorption.trials, adsorption.henry[0]
    value = henry.coefficient_mol_per_kg_Pa.value
    figure, (ax,) = panels()
    numbers, logs, errors = running_means(trials, henry.temperature_K, 40)
    counted = 1e6 * value * np.exp(logs - logs[-1])
    share = float(np.mean(np.isfinite(trials.energies_eV)))
    for place, (label, divisor) in enumerate(
        {"every insertion counts": 1.0, "overlaps left out of the mean": share}.items()
    ):
        values = counted / divisor
        ax.plot(numbers, values, f"C{place}", label=label)
        ax.fill_between(
            numbers, values * (1 - errors), values * (1 + errors), color=f"C{place}", alpha=0.2
        )
    ax.set(xlabel="insertions", ylabel="K_H / 10⁻⁶ mol/(kg Pa)", ylim=(0, 2.2 * counted[-1]))
    ax.set_xlim(0, numbers[-1])
    ax.legend(title=f"{share:.0%} of the insertions do not overlap", loc="lower right")
    figure.savefig(path)
