# %% [markdown]
# # 11. Molecular dynamics
#
# A crystal at constant temperature, and what its trajectory says. Run it with
# `python examples/11_molecular_dynamics.py`.

# %%
from pathlib import Path

from ase.build import bulk
from matplotlib.figure import Figure

from nearsight.dynamics import DynamicsSettings, OutputSettings, run_dynamics
from nearsight.dynamics.analysis import (
    block_average,
    radial_distribution,
    read_trajectory,
)
from nearsight.models import load_model

model = load_model("ase:emt")
crystal = bulk("Cu", cubic=True) * (2, 2, 2)
settings = DynamicsSettings(
    temperature_K=300.0, time_ps=4.0, timestep_fs=4.0, thermostat_time_fs=100.0, seed=1
)
Path("copper.extxyz.gz").unlink(missing_ok=True)  # of an earlier run of this script
run = run_dynamics(
    crystal,
    model,
    settings,
    OutputSettings(every_fs=16.0, velocities=True),
    trajectory="copper.extxyz.gz",
)
print(run)

# %% [markdown]
# With `checkpoint="copper.checkpoint"` the same call would go on after an interruption; without one
# a trajectory that is there is in the way.
#
# The thermostat counts the momenta that there are, three less than there seem to be, since the
# crystal as a whole stays where it is. What is conserved is the energy less what the thermostat
# gave, and that tells of the timestep.

# %%
samples = [each for each in run.samples if each.time_fs > 500]
warmth = block_average([each.temperature_K for each in samples])
drift = (samples[-1].conserved_eV - samples[0].conserved_eV) / len(crystal)
print(f"{warmth.mean:.1f} ± {warmth.error:.1f} K, drift {1000 * drift:+.3f} meV for each atom")
assert abs(warmth.mean - 300) < 5 * warmth.error
assert abs(drift) < 1e-3

# %% [markdown]
# Neighbours of an atom are where they are in the crystal, and there are twelve.

# %%
trajectory = read_trajectory("copper.extxyz.gz")
around = radial_distribution(trajectory)
figure = Figure(figsize=(6, 3.5), layout="constrained")
around.plot(figure.subplots())
figure
