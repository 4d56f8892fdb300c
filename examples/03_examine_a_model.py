# %% [markdown]
# # 3. May I trust this model?
#
# The conformance kit holds a model to what it claims: that forces are the gradient of the energy,
# that nothing changes when the structure is turned, and that its curvature is the one vibrations
# feel. What does not apply is said to, and never counted as passed.

# %%
from ase.build import bulk

from nearsight.evaluation import ExamineSettings, examine
from nearsight.evaluation.diatomics.examination import Effort
from nearsight.models import ModelSpec, load_model
from nearsight.reports.examinations import write_examination_pages
from nearsight.tables.examinations import print_outcome
from nearsight.testing import check_model

model = load_model("sevennet-0")
report = check_model(model, {"Si": bulk("Si", "diamond", a=5.469)})
print(report)
assert report.passed

# %% [markdown]
# SevenNet-0 switches its interactions off between 4.5 and 5 Å with a function whose second
# derivative jumps at 4.5 Å. In silicon at its experimental lattice constant the third shell of
# neighbours lies at 4.50 Å, and there the analytic curvature is 2 % away from what a displacement
# of 0.03 Å sees.

# %%
compressed = check_model(model, {"Si": bulk("Si", "diamond", a=5.43)})
(failure,) = compressed.failures
print(f"{failure.name}: {failure.measured:.3f} > {failure.tolerance} ({failure.detail})")

# %% [markdown]
# ## Examinations, with pages
#
# Whether a model is right is another question than whether it keeps what it claims. `nearsight
# examine MODEL... --suite quick --out examined` asks it from the side of practice: two atoms,
# phonons, a gas that keeps its energy, porous solids, speed. Each model runs in a process of its
# own, so that one which dies has that as its result. Here are two equal atoms only, of three
# elements and at few distances, by two models that take no time: EMT, whose authors had metals in
# mind, and the same Lennard-Jones potential for all elements. Neither is for these molecules.

# %%
records = examine(
    [ModelSpec("ase:emt"), ModelSpec("ase:lj")],
    "examined",
    ExamineSettings(only=("diatomics",)),
    efforts={"diatomics": Effort(n_axes=2, axes_step_A=1.0, step_A=0.1, elements=("H", "N", "O"))},
)
for record in records:
    print_outcome(record)
assert [record.failure for record in records] == [None, None]

# %% [markdown]
# Each number has bounds of its own: `+` is good, `~` fair, `x` poor. What was computed is kept, and
# the same call does not compute it again. There is a page for each model, with the figures behind
# its numbers, and one that compares them; each opens in a browser, without a network.

# %%
page = write_examination_pages("examined")
print(page)
for each in sorted(page.parent.glob("**/*.html")):
    print(each.relative_to(page.parent))
