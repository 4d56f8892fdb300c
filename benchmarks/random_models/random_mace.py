"""A MACE with random weights.

`mp-0-medium` has the shape of MACE-MP-0 medium (Batatia et al., arXiv 2401.00096): 128x0e + 128x1o,
cutoff 6 Å, two layers, correlation 3; `small` has 16x0e + 16x1o and 4 Å. Their forces are of the
size of 0.05 eV/Å. `stiff` is `small` with an energy that is 30 times as large.
"""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from command import NUMBERS, save_model

from nearsight.models.families.mace.importing import ScaleShiftMACE

KINDS = {
    "mp-0-medium": ("128x0e + 128x1o", 6.0, 10, 1.0),
    "small": ("16x0e + 16x1o", 4.0, 8, 1.0),
    "stiff": ("16x0e + 16x1o", 4.0, 8, 30.0),
}


def save(kind: str, path: Path) -> None:
    """Save a MACE in double precision."""
    # only after `mace_import`, which makes e3nn 0.4 importable
    from e3nn import o3
    from mace.modules import gate_dict, interaction_classes

    hidden, cutoff_A, n_bessel, scale_eV = KINDS[kind]
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float64)
    model = ScaleShiftMACE(
        r_max=cutoff_A,
        num_bessel=n_bessel,
        num_polynomial_cutoff=5,
        max_ell=3,
        interaction_cls=interaction_classes["RealAgnosticResidualInteractionBlock"],
        interaction_cls_first=interaction_classes["RealAgnosticResidualInteractionBlock"],
        num_interactions=2,
        num_elements=len(NUMBERS),
        hidden_irreps=o3.Irreps(hidden),
        MLP_irreps=o3.Irreps("16x0e"),
        gate=gate_dict["silu"],
        atomic_energies=np.zeros(len(NUMBERS)),
        avg_num_neighbors=30.0,
        atomic_numbers=list(NUMBERS),
        correlation=3,
        radial_type="bessel",
        atomic_inter_scale=scale_eV,
        atomic_inter_shift=0.0,
    )
    torch.save(model, path)


if __name__ == "__main__":
    save_model(__doc__, {kind: partial(save, kind) for kind in KINDS})
