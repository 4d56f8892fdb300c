# %% [markdown]
# # 6. Phonons
#
# Bands, density of states and heat capacity of one set of force constants, with a potential that
# takes no time: ASE's EMT, whose second derivatives are differences of its forces. With a network
# nothing changes but the name of the model. Run it with `python examples/06_phonons_of_copper.py`.

# %%
import numpy as np
from ase.build import bulk
from matplotlib.figure import Figure

from nearsight.hessian import force_constants
from nearsight.models import load_model
from nearsight.relaxation import relax
from nearsight.vibrations import (
    band_structure,
    mesh_density_of_states,
    phonon_mesh,
    thermodynamics,
)

model = load_model("ase:emt")
copper = relax(bulk("Cu"), model).atoms
constants = force_constants(copper, model, length_A=12.0)
print(f"{constants.rows_needed} rows of {3 * len(constants.supercell)} are needed")
print(f"at the boundary of the supercell: {constants.boundary_eV_per_A2:.1e} eV/Å²")
assert constants.rows_needed == 3

# %% [markdown]
# Of one atom three rows are needed: all others follow by translation. A model that is known to keep
# rotations needs one here, since x, y and z are the same in a cubic crystal; of a calculator of ASE
# nothing is known.
#
# Nothing much is left of the force constants at the boundary of the supercell, so that waves of any
# length may be interpolated. The path is the one that seekpath suggests.

# %%
bands = band_structure(constants)
phonons = phonon_mesh(constants)
states = mesh_density_of_states(phonons)
figure = Figure(figsize=(9, 4), layout="constrained")
left, right = figure.subplots(1, 2)
bands.plot(left, unit="THz")
states.plot(right, unit="THz")
figure

# %% [markdown]
# An atom has three modes, whatever their frequencies: that is the area below the density. The
# highest frequency that was measured in copper is 7.3 THz (E. C. Svensson, B. N. Brockhouse, J. M.
# Rowe, Phys. Rev. 1967, 155, 619); that of EMT is a ninth higher.

# %%
area = np.trapezoid(states.states_per_THz, states.frequencies_THz)
print(f"{area:.3f} modes, up to {bands.highest_THz:.2f} THz")
assert abs(area - 3) < 1e-3
assert bands.lowest_THz > -0.05

# %% [markdown]
# The heat capacity tends to 3 k_B for each atom, and at low temperatures to the cube of the
# temperature, which a mesh can only follow down to where its own lowest frequency is.

# %%
heat = thermodynamics(phonons, [25.0, 50.0, 100.0, 300.0, 1000.0])
for temperature, per_atom in zip(
    heat.temperatures_K, heat.heat_capacity_J_per_molatom_K, strict=True
):
    print(f"{temperature:6.0f} K  {per_atom:7.3f} J/(mol K)")
assert 24.5 < heat.heat_capacity_J_per_molatom_K[-1] < 3 * 8.3145
