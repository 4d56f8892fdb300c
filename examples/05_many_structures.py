# %% [markdown]
# # 5. Many structures
#
# A loop over structures, whose records are in a file as soon as they are there. One structure that
# fails costs no other one, and what is finished is not computed again. Run it twice with
# `python examples/05_many_structures.py`.

# %%
from pathlib import Path

from ase.build import bulk

from nearsight.errors import NearsightError
from nearsight.models import load_model
from nearsight.records import FailureRecord, JsonLines, read
from nearsight.workflows import RelaxSettings, keep_unfinished, relax

folder = Path("cells")
folder.mkdir(exist_ok=True)
for element in ("Al", "Ni", "Cu", "Pd"):
    bulk(element, cubic=True).write(folder / f"{element}.cif")
(folder / "broken.cif").write_text("data_broken\n", encoding="utf-8")

# %% [markdown]
# Each record is appended to a file of JSON Lines, also that of a structure that gave no result. A
# process that is killed loses the line that it was just writing, and no more. `lines.structures`
# says whose records were there before, and `keep_unfinished` gives the structure at which an
# interrupted run stopped its steps back.

# %%
model = load_model("ase:emt")
with (
    JsonLines("metals.jsonl", append=True) as lines,
    keep_unfinished(".nearsight") as unfinished,
):
    for path in sorted(folder.glob("*.cif")):
        if str(path) in lines.structures:
            continue
        try:
            lines.add(relax(path, model, RelaxSettings(), unfinished=unfinished))
        except NearsightError as error:
            lines.add(FailureRecord.from_error(str(path), error))

# %% [markdown]
# Records are read back with all that they had: numbers, structures, settings and versions.

# %%
records = read("metals.jsonl")
failed = [record for record in records if isinstance(record, FailureRecord)]
for record in records:
    print(record)
    if record not in failed:
        assert (
            record.relaxation.fmax_eV_per_A < record.provenance.asked["relaxation"]["fmax_eV_per_A"]
        )
print(f"{len(failed)} of {len(records)} failed: {failed[0].error.message}")
assert len(records) == 5
assert [record.structure for record in failed] == [str(folder / "broken.cif")]

# %% [markdown]
# The structures that records hold are those of ASE, with energy and forces.

# %%
for record in records:
    if record not in failed:
        volume_A3 = record.atoms.get_volume() / len(record.atoms)
        energy_eV = record.atoms.get_potential_energy() / len(record.atoms)
        print(f"{record.formula:4s} {volume_A3:7.3f} Å³, {energy_eV:8.5f} eV per atom")
