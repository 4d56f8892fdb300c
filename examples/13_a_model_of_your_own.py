# %% [markdown]
# # 13. A model of your own
#
# The energy of positions and strain in PyTorch is all that a model has to bring: pairs, forces,
# stresses, batches, rows and products follow. Here it is argon. Run it with
# `python examples/13_a_model_of_your_own.py`.

# %%
import torch
from ase.build import bulk

from nearsight.models.contract import Capabilities, ModelIdentity
from nearsight.models.engines.torch_model import TorchModel
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.testing import check_model
from nearsight.workflows import HeatCapacitySettings, RelaxationSettings, heat_capacity

CUTOFF_A = 8.0
DEPTH_EV, DIAMETER_A = 0.0104, 3.40


class Argon:
    """Pairs of Lennard-Jones, brought to zero at the cutoff with all derivatives."""

    cutoff_A = CUTOFF_A
    identity = ModelIdentity("argon", "examples", None, "float64", "cpu")
    capabilities = Capabilities(
        cutoff_A=CUTOFF_A,
        receptive_field_A=CUTOFF_A,
        elements=frozenset({18}),
        conservative=True,
        equivariant=True,
        mirror_equivariant=True,
        atomic_energies=True,
        size_consistent=True,
        differentiable=True,
        curvature_smooth=True,
    )

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph: pairs are all that is needed."""
        return graph

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return the energies of atoms in eV: half of those of their pairs."""
        squares = graph.edge_vectors(positions, strain).square().sum(-1)
        sixth = (DIAMETER_A**2 / squares) ** 3
        switch = torch.exp(1 - 1 / (1 - squares / CUTOFF_A**2))
        of_pairs = 4 * DEPTH_EV * (sixth**2 - sixth) * switch
        return positions.new_zeros(len(positions)).index_add(0, graph.senders, of_pairs / 2)


model = TorchModel(Argon())

# %% [markdown]
# The conformance kit asks whether it keeps what it claims: that forces are slopes, rows those of
# the forces, energies the same for turned and mirrored structures, and extensive.

# %%
crystal = bulk("Ar", "fcc", a=5.3, cubic=True)
crystal.rattle(0.05, seed=1)
report = check_model(model, {"argon": crystal})
print(report)
assert report.passed

# %% [markdown]
# From here on it is a model like any other. A family of models is a package with an entry point
# (`ARCHITECTURE.md`, “Adding a model”), and has a name on the command line then.

# %%
tight = RelaxationSettings(fmax_eV_per_A=1e-4)
record = heat_capacity(bulk("Ar", "fcc", a=5.3), model, HeatCapacitySettings(relaxation=tight))
print(record)
print(f"{record.hessian.method}: {record.hessian.reason}")
assert record.hessian.method == "rows"
