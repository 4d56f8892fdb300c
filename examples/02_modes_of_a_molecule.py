# %% [markdown]
# # 2. A molecule with any ASE calculator
#
# Every ASE calculator is a model. It cannot be differentiated, so the rows of its Hessian are
# differences of forces, and the result says so.

# %%
from ase.build import molecule
from ase.calculators.emt import EMT

from nearsight.hessian import hessian
from nearsight.models import AseModel
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.vibrations import mode_trajectory, molecular_thermochemistry, vibrations

model = AseModel(EMT())
nitrogen = relax(molecule("N2"), model, RelaxationSettings(fmax_eV_per_A=1e-4)).atoms
H = hessian(nitrogen, model)
print(f"{H.method} with a step of {H.step_A} Å: {H.reason}")

# %% [markdown]
# A linear molecule has five rigid-body motions and, with two atoms, one vibration.

# %%
modes = vibrations(H)
print(f"{modes.n_rigid_body} rigid-body modes, vibration {modes.wavenumbers_per_cm[0]:.1f} cm⁻¹")
assert modes.n_rigid_body == 5
assert modes.n_modes == 1

# %% [markdown]
# The stretch as a trajectory of 24 frames, at the amplitude of 300 K, and the free energy of the
# ideal gas at 1 bar. The numbers are those of a toy potential: EMT was not made for molecules.

# %%
frames = mode_trajectory(modes, 0, temperature_K=300.0)
distances = [frame.get_distance(0, 1) for frame in frames]
print(f"N-N from {min(distances):.3f} to {max(distances):.3f} Å")

gas = molecular_thermochemistry(modes, temperatures_K=298.15)
print(f"{gas.point_group}, symmetry number {gas.symmetry_number}")
print(f"entropy {1000 * gas.entropy_eV_per_K[0]:.3f} meV/K")
