"""How much what is conserved drifts, by the timestep."""

from pathlib import Path

import numpy as np
from ase.build import bulk
from drawing import panels

from nearsight.dynamics import DynamicsSettings, OutputSettings, run_dynamics
from nearsight.models import load_model

TIMESTEPS_fs = (1.0, 2.0, 4.0, 6.0)


def draw(path: Path) -> None:
    """Draw the energy of 32 atoms of copper at constant energy."""
    model = load_model("ase:emt")
    crystal = bulk("Cu", cubic=True) * (2, 2, 2)
    figure, (left, right) = panels(beside=2)
    scatter = []
    for place, timestep in enumerate(TIMESTEPS_fs):
        settings = DynamicsSettings(
            ensemble="nve", temperature_K=600.0, time_ps=1.5, timestep_fs=timestep, seed=1
        )
        run = run_dynamics(crystal, model, settings, OutputSettings(every_fs=timestep))
        times = np.array([each.time_fs for each in run.samples]) / 1000
        energies = np.array([each.conserved_eV for each in run.samples]) * 1000 / len(crystal)
        left.plot(times, energies - energies[0], f"C{place}", linewidth=1.0, zorder=-timestep)
        scatter.append(float(energies[len(energies) // 4 :].std()))
        left.plot([], [], f"C{place}", label=f"{timestep:g} fs")
        right.loglog(timestep, scatter[-1], f"C{place}o")
    left.set(xlabel="time / ps", ylabel="change of the energy / meV/atom", xlim=(0, 1.5))
    left.legend(title="timestep", loc="upper right", ncols=2)
    steps = np.array(TIMESTEPS_fs)
    right.loglog(steps, scatter[0] * (steps / steps[0]) ** 2, "k:", label="square of the timestep")
    right.set(xlabel="timestep / fs", ylabel="scatter of the energy / meV/atom")
    right.minorticks_off()
    right.set_xticks(TIMESTEPS_fs, [f"{each:g}" for each in TIMESTEPS_fs])
    right.set_yticks([0.003, 0.01, 0.03, 0.1], ["0.003", "0.01", "0.03", "0.1"])
    right.legend(loc="lower right")
    figure.savefig(path)
