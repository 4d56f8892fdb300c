# %% [markdown]
# # 7. Large solids by probing
#
# The heat capacity of a solid without symmetry, from products with its Hessian: no row is computed,
# and their number does not grow with the solid. The solid here is small enough for the whole
# Hessian, which is what probing is compared with. Run it with
# `python examples/07_large_solids_by_probing.py`.

# %%
import numpy as np
from ase.build import bulk

from nearsight.hessian import HessianOperator, hessian
from nearsight.models import load_model
from nearsight.relaxation import relax
from nearsight.vibrations import probe_heat_capacity, thermodynamics, vibrations

model = load_model("ase:emt")
crystal = bulk("Cu", cubic=True) * (3, 3, 3)
crystal.symbols[[0, 17, 40, 77]] = "Au"  # nothing is symmetric any more
crystal.rattle(0.05, seed=1)
solid = relax(crystal, model).atoms

# %% [markdown]
# Equal colours are farther apart than a radius, so that one product serves all atoms of a colour. A
# few Lanczos steps with each vector integrate the heat capacity over its spectrum.

# %%
temperatures_K = [200.0, 300.0]
probed = probe_heat_capacity(HessianOperator(solid, model), temperatures_K, acoustic="exclude")
print(
    f"{probed.n_colours} colours, {probed.n_steps} steps: {probed.n_products} products "
    f"where there are {3 * len(solid)} rows, and no more of them in a larger solid"
)

# %% [markdown]
# The same by all modes. The scatter of what should be symmetric gives the standard error without
# any further product, and what radius and steps leave out is estimated apart.

# %%
exact = thermodynamics(vibrations(hessian(solid, model)), temperatures_K, acoustic="exclude")
deviation = probed.heat_capacity_eV_per_K - exact.heat_capacity_eV_per_K
for index, temperature in enumerate(temperatures_K):
    relative = deviation[index] / exact.heat_capacity_eV_per_K[index]
    error = probed.standard_error_eV_per_K[index] / exact.heat_capacity_eV_per_K[index]
    print(
        f"{temperature:.0f} K: off by {100 * relative:+.4f} %, standard error {100 * error:.4f} %"
    )
assert np.all(np.abs(deviation) < 2e-3 * exact.heat_capacity_eV_per_K)
