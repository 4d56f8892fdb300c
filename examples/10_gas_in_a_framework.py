# %% [markdown]
# # 10. A gas in a framework
#
# Henry coefficient and isotherm of methane in MOF-5 by a force field. With a network it is the
# same, but takes longer: see how a force field says where to look (`propose_by`), and how it makes
# moves that the network takes or leaves (`cheap`). Run it with
# `python examples/10_gas_in_a_framework.py`.

# %%
from pathlib import Path

from nearsight.models import load_model
from nearsight.structures import read_structure
from nearsight.workflows import (
    ExchangeSettings,
    InsertionSettings,
    IsothermSettings,
    WidomSettings,
    isotherm,
    widom,
)

mof5 = read_structure(Path(__file__).parent / "structures" / "mof5.extxyz")
field = load_model("forcefield:trappe+uff?coulomb=no")
insertion = InsertionSettings(gas="CH4", temperatures_K=(298.0,), insertions=1000)
record = widom(mof5, field, WidomSettings(insertion=insertion))
print(record)

# %% [markdown]
# The certificate says what speaks for the number and what against it. Then the framework exchanges
# molecules with the gas outside, at several pressures side by side.

# %%
exchange = ExchangeSettings(
    pressures_bar=(1.0, 35.0),
    chains=2,
    equilibration_blocks=6,
    production_blocks=15,
    samples=20,
)
record = isotherm(mof5, field, IsothermSettings(insertion=insertion, exchange=exchange))
print(record)
for loading in record.isotherm:
    low, high = loading.loading_interval_mol_per_kg
    print(f"{loading.pressure_Pa / 1e5:5.1f} bar  {low:.3f} to {high:.3f} mol/kg")
