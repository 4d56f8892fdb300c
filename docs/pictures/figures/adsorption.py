"""How a Henry coefficient converges, and which insertions carry its weight."""

from pathlib import Path

import numpy as np
from crystals import methane_in_mof5
from drawing import panels

from nearsight.adsorption.charts import convergence_chart
from nearsight.adsorption.result import weight_by_energy
from nearsight.charts.on_axes import draw as draw_chart


def draw(path: Path) -> None:
    """Draw the estimate over insertions, and their energies beside those of the weight."""
    adsorption = methane_in_mof5().results.adsorption
    trials, temperature = adsorption.trials, adsorption.henry[0].temperature_K
    figure, (left, right) = panels(beside=2)
    draw_chart(convergence_chart(adsorption), left)
    ends, shares = weight_by_energy(trials, temperature)
    energies = trials.energies_eV[trials.energies_eV < 0.2]
    overlap = float(np.mean(~np.isfinite(trials.energies_eV)))
    bins = np.arange(-0.2, 0.2001, 0.01)
    weights = np.full(len(energies), 1 / len(trials))
    right.hist(energies, bins, weights=weights, color="C1", alpha=0.6, label="insertions")
    right.stairs(shares, ends, color="C0", fill=True, alpha=0.4, label="weight ⟨W⟩")
    right.set(xlabel="interaction energy / eV", ylabel="share", xlim=(-0.2, 0.2))
    right.legend(title=f"{overlap:.0%} of the insertions overlap,\nfar to the right")
    figure.savefig(path)
