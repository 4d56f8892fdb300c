"""An Orb v3 with random weights, of the published shape: no file says another.

Five layers of message passing, 256 wide, cutoff 6 Å, all neighbours (Rhodes et al., arXiv
2504.06231). `conservative` takes forces from the energy, `direct` predicts them.
"""

from functools import partial
from pathlib import Path

import torch
from command import save_model
from orb_models.forcefield import pretrained


def save(kind: str, path: Path) -> None:
    """Save weights in single precision."""
    build = getattr(pretrained, f"orb_v3_{kind}_architecture")
    torch.manual_seed(1)
    model = build()
    model.heads["energy"].normalizer.bn.running_var.fill_(100.0)
    torch.save(model.state_dict(), path)


if __name__ == "__main__":
    save_model(__doc__, {kind: partial(save, kind) for kind in ("conservative", "direct")})
