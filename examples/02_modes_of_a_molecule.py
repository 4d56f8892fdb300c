# %% [markdown]
# # 2. A molecule with any ASE calculator
#
# Every ASE calculator is a model. It cannot be differentiated, so the rows of its Hessian are
# differences of forces, and the record says so.

# %%
from ase.build import molecule
from ase.calculators.emt import EMT

from nearsight.models import AseModel
from nearsight.vibrations import mode_trajectory
from nearsight.workflows import (
    RelaxationSettings,
    ThermochemistrySettings,
    VibrationsSettings,
    thermochemistry,
    vibrations,
)

model = AseModel(EMT())
tight = RelaxationSettings(fmax_eV_per_A=1e-4)
record = vibrations(molecule("N2"), model, VibrationsSettings(relaxation=tight))
print(record)
print(f"{record.hessian.method}: {record.hessian.reason}")

# %% [markdown]
# A linear molecule has five rigid-body motions and, with two atoms, one vibration.

# %%
modes = record.results.vibrations
print(f"{modes.n_rigid_body} rigid-body modes, vibration {modes.wavenumbers_per_cm[0]:.1f} cm⁻¹")
assert modes.n_rigid_body == 5
assert modes.n_modes == 1

# %% [markdown]
# The stretch as a trajectory of 24 frames, at the amplitude of 300 K.

# %%
frames = mode_trajectory(modes, 0, temperature_K=300.0)
distances = [frame.get_distance(0, 1) for frame in frames]
print(f"N-N from {min(distances):.3f} to {max(distances):.3f} Å")

# %% [markdown]
# Another question, another verb: the ideal gas at 1 bar. The numbers are those of a toy potential:
# EMT was not made for molecules.

# %%
record = thermochemistry(molecule("N2"), model, ThermochemistrySettings(relaxation=tight))
gas = record.ideal_gas
print(f"{gas.point_group}, symmetry number {gas.symmetry_number}")
print(f"entropy {gas.functions[0].entropy_J_per_mol_K:.2f} J/(mol K)")
assert gas.symmetry_number == 2
