# %% [markdown]
# # 15. Learn a crystal from its fragments
#
# A teacher that cannot do crystals, or takes too long for them, labels fragments. A network learns
# these, moves the crystal, and asks where it does not know. Here the crystal is polyethylene, and
# the teacher GFN1-xTB, which is in the extra `tblite`. All is so small that it takes seconds: what
# comes of it has seen some thirty fragments, and is no potential to compute with. Run it with
# `python examples/15_learn_a_crystal_from_fragments.py`. With a file of the crystal, and the many
# rounds of the defaults, it is the command
# `nearsight learn chain.cif --teacher gfn1-xtb --radius 3 --out learnt`.

# %%
import numpy as np
from ase import Atoms
from matplotlib.figure import Figure

from nearsight.models import load_model
from nearsight.models.contract import forces_of
from nearsight.training import FunctionSettings, NetworkSettings, StoppingSettings
from nearsight.workflows import (
    ExploringSettings,
    FirstFramesSettings,
    LearnSettings,
    PickingSettings,
    Resources,
    RoundsSettings,
    learn,
)

carbon = [[0.42, 0, 0], [-0.42, 0, 1.27]]
hydrogen = [[1.05, 0.88, 0], [1.05, -0.88, 0], [-1.05, 0.88, 1.27], [-1.05, -0.88, 1.27]]
chain = Atoms("C2H4", carbon + hydrogen, cell=[5.0, 5.2, 2.54], pbc=True)

# %% [markdown]
# The radius of fragments is the cutoff of the network: energies of the atoms in the middle are then
# those of the crystal (tutorial 14). First the teacher moves each fragment for a few steps. In each
# round two networks of different size learn all labels, and the first moves the crystal, ever
# hotter. Where both disagree, or atoms are outside of what was learnt, the fragment around that
# atom is cut as it is at that moment and labelled.

# %%
settings = LearnSettings(
    functions=FunctionSettings(n_radial=4, zetas=(1.0, 4.0)),
    network=NetworkSettings(hidden_layers=(8,)),
    stopping=StoppingSettings(epochs=6),
    rounds=RoundsSettings(fragment_radius_A=3.0, second_hidden_layers=(10,), rounds=1),
    first=FirstFramesSettings(first_frames=20, first_every_fs=4.0),
    exploring=ExploringSettings(explore_ps=0.1, explore_timestep_fs=1.0, explore_every_fs=5.0),
    picking=PickingSettings(most_picked=10, apart_fs=10.0),
)
record = learn([chain], "gfn1-xtb", settings, out="learnt", resources=Resources(cores=1))
print(record)
for each in record.rounds:
    print(f"round {each.number}: {each.n_learnt} learnt, {each.n_labelled} labelled for the next")
for found in record.rounds[1].explorations[0].picked:
    print(f"  around {found.site} after {1000 * found.time_ps:.0f} fs: {found.reason}")
assert record.rounds[-1].n_learnt == sum(each.n_labelled for each in record.rounds)

# %% [markdown]
# It says when it did not come to an end: fragments were still found. The same call with more
# `rounds` goes on from the folder, and so does one that was killed. A real run has some hundred
# first frames, picoseconds, and ten rounds; [learning from
# fragments](../studies/results/learning_from_fragments.md) has such ones of MOFs.
#
# ## Beside the teacher
#
# What is in the folder is a potential like any other. GFN1-xTB can do small periodic cells, so that
# it can be asked what forces there are in four cells of the chain with displaced atoms, of which no
# label was taken: the network has seen molecules only.

# %%
crystal = chain.repeat((1, 1, 4))
crystal.rattle(0.03, seed=1)
by_student, by_teacher = (
    forces_of(load_model(name).evaluate([crystal])[0]).ravel()
    for name in (record.model.name, "gfn1-xtb")
)
figure = Figure(figsize=(4, 4), layout="constrained")
axes = figure.subplots()
axes.plot(by_teacher, by_student, "o")
axes.axline((0, 0), slope=1, color="k", linewidth=0.8)
axes.set(xlabel="force by the teacher / (eV/Å)", ylabel="force by the network / (eV/Å)")
figure

# %%
error = np.sqrt(np.mean((by_student - by_teacher) ** 2))
size = np.sqrt(np.mean(by_teacher**2))
print(f"forces of {size:.2f} eV/Å are off by {error:.2f} eV/Å, root mean squares of components")
assert error < 0.5 * size
