"""What a step of dynamics takes beside its forces, against ASE alone.

    python benchmarks/dynamics.py [--steps 100] [--repeats 7]

About 1,000 atoms of a Lennard-Jones liquid, velocity Verlet, one thread, three ways in turn: ASE's
loop with a calculator that searches for pairs at each step; ASE's loop with `SkinPairs`; and
`run_dynamics`, which watches temperatures and can go on, with `SkinPairs`. All have the same
energies at the end to rounding, which is checked. Medians for a step and their ratios are printed.
"""

import argparse
import platform
from statistics import median
from time import perf_counter

import numpy as np
import torch
from ase import Atoms, units
from ase.build import bulk
from ase.md.verlet import VelocityVerlet

from nearsight.dynamics import DynamicsSettings, OutputSettings, run_dynamics
from nearsight.models.calculator import ModelCalculator
from nearsight.models.contract import Capabilities
from nearsight.models.engines.torch_model import TorchModel
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.provenance import ModelIdentity
from nearsight.structures.skin_pairs import SkinPairs

TIMESTEP_fs = 2.0
SIGMA_A, DEPTH_eV, CUTOFF_A = 3.4, 0.0104, 8.0  # argon


class LennardJones:
    """Argon, as cheap as a model of PyTorch can be."""

    cutoff_A = CUTOFF_A
    identity = ModelIdentity("lj", "benchmark", None, "float64", "cpu")
    capabilities = Capabilities(
        cutoff_A=CUTOFF_A,
        receptive_field_A=CUTOFF_A,
        elements=frozenset({18}),
        conservative=True,
        equivariant=True,
        atomic_energies=True,
        size_consistent=True,
        differentiable=True,
        curvature_smooth=False,
    )

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph of pairs as it is."""
        return graph

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return the energy of each atom in eV."""
        sixth = (SIGMA_A**2 / graph.edge_vectors(positions, strain).square().sum(-1)) ** 3
        of_pairs = 4 * DEPTH_eV * (sixth**2 - sixth)
        return positions.new_zeros(len(positions)).index_add(0, graph.senders, of_pairs / 2)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    liquid = bulk("Ar", "fcc", a=5.6, cubic=True) * (6, 6, 7)
    liquid.set_momenta(np.random.default_rng(0).standard_normal((len(liquid), 3)) * 0.6)
    model = TorchModel(LennardJones())
    ways = {
        "ASE, searching anew": lambda: with_ase(liquid, ModelCalculator(model), arguments.steps),
        "ASE, SkinPairs": lambda: with_ase(
            liquid, ModelCalculator(model, pairs=SkinPairs(CUTOFF_A, 1.0).of), arguments.steps
        ),
        "run_dynamics": lambda: with_nearsight(liquid, model, arguments.steps),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    energies = {}
    for _ in range(arguments.repeats):
        for name, way in ways.items():
            start = perf_counter()
            energies[name] = way()
            seconds[name].append(perf_counter() - start)
    assert np.ptp(list(energies.values())) < 1e-9 * len(liquid)
    anew = median(seconds["ASE, searching anew"])
    skin = median(seconds["ASE, SkinPairs"])
    print(f"{len(liquid)} atoms, {arguments.steps} steps, {platform.processor() or 'CPU'}")
    for name, taken in seconds.items():
        step = 1000 * median(taken) / arguments.steps
        print(
            f"{name:<20} {step:6.2f} ms a step   {median(taken) / anew:.2f} of searching anew   "
            f"{median(taken) / skin:.2f} of ASE with SkinPairs"
        )


def with_ase(start: Atoms, calculator: ModelCalculator, n_steps: int) -> float:
    """Return the potential energy in eV after some steps of ASE's own loop."""
    atoms = start.copy()
    atoms.calc = calculator
    VelocityVerlet(atoms, TIMESTEP_fs * units.fs).run(n_steps)
    return float(atoms.get_potential_energy())


def with_nearsight(start: Atoms, model: TorchModel, n_steps: int) -> float:
    """Return the same by `run_dynamics`."""
    settings = DynamicsSettings(
        ensemble="nve", time_ps=n_steps * TIMESTEP_fs / 1000, timestep_fs=TIMESTEP_fs
    )
    output = OutputSettings(every_fs=n_steps * TIMESTEP_fs)
    run = run_dynamics(start, model, settings, output, progress=False)
    return run.samples[-1].potential_energy_eV


if __name__ == "__main__":
    main()
