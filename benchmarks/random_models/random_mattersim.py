"""A MatterSim with random weights.

`small` has two blocks, 8 wide, and cutoffs of 4 and 3 Å; `1m` has the shape of MatterSim v1 1M
(Yang et al., arXiv 2405.04967): three blocks, 128 wide, 5 and 4 Å.
"""

from functools import partial
from pathlib import Path

import torch
from command import NUMBERS, save_model

from nearsight.models.families.mattersim.load import M3Gnet

KINDS = {
    "small": {"num_blocks": 2, "units": 8, "max_l": 3, "max_n": 3, "cutoff": 4.0},
    "1m": {"num_blocks": 3, "units": 128, "max_l": 4, "max_n": 4, "cutoff": 5.0},
}
SCALES_eV = {"small": 100.0, "1m": 1000.0}


def save(kind: str, path: Path) -> None:
    """Save a checkpoint in single precision."""
    from mattersim.forcefield.potential import Potential

    settings = KINDS[kind]
    torch.manual_seed(1)
    threebody = {"threebody_cutoff": settings["cutoff"] - 1.0}
    network = M3Gnet(max_z=max(NUMBERS), device="cpu", **settings, **threebody)
    network.normalizer.scale[:] = SCALES_eV[kind]
    Potential(network, device="cpu").save(str(path))


if __name__ == "__main__":
    save_model(__doc__, {kind: partial(save, kind) for kind in KINDS})
