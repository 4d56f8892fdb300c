# %% [markdown]
# # How many particles a Lennard-Jones fluid has, beside NIST
#
# Grand canonical Monte Carlo of the fluid at T* = 1.5 in a box of 512 σ³, cut at 3 σ with the
# long-range correction, at some activities; the shares of samples with N particles beside the
# distribution that the Standard Reference Simulation Website of NIST has by transition matrices
# (stat150.csv, as distributed with FEASST; we acknowledge NIST as the source).
#
#     python studies/lennard_jones_fluid.py STAT150.csv RECORDS
#
# There is one record per activity in RECORDS. Only numbers of our own and differences are written.
import argparse
import tempfile
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from ase import Atoms
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.local_level import LocalLevel
from nearsight.adsorption.gcmc.measured import measured_fugacity
from nearsight.adsorption.gcmc.moves import Probabilities
from nearsight.adsorption.gcmc.results import loadings
from nearsight.adsorption.gcmc.rules import Anywhere
from nearsight.adsorption.gcmc.sampling import System, sample
from nearsight.adsorption.gcmc.schedule import Schedule
from nearsight.models.guests import GuestModel
from nearsight.models.registry import load_model
from nearsight.units import BOLTZMANN_EV_PER_K, EV_IN_JOULE
from records import Record, collect, markdown_table, without_errors

FloatArray = NDArray[np.float64]

FLUID = """
[treatment]
cutoff_A = 3.0
truncation = "cut"
tail = true
coulomb = false
[types]
Ar = { epsilon_K = 200.0, sigma_A = 1.0 }
[molecules.Ar]
sites = [{ type = "Ar", position_A = [0.0, 0.0, 0.0] }]
"""
TEMPERATURE_K, REDUCED_TEMPERATURE = 300.0, 1.5
EDGE_A, CUTOFF_A = 8.0, 3.0
LOG_ACTIVITIES = (-4.2, -3.2, -2.8, -2.6)
"""ln z, with z in units of 1/σ³."""
CHAINS = 50
SCHEDULE: dict[str, Any] = {
    "equilibration_blocks": 20,
    "production_blocks": 40,
    "samples": 40,
    "steps": 20,
}
LEAST_SHARE = 0.005
"""Numbers of particles that are seen less often are not compared."""


def main() -> None:
    """Sample what is missing, and write the table and the figure."""
    parser = argparse.ArgumentParser(description="the Lennard-Jones fluid beside NIST")
    parser.add_argument("stat150", type=Path)
    parser.add_argument("records", type=Path)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    log_pi = np.loadtxt(arguments.stat150, delimiter=",", skiprows=1, usecols=2)
    names = {f"ln_z_{each:g}": each for each in LOG_ACTIVITIES}
    with tempfile.TemporaryDirectory() as folder:
        work = partial(sampled, names, Path(folder))
        records = without_errors(
            collect(arguments.records, names, work, {**SCHEDULE, "chains": CHAINS})
        )
    compared = {names[key]: compare(names[key], each, log_pi) for key, each in records.items()}
    arguments.results.mkdir(exist_ok=True)
    stem = arguments.results / "lennard_jones_fluid"
    rows = [row_of(names[key], each, compared[names[key]]) for key, each in records.items()]
    stem.with_suffix(".md").write_text(text(rows), encoding="utf-8")
    draw(compared).savefig(stem.with_suffix(".png"), dpi=150)
    print(f"wrote {stem}.md and {stem}.png")


def sampled(names: dict[str, float], folder: Path, key: str) -> Record:
    """Return how often there are how many particles at one activity."""
    path = folder / "fluid.toml"
    path.write_text(FLUID, encoding="utf-8")
    model = load_model(f"forcefield:{path}", device="cpu")
    assert isinstance(model, GuestModel)
    gas = Gas("Ar", Atoms("Ar"), "one atom")
    cell_A = EDGE_A * np.eye(3)
    level = LocalLevel(model.of_guests(model.molecule("Ar"), cell_A))
    per_A3 = np.exp(names[key])
    fugacity = per_A3 * BOLTZMANN_EV_PER_K * TEMPERATURE_K * EV_IN_JOULE * 1e30
    ensemble = Ensemble(cell_A, TEMPERATURE_K, np.full(CHAINS, fugacity))
    moves = Probabilities(0.35, 0.35, 0.2, 0.0, 0.1)
    system = System(ensemble, gas.sites_A, level, probabilities=moves)
    start = process_time()
    run = sample(system, Schedule(**SCHEDULE))
    [loading] = loadings(run, ensemble)
    counts = run.production.counts[loading.n_left_out :].T
    shares: dict[str, Any] = {}
    for number in np.unique(counts).tolist():
        of_chains = (counts == number).mean(axis=1)
        if of_chains.mean() > LEAST_SHARE:
            error = of_chains.std(ddof=1) / np.sqrt(CHAINS)
            shares[str(number)] = [float(of_chains.mean()), float(error)]
    [measured] = measured_fugacity(run, ensemble, level, Anywhere(), gas.sites_A, seed=1)
    return {
        "particles": [loading.molecules.value, loading.molecules.error],
        "n_effective": loading.molecules.n_effective,
        "equilibrated": loading.is_equilibrated,
        "shares": shares,
        "measured": [measured.value / fugacity, measured.error / fugacity],
        "seconds": process_time() - start,
    }


