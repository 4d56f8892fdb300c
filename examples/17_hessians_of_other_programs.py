# %% [markdown]
# # 17. Hessians of other programs
#
# ORCA, Gaussian, ASE, FHI-aims and phonopy have computed second derivatives, too. Their files stand
# for structures wherever a Hessian counts, and all that follows is the same. Run it with
# `python examples/17_hessians_of_other_programs.py`; as commands it is `nearsight vibrations FILE`,
# `nearsight thermochemistry FILE` and so on.

# %%
from pathlib import Path

import numpy as np

from nearsight.hessian import read_hessian, read_phonopy
from nearsight.vibrations import band_structure, vibrations
from nearsight.workflows import (
    IdealGasSettings,
    ThermochemistrySettings,
    heat_capacity,
    thermochemistry,
)

data = Path(__file__).parents[1] / "tests" / "data"
gaussian = data / "molecular_hessians" / "hydrogen_peroxide.log"
orca = data / "molecular_hessians" / "ch3clf_transition_state.hess"

# %% [markdown]
# What a file is, is seen by what is in it, not by its name. Frequencies are computed anew from the
# Hessian, by the masses in the file, and are those that Gaussian printed.

# %%
hessian = read_hessian(gaussian)
print(hessian)
modes = vibrations(hessian)
printed = [390.3330, 1020.0654, 1354.0782, 1476.4126, 3834.7061, 3835.3267]
for ours, theirs in zip(modes.wavenumbers_per_cm, printed, strict=True):
    print(f"{ours:9.3f} cm⁻¹, printed by Gaussian: {theirs:9.3f}")
np.testing.assert_allclose(modes.wavenumbers_per_cm, printed, atol=2e-3)

# %% [markdown]
# The ideal gas of these molecules. The record says whose Hessian it was.

# %%
record = thermochemistry(gaussian)
gas = record.ideal_gas
at = gas.functions[0]
print(f"{record.formula} by {record.model.family}, point group {gas.point_group}")
print(
    f"S {at.entropy_J_per_mol_K:.2f} J/(mol K) at {at.temperature_K} K and {gas.pressure_bar} bar"
)

# %% [markdown]
# ## A transition state
#
# One mode of [F···CH₃···Cl]⁻ leads downhill on both sides. It contributes nothing, which is said.
# The file of ORCA does not know the charge of the complex, so that it is given; without, an odd
# number of electrons would be refused. The zero-point energy beside that which ORCA printed:

# %%
settings = ThermochemistrySettings(gas=IdealGasSettings(charge=-1, ignore_imaginary=True))
record = thermochemistry(orca, settings=settings)
for warning in record.warnings:
    print(f"{warning.severity}: {warning}")
ours, theirs = record.ideal_gas.zero_point_energy_eV, 0.0356123 * 27.211386245981
print(f"zero-point energy {ours:.5f} eV, printed by ORCA: {theirs:.5f} eV")
assert abs(ours / theirs - 1) < 1e-4

# %% [markdown]
# ## Force constants of a crystal
#
# Phonopy's files have force constants, or the forces that they follow from, in the units of the
# program that computed them. Here it is copper twice, in Rydberg and bohr (Quantum ESPRESSO) and in
# eV and Å (VASP): the same crystal, and the same phonons.

# %%
heats = []
for name in ("copper_qe_units.yaml", "copper_vasp_units.yaml"):
    bands = band_structure(read_phonopy(data / "phonopy" / name))
    record = heat_capacity(data / "phonopy" / name)
    heats.append(record.heat_capacity[0].J_per_molatom_K)
    print(f"{name}: up to {bands.highest_THz:.3f} THz, {heats[-1]:.4f} J/(mol K) at 300 K")
np.testing.assert_allclose(heats[0], heats[1], rtol=1e-5)
