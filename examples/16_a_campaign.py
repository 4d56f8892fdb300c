# %% [markdown]
# # 16. A campaign
#
# Many structures, unattended: they are screened, the run is killed, goes on, and its answers are
# taken out. Here it is the heat capacity of five metals by a potential that takes no time, and the
# same four commands serve for thousands of structures and a network. Run it with
# `python examples/16_a_campaign.py`.

# %%
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ase.db
from ase.build import bulk

from nearsight.campaigns import CampaignFile, read_profile, rows_of, status_of

folder = Path("metals")
folder.mkdir(exist_ok=True)
for element in ("Ag", "Al", "Au", "Cu", "Pd"):
    bulk(element, cubic=True).write(folder / f"{element}.cif")
(folder / "broken.cif").write_text("data_broken\n", encoding="utf-8")


def command(*arguments):
    """Show a command, and return how it is started from here."""
    print("$ nearsight", *arguments)
    return [sys.executable, "-m", "nearsight", *arguments]


# %% [markdown]
# `nearsight screen` reads all structures, and works with processes of its own. It is killed, with
# the processes, as soon as the first answer is in the store.

# %%
screen = command(
    *("screen", "metals", "--workflow", "heat-capacity", "--model", "ase:emt"),
    *("--workers", "1", "--out", "run.db"),
)
process = subprocess.Popen(screen, start_new_session=True, stderr=subprocess.DEVNULL)
store = Path("run.db")
while process.poll() is None:
    if store.exists() and any(tally.done for tally in status_of(CampaignFile(store)).tallies):
        os.killpg(process.pid, signal.SIGKILL)
        break
    time.sleep(0.05)
process.wait()
before = {row["structure"]: row["ended"] for row in rows_of(CampaignFile(store)) if row["ended"]}
print("done before it was killed:", *before)
assert before

# %% [markdown]
# ## It goes on
#
# An answer is one transaction of the store, so that it is there or not, and never half. `resume`
# computes what is left. Its exit status is 1, since a structure could not be read; that costs no
# other one.

# %%
resume = command("campaign", "resume", "run.db", "-q")
done = subprocess.run(resume, capture_output=True, text=True, check=False)
print(done.stdout)
status = status_of(CampaignFile(store))
assert status.is_complete
assert (done.returncode, status.n_failed) == (1, 1)

# %% [markdown]
# What was done before was not computed again: these answers ended when they did.

# %%
rows = list(rows_of(CampaignFile(store)))
for row in rows:
    answer = row["message"] or f"{row['c_v_J_per_molatom_K']:.2f} J/(mol K) at 300 K"
    print(f"{row['structure']:17s} {row['state']:6s} {answer}")
    assert before.get(row["structure"], row["ended"]) == row["ended"]
assert sum(row["state"] == "done" for row in rows) == 5

# %% [markdown]
# ## What comes out
#
# A table of all numbers, and a page that opens anywhere. The store is a database of ASE as well,
# with the relaxed structures: `ase db run.db` lists it, and `ase gui run.db` shows it.

# %%
for arguments in (
    ("export", "run.db", "--csv", "run.csv"),
    ("report", "run.db", "--output", "run.html"),
):
    exported = command("campaign", *arguments)
    print(subprocess.run(exported, capture_output=True, text=True, check=True).stdout)
for row in ase.db.connect("run.db").select("c_v_J_per_molatom_K>24.2"):
    volume_A3 = row.volume / row.natoms
    print(f"{row.formula}: {volume_A3:.2f} Å³ an atom, {row.n_imaginary} imaginary modes")

# %% [markdown]
# ## On a cluster
#
# A file says what workers there are, and `--cluster profile.toml` of `screen` and of `campaign
# resume` starts them. Each is a job of Slurm that ends before its wall time and is followed by
# another one. What this one asks for is read here, and not started.

# %%
Path("profile.toml").write_text(
    """\
[slurm]
workers = 40
cores = 4
memory_GiB = 16
wall_time_h = 12
queue = "standard"
prologue = ["module load python", "source ~/nearsight/bin/activate"]
""",
    encoding="utf-8",
)
profile = read_profile(Path("profile.toml"))
print(profile)
print(f"a worker ends by itself after {profile.lifetime_h:.2f} of {profile.wall_time_h:.0f} hours")
assert profile.lifetime_h < profile.wall_time_h
