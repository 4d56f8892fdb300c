# %% [markdown]
# # 4. How far an atom sees
#
# How large must a fragment of MOF-5 be, for the force on one of its oxygen atoms to be that of the
# crystal? Run it with `python examples/04_how_far_an_atom_sees.py`.

# %%
from pathlib import Path

from nearsight.locality import converge_site
from nearsight.models import load_model
from nearsight.structures import read_structure
from nearsight.structures.fragments import cut_fragment
from nearsight.structures.groups import find_groups

mof5 = read_structure(Path(__file__).parent / "structures" / "mof5.extxyz")

# %% [markdown]
# A fragment keeps or leaves out whole groups: metal nodes, carboxylates, rings. No bond inside one
# of them is ever cut.

# %%
groups = find_groups(mof5)
for kind in sorted(set(groups.kinds)):
    print(f"{groups.kinds.count(kind)} of the kind {kind}")
assert len(groups) == 20

# %% [markdown]
# The node of four zinc atoms, with its carboxylates capped by hydrogen, and the ring that the site
# belongs to: everything within 4.4 Å of a ring carbon.

# %%
carbon = 46
fragment = cut_fragment(groups, carbon, radius_A=4.4)
print(f"{fragment.atoms.get_chemical_formula()}: {fragment.n_caps} caps, charge {fragment.charge}")
print(f"{fragment.n_central} atoms have all in it that is within 4.4 Å of them")
assert len(fragment.atoms) == 42

# %% [markdown]
# Fragments around a carboxylate oxygen, from a reference of 6.5 Å down to the smallest. What the
# force on it loses is ‖Δf‖. ‖G'‖, a norm of what the groups that are left out have to do with the
# site, tells it from second derivatives alone: the smallest fragment with no more than 0.35 eV/Å²
# is taken as enough. Only the three rows of this atom are computed in each fragment. The warning
# says that the reference could be larger still; what it means is on the page about locality.

# %%
model = load_model("sevennet-0")
site = converge_site(groups, 10, model, reference_radius_A=6.5)
for shell in site.shells[1:]:
    print(
        f"{len(shell.fragment.atoms):3d} atoms, {shell.radius_A:.2f} Å: "
        f"‖G'‖ {shell.group_norm_eV_per_A2:6.3f} eV/Å², ‖Δf‖ {shell.force_error_eV_per_A:.4f} eV/Å"
    )
print(f"{site.r_frag_A:.2f} Å are enough for {site.element}{site.site}")
assert site.shells[-1].group_norm_eV_per_A2 > site.shells[1].group_norm_eV_per_A2
