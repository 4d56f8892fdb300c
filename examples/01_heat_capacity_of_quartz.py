# %% [markdown]
# # 1. From a CIF to a heat capacity
#
# The main job in one verb. Run it with `python examples/01_heat_capacity_of_quartz.py`.

# %%
from pathlib import Path

import numpy as np

from nearsight.models import load_model
from nearsight.vibrations import phonon_mesh, thermodynamics
from nearsight.workflows import HeatCapacitySettings, ThermodynamicSettings, heat_capacity

quartz = Path(__file__).parent / "structures" / "quartz.cif"
model = load_model("sevennet-0")  # once, for everything; a name would be loaded by each verb
temperatures = ThermodynamicSettings(temperatures_K=(200.0, 300.0, 400.0))
record = heat_capacity(quartz, model, HeatCapacitySettings(thermodynamics=temperatures))
print(record)
for row in record.heat_capacity:
    print(f"{row.temperature_K:6.0f} K  {row.J_per_g_K:.4f} J/(g K)")

# %% [markdown]
# A heat capacity means something at a minimum of the model it is computed with, so the positions
# and the cell were relaxed first. The record says whether that worked, how much moved, and what
# must be known before the numbers are used.

# %%
change = 100 * record.relaxation.volume_change
print(f"converged: {record.relaxation.converged}, volume {change:+.2f} %")
for warning in record.warnings:
    print(f"{warning.severity}: {warning}")
assert record.relaxation.converged

# %% [markdown]
# What the numbers were computed from is in `record.results`: here the force constants of a
# supercell, and the phonons of the infinite crystal. Two exact facts say how right the former are:
# second derivatives are symmetric, and moving everything changes no force.

# %%
results = record.results
print(results.force_constants.reason)
print(f"asymmetry {results.hessian.asymmetry_eV_per_A2:.1e} eV/Å²")
print(f"sum rule {results.hessian.sum_rule_eV_per_A2:.1e} eV/Å²")
assert results.hessian.asymmetry_eV_per_A2 < 1e-7
assert results.hessian.sum_rule_eV_per_A2 < 1e-10

# %% [markdown]
# The verb has chosen how: of a molecule it would have taken the normal modes at Γ, of a large solid
# without symmetry products with its Hessian. `spectrum` says which it was, and why. The steps one
# by one are verbs too, for those who want something else in between: `relaxation = relax(...)`,
# `force_constants(relaxation.atoms, model)`, and what follows from those.

# %%
print(f"{record.spectrum.method}: {record.spectrum.reason}")
by_steps = thermodynamics(phonon_mesh(results.force_constants), [200.0, 300.0, 400.0])
by_verb = [row.J_per_g_K for row in record.heat_capacity]
np.testing.assert_allclose(by_steps.heat_capacity_J_per_g_K, by_verb, rtol=1e-9)
