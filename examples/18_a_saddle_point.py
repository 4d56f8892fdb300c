# %% [markdown]
# # 18. A saddle point by exact Hessians
#
# The inversion of ammonia with SevenNet-0. At each step the whole Hessian is exact, and the step is
# Newton's, but uphill along the lowest mode: eigenvector following (Cerjan and Miller, J. Chem.
# Phys. 1981, 75, 2800, doi 10.1063/1.442352). Beside it is ASE's dimer, which looks for the lowest
# mode by differences of forces. Run it with `python examples/18_a_saddle_point.py`.

# %%
import os

import numpy as np
from ase import Atoms
from ase.build import molecule
from ase.mep.dimer import DimerControl, MinModeAtoms, MinModeTranslate

from nearsight.hessian import hessian
from nearsight.models import load_model
from nearsight.models.calculator import ModelCalculator
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.vibrations import vibrations

FMAX_EV_PER_A, LARGEST_STEP_A = 0.01, 0.2

model = load_model("sevennet-0")
minimum = relax(molecule("NH3"), model, RelaxationSettings(fmax_eV_per_A=1e-3)).atoms

# %% [markdown]
# Half of the way from there to the plane, and a little off, is where both begin.

# %%
start = minimum.copy()
hydrogen = start.positions[1:]
normal = np.cross(hydrogen[1] - hydrogen[0], hydrogen[2] - hydrogen[0])
normal /= np.linalg.norm(normal)
height_A = (start.positions[0] - hydrogen.mean(axis=0)) @ normal
start.positions[0] -= 0.5 * height_A * normal
start.rattle(0.02, seed=1)


def energy_eV(atoms: Atoms) -> float:
    """Return the energy of a structure."""
    return model.evaluate([atoms], forces=False)[0].energy_eV


# %% [markdown]
# In mass-weighted coordinates rigid-body motions are out of the way, and each mode has its own step
# -g/|λ|, of which the first goes the other way.

# %%
atoms, n_rows, n_force_calls = start.copy(), 0, 0
weights = np.sqrt(atoms.get_masses())[:, np.newaxis]
for _ in range(12):
    [evaluation] = model.evaluate([atoms])
    forces, n_force_calls = evaluation.forces_eV_per_A, n_force_calls + 1
    if np.linalg.norm(forces, axis=1).max() < FMAX_EV_PER_A:
        break
    second = hessian(atoms, model)
    n_rows += second.rows_computed
    modes = vibrations(second)
    along = (modes.modes * (forces / weights)).sum(axis=(1, 2))
    steps = along / np.abs(modes.eigenvalues_eV_per_A2_amu)
    steps[0] *= -1
    displacement = np.tensordot(steps, modes.modes, 1) / weights
    longest = np.linalg.norm(displacement, axis=1).max()
    atoms.positions += displacement * min(1.0, LARGEST_STEP_A / longest)
    print(f"{modes.wavenumbers_per_cm[0]:8.0f} cm⁻¹ along the lowest mode, {longest:.3f} Å to go")
else:
    raise RuntimeError("there is no saddle within twelve steps")

barrier_eV = energy_eV(atoms) - energy_eV(minimum)
modes = vibrations(hessian(atoms, model))
print(f"barrier {barrier_eV:.4f} eV, {modes.wavenumbers_per_cm[0]:.0f} cm⁻¹ across it")
print(f"{n_force_calls} force calls and {n_rows} rows")
assert modes.n_imaginary == 1

# %% [markdown]
# ASE's dimer comes to the same saddle.

# %%
dimer = start.copy()
dimer.calc = ModelCalculator(model)
with open(os.devnull, "w") as nowhere:
    every_atom = [True] * len(dimer)
    control = DimerControl(
        initial_eigenmode_method="gauss",
        mask=every_atom,
        logfile=nowhere,
        eigenmode_logfile=nowhere,
    )
    search = MinModeTranslate(MinModeAtoms(dimer, control, random_seed=2), logfile=nowhere)
    assert search.run(fmax=FMAX_EV_PER_A, steps=200)
print(f"the dimer: {control.get_counter('forcecalls')} force calls")
print(f"barrier {energy_eV(dimer) - energy_eV(minimum):.4f} eV")
assert abs(energy_eV(dimer) - energy_eV(atoms)) < 1e-3
