# %% [markdown]
# # 9. Train a potential
#
# A network of Behler and Parrinello learns copper from structures around its crystal, which a known
# potential labels. Then it is asked for what it was never shown: second derivatives. Kernels are
# those of the extra `hdnnp`. Run it with `python examples/09_train_a_potential.py`.

# %%
from ase.build import bulk
from matplotlib.figure import Figure

from nearsight.hessian import force_constants
from nearsight.models import load_model
from nearsight.relaxation import relax
from nearsight.training import FunctionSettings, NetworkSettings, StoppingSettings
from nearsight.vibrations import band_structure
from nearsight.workflows import (
    DistortionSettings,
    SynthesizeSettings,
    TrainSettings,
    synthesize,
    train,
)

truth = load_model("ase:emt")
copper = relax(bulk("Cu", cubic=True), truth).atoms
asked = SynthesizeSettings(
    count=80, supercell=(2, 1, 1), distortion=DistortionSettings(displacement_A=0.12, strain=0.02)
)
synthesize(copper, truth, asked, target="copper.extxyz")

# %% [markdown]
# Symmetry functions are chosen from the data, and a tenth of the structures is kept for tests.

# %%
settings = TrainSettings(
    functions=FunctionSettings(cutoff_A=5.0),
    network=NetworkSettings(hidden_layers=(10, 10)),
    stopping=StoppingSettings(epochs=12),
)
record = train("copper.extxyz", settings, out="potential")
print(record)

# %% [markdown]
# Its phonons beside those of the potential that it has learnt.

# %%
student = load_model("hdnnp:potential/best")
figure = Figure(figsize=(6, 4), layout="constrained")
axes = figure.subplots()
highest = {}
for name, model, color in (("EMT", truth, "C0"), ("network", student, "C1")):
    bands = band_structure(force_constants(copper, model, length_A=7.0))
    bands.plot(axes, unit="THz", color=color, label=name)
    highest[name] = bands.highest_THz
figure

# %%
print({name: round(value, 2) for name, value in highest.items()})
assert abs(highest["network"] / highest["EMT"] - 1) < 0.05
