"""A SchNet or PaiNN with random weights: two interactions, 32 features, cutoff 4 Å, in eV."""

from functools import partial
from pathlib import Path

import torch
from command import save_model

from nearsight.models.families.schnetpack.importing import (
    NeuralNetworkPotential,
    atomistic,
    representation,
    transform,
)

CUTOFF_A = 4.0
SCALES_eV = {"SchNet": 5.0, "PaiNN": 2.0}


def save(kind: str, path: Path) -> None:
    """Save what SchNetPack's training would."""
    # only after `schnetpack_import`, without which no recent PyTorch imports it
    from schnetpack.nn import CosineCutoff, GaussianRBF

    torch.manual_seed(1)
    features = getattr(representation, kind)(
        n_atom_basis=32,
        n_interactions=2,
        radial_basis=GaussianRBF(16, CUTOFF_A),
        cutoff_fn=CosineCutoff(CUTOFF_A),
    )
    scale = transform.ScaleProperty("energy", scale=torch.tensor([SCALES_eV[kind]]))
    model = NeuralNetworkPotential(
        representation=features,
        input_modules=[atomistic.PairwiseDistances()],
        output_modules=[atomistic.Atomwise(32, output_key="energy"), atomistic.Forces()],
        postprocessors=[transform.CastTo64(), scale],
    )
    torch.save(model, path)


if __name__ == "__main__":
    save_model(__doc__, {kind.lower(): partial(save, kind) for kind in SCALES_eV})