def reference(log_activity: float, log_pi: FloatArray) -> FloatArray:
    """Return NIST's shares of each number at another activity.

    Theirs is what their ratio of one particle to none says, the energy of one being that of the
    long-range correction, 8π/(3V) (1/(3 r⁹) - 1/r³).
    """
    tail = 8 * np.pi / (3 * EDGE_A**3) * (1 / (3 * CUTOFF_A**9) - 1 / CUTOFF_A**3)
    theirs = log_pi[1] - log_pi[0] + tail / REDUCED_TEMPERATURE - np.log(EDGE_A**3)
    logs = log_pi + np.arange(len(log_pi)) * (log_activity - theirs)
    weights = np.exp(logs - logs.max())
    shares: FloatArray = weights / weights.sum()
    return shares


def compare(log_activity: float, record: Record, log_pi: FloatArray) -> FloatArray:
    """Return numbers, our ln Π less NIST's, and its errors, shape ``(3, n)``."""
    numbers = np.array([int(number) for number in record["shares"]])
    shares, errors = np.array(list(record["shares"].values())).T
    theirs = reference(log_activity, log_pi)[numbers]
    return np.array([numbers, np.log(shares / theirs), errors / shares])


def row_of(log_activity: float, record: Record, compared: FloatArray) -> list[str]:
    """Return what is said of one activity."""
    numbers, differences, errors = compared
    sigmas = differences / errors
    beyond = int((np.abs(sigmas) > 3).sum())
    particles, error = record["particles"]
    measured = record["measured"]
    return [
        f"{log_activity:g}",
        f"{particles:.3f} ± {error:.3f}",
        f"{record['n_effective']:.0f}",
        f"{numbers.min():.0f} to {numbers.max():.0f}",
        f"{np.abs(differences).max():.3f}",
        f"{np.abs(sigmas).max():.1f}",
        f"{np.sqrt((sigmas**2).mean()):.2f}",
        f"{beyond} of {len(sigmas)}",
        f"{measured[0]:.4f} ± {measured[1]:.4f}",
    ]


def text(rows: list[list[str]]) -> str:
    """Return the page."""
    header = ["ln z", "particles", "effective", "N compared", "largest difference of ln Π"]
    header += ["in σ", "root mean square, in σ", "beyond 3 σ", "measured over imposed fugacity"]
    return (
        f"# The Lennard-Jones fluid at T* = {REDUCED_TEMPERATURE:g} beside NIST\n\n"
        f"A box of 512 σ³, cut at 3 σ with the long-range correction; {CHAINS} chains at each "
        f"activity. Numbers of particles with a share above {LEAST_SHARE:.1%} of the samples are "
        f"compared; σ is our error alone, by the scatter of the chains, and those of different N "
        f"are correlated. The reference is that of the Standard Reference Simulation Website of "
        f"the National Institute of Standards and Technology (stat150.csv). A first run went on to "
        f"ln z = -2.4, where there were 139 effective samples: its mean was 0.5 σ off, and 15 of "
        f"65 numbers beyond 3 σ by errors from the autocorrelation of each number, which are too "
        f"small there; it was not repeated with these errors.\n\n"
        f"{markdown_table(header, rows)}"
    )


def draw(compared: dict[float, FloatArray]) -> Figure:
    """Return the figure: differences of ln Π over the number of particles."""
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.subplots()
    for log_activity, (numbers, differences, errors) in compared.items():
        label = f"ln z = {log_activity:g}"
        axes.errorbar(
            numbers, differences, errors, fmt=".", markersize=3, linewidth=0.8, label=label
        )
    axes.axhline(0, color="0.5", linewidth=0.8)
    axes.set_xlabel("particles in 512 σ³")
    axes.set_ylabel("ln Π, ours less NIST's")
    axes.legend(fontsize=7)
    return figure


if __name__ == "__main__":
    main()
