# %% [markdown]
# # 1. From a CIF to a heat capacity
#
# The main job in five verbs. Run it with `python examples/01_heat_capacity_of_quartz.py`.

# %%
from pathlib import Path

from nearsight.hessian import hessian
from nearsight.models import load_model
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.structures import make_supercell, read_structure
from nearsight.vibrations import thermodynamics, vibrations

quartz = read_structure(Path(__file__).parent / "structures" / "quartz.cif")
model = load_model("sevennet-0")

# %% [markdown]
# A Hessian means something at a minimum of the model it is computed with, so the positions and the
# cell are relaxed first. The result says whether that worked.

# %%
relaxation = relax(quartz, model, RelaxationSettings(fmax_eV_per_A=0.005))
print(f"converged: {relaxation.converged}, fmax {relaxation.fmax_eV_per_A:.4f} eV/Å")
assert relaxation.converged

# %% [markdown]
# The Hessian of the unit cell. `H.reason` says how it was computed and why, and two exact facts say
# how right it is: second derivatives are symmetric, and moving everything changes no force.

# %%
H = hessian(relaxation.atoms, model)
print(f"{H.method}: {H.reason}")
print(f"asymmetry {H.asymmetry_eV_per_A2:.1e}, sum rule {H.sum_rule_eV_per_A2:.1e} eV/Å²")
assert H.asymmetry_eV_per_A2 < 1e-8

# %% [markdown]
# Normal modes, with the three rigid translations projected out, and the harmonic heat capacity.

# %%
modes = vibrations(H)
thermal = thermodynamics(modes, [200.0, 300.0, 400.0])
for temperature, c in zip(thermal.temperatures_K, thermal.heat_capacity_J_per_g_K, strict=True):
    print(f"{temperature:6.0f} K  {c:.4f} J/(g K)")
assert modes.n_imaginary == 0

# %% [markdown]
# A unit cell of nine atoms samples the vibrations of the crystal badly: three of its 27 modes are
# the acoustic ones at Γ, which `exclude` leaves out. In a supercell they weigh less.

# %%
supercell = make_supercell(relaxation.atoms, (2, 1, 1))
larger = thermodynamics(vibrations(hessian(supercell, model)), [300.0])
print(f"   300 K  {larger.heat_capacity_J_per_g_K[0]:.4f} J/(g K) in a 2×1×1 supercell")
assert larger.heat_capacity_J_per_g_K[0] > thermal.heat_capacity_J_per_g_K[1]
