"""The same crystal moved by ASE and by LAMMPS, step by step."""

from pathlib import Path

import numpy as np
from ase.build import bulk
from drawing import panels

from nearsight.dynamics import DynamicsSettings, OutputSettings, run_dynamics
from nearsight.models import load_model


def draw(path: Path) -> None:
    """Draw energies of both engines, and their difference."""
    model = load_model("ase:emt")
    crystal = bulk("Cu", cubic=True) * (2, 2, 2)
    output = OutputSettings(every_fs=2.0)
    runs = {}
    for engine in ("ase", "lammps"):
        settings = DynamicsSettings(
            ensemble="nve", engine=engine, temperature_K=600.0, time_ps=0.6, timestep_fs=2.0, seed=1
        )
        runs[engine] = run_dynamics(crystal, model, settings, output).samples
    potential, total = (
        {
            engine: np.array([getattr(each, name) for each in samples])
            for engine, samples in runs.items()
        }
        for name in ("potential_energy_eV", "conserved_eV")
    )
    steps = np.arange(len(total["ase"]))
    figure, (left, right) = panels(beside=2)
    start = potential["ase"][0]
    left.plot(steps, potential["ase"] - start, "C0", linewidth=4.0, alpha=0.4, label="ASE")
    left.plot(steps, potential["lammps"] - start, "C1--", linewidth=1.2, label="LAMMPS")
    left.set(xlabel="step", ylabel="potential energy, change / eV", xlim=(0, steps[-1]))
    left.legend()
    for place, (name, of) in enumerate({"potential": potential, "total": total}.items()):
        differences = np.abs(of["lammps"] - of["ase"])
        shown = np.maximum(differences, 1e-16)[::3]
        right.semilogy(steps[::3], shown, f"C{place + 2}.", markersize=3, label=name)
    right.set(xlabel="step", ylabel="|energy by LAMMPS - by ASE| / eV", ylim=(1e-16, 1e-10))
    right.legend()
    figure.savefig(path)
