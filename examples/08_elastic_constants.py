# %% [markdown]
# # 8. Elastic constants
#
# From second derivatives by positions and by strain: no strained crystal is computed and nothing
# is fitted. Run it with `python examples/08_elastic_constants.py`.

# %%
import numpy as np
from ase import units
from ase.build import bulk
from matplotlib.figure import Figure

from nearsight.models import load_model
from nearsight.workflows import ElasticSettings, elastic

model = load_model("ase:emt")
record = elastic(bulk("Cu", cubic=True), model, ElasticSettings())
tensor = record.results.tensor
print(np.round(tensor.relaxed_ion_GPa, 1))

# %% [markdown]
# A cubic crystal has three constants. Of its bulk modulus all averages agree, and it is
# (C11 + 2 C12) / 3; shears are stiffer in some directions than in others.

# %%
c11, c12, c44 = tensor.relaxed_ion_GPa[[0, 0, 3], [0, 1, 3]]
moduli = tensor.moduli
print(f"C11 {c11:.1f}, C12 {c12:.1f}, C44 {c44:.1f} GPa")
print(f"bulk modulus {moduli.bulk_GPa.hill:.1f}, shear modulus {moduli.shear_GPa.hill:.1f} GPa")
print(f"anisotropy {2 * c44 / (c11 - c12):.2f}")
assert np.isclose(moduli.bulk_GPa.voigt, (c11 + 2 * c12) / 3)
assert np.isclose(moduli.bulk_GPa.voigt, moduli.bulk_GPa.reuss)

# %% [markdown]
# The bulk modulus by another way: how the pressure changes when the crystal is made smaller.

# %%
pressures = []
for scale in (0.999, 1.001):
    strained = record.atoms.copy()
    strained.set_cell(strained.cell * scale, scale_atoms=True)
    (answer,) = model.evaluate([strained], stress=True)
    pressures.append(-answer.stress_eV_per_A3[:3].mean() / units.GPa)
by_pressure = (pressures[0] - pressures[1]) / (3 * 0.002)
print(f"bulk modulus by pressures {by_pressure:.1f} GPa")
assert np.isclose(by_pressure, moduli.bulk_GPa.hill, rtol=0.01)

# %% [markdown]
# Young's modulus over directions.

# %%
figure = Figure(figsize=(4, 4), layout="constrained")
tensor.plot(figure.subplots(subplot_kw={"projection": "polar"}))
figure
