# %% [markdown]
# # 14. Fragments of a crystal
#
# Quantum chemistry of molecules cannot be asked about a crystal, but about fragments of it. This is
# how they are cut so that every atom of MOF-5 is in the middle of one, and how far they must reach.
# Run it with `python examples/14_fragments_of_a_crystal.py`; as a command it is
# `nearsight fragment mof5.extxyz --radius 4.359 --out fragments`.

# %%
from pathlib import Path

import numpy as np

from nearsight.models import load_model
from nearsight.models.contract import forces_of
from nearsight.structures import covering_fragments, find_groups, read_structure
from nearsight.structures.fragment_files import make_folder, read_fragment, write_fragments

mof5 = read_structure(Path(__file__).parent / "structures" / "mof5.extxyz")
groups = find_groups(mof5)
print({kind: groups.kinds.count(kind) for kind in sorted(set(groups.kinds))})

# %% [markdown]
# A fragment holds whole groups: no ring, carboxylate or metal node is broken, and the bonds that
# are cut end in hydrogen. An atom is *central* where all that is within the radius of it is in the
# fragment. Two fragments are enough for every kind of atom to be central in one of them; what is
# the same by symmetry is cut once.

# %%
fragments = covering_fragments(groups, 4.359)
for fragment in fragments:
    print(
        f"{fragment.centre}: {fragment.atoms.get_chemical_formula()}, {len(fragment.atoms)} atoms, "
        f"{fragment.n_central} central, {fragment.n_caps} caps, charge {fragment.charge}"
    )
assert len(fragments) == 2

# %% [markdown]
# Files are extended XYZ, which other programs read. The comment line has charge and multiplicity,
# and beside each atom is which one of the crystal it was.

# %%
files = write_fragments(make_folder("fragments"), "mof5.extxyz", fragments)
again = read_fragment(files[0])
print(f"{files[0]}: charge {again.charge}, multiplicity {again.multiplicity}")
kept = slice(0, again.n_kept)
assert (again.atoms.numbers[kept] == mof5.numbers[again.parents[kept]]).all()

# %% [markdown]
# ## How far is enough
#
# A potential whose atomic energies end at R tells it exactly. The force on an atom is a slope of
# the energies of its neighbours, and these feel their own neighbours: it feels twice as far. So
# with a radius of R the energies of central atoms are those of the crystal, and with 2 R their
# forces are. Here R is 2.5 Å, of a random potential of pairs, angles and embedding.


# %%
def worst_force_error(model, of_crystal, radius_A, *, central=True):
    """Return the largest error of the force on atoms of fragments, in eV/Å."""
    largest = 0.0
    for fragment in covering_fragments(groups, radius_A):
        forces = forces_of(model.evaluate([fragment.atoms])[0])[: fragment.n_kept]
        errors = forces - of_crystal[fragment.parents[: fragment.n_kept]]
        chosen = fragment.central[: fragment.n_kept] == central
        largest = max(largest, np.linalg.norm(errors[chosen], axis=1).max())
    return largest


known = load_model("synthetic:7?cutoff_A=2.5&charges=0")
of_crystal = forces_of(known.evaluate([mof5])[0])
worst = {radius_A: worst_force_error(known, of_crystal, radius_A) for radius_A in (2.0, 2.5, 5.0)}
print({f"{radius_A} Å": f"{error:.1e} eV/Å" for radius_A, error in worst.items()})
not_central = worst_force_error(known, of_crystal, 5.0, central=False)
print(f"5.0 Å, atoms that are not central: {not_central:.1f} eV/Å")
assert worst[5.0] < 1e-10
assert worst[2.5] > 1e-3
assert not_central > 1

# %% [markdown]
# Forces on atoms that are not central are those of another molecule: they are not used. Of a
# network nobody knows how far it really sees, since it may reach much farther than what matters.
# There forces of fragments are compared, as here, or second derivatives, as in
# [how far an atom sees](04_how_far_an_atom_sees.py), which also tells whether a larger fragment
# would change anything.

# %%
network = load_model("sevennet-0")
of_crystal = forces_of(network.evaluate([mof5])[0])
worst = {
    radius_A: worst_force_error(network, of_crystal, radius_A) for radius_A in (2.0, 4.359, 6.0)
}
print({f"{radius_A} Å": f"{error:.3f} eV/Å" for radius_A, error in worst.items()})
assert worst[6.0] < worst[4.359] < worst[2.0]
