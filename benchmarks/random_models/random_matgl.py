"""A potential of MatGL with random weights, which is a folder: M3GNet or TensorNet.

Both have two blocks, 16 wide, and a cutoff of 4 Å; M3GNet sees angles up to 3 Å.
"""

from functools import partial
from pathlib import Path

import matgl.models
import torch
from command import ELEMENTS, save_model
from matgl.apps.pes import Potential

OWN = {
    "M3GNet": {"threebody_cutoff": 3.0, "dim_node_embedding": 16, "dim_edge_embedding": 16},
    "TensorNet": {"rbf_type": "SphericalBessel"},
}
SCALES_eV = {"M3GNet": 3000.0, "TensorNet": 200.0}


def save(kind: str, path: Path) -> None:
    """Save a potential in single precision."""
    torch.manual_seed(1)
    common = {"element_types": ELEMENTS, "cutoff": 4.0, "is_intensive": False, "use_smooth": True}
    network = getattr(matgl.models, kind)(nblocks=2, units=16, **common, **OWN[kind])
    references = [0.0] * len(ELEMENTS)
    Potential(network, data_std=SCALES_eV[kind], element_refs=references).save(path)


if __name__ == "__main__":
    save_model(__doc__, {kind.lower(): partial(save, kind) for kind in OWN})
