# %% [markdown]
# # 3. May I trust this model?
#
# The conformance kit holds a model to what it claims: that forces are the gradient of the energy,
# that nothing changes when the structure is turned, and that its curvature is the one vibrations
# feel. What does not apply is said to, and never counted as passed.

# %%
from ase.build import bulk

from nearsight.models import load_model
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
