"""A PET with random weights, exported by metatrain: two layers, 16 wide, cutoff 4 Å."""

from copy import deepcopy
from pathlib import Path

import torch
from command import NUMBERS, save_model
from metatrain.pet import PET
from metatrain.utils.architectures import get_default_hypers
from metatrain.utils.data import DatasetInfo
from metatrain.utils.data.target_info import get_energy_target_info

SETTINGS = {
    "cutoff": 4.0,
    "num_gnn_layers": 2,
    "num_attention_layers": 1,
    "num_heads": 2,
    "d_pet": 16,
    "d_head": 16,
    "d_node": 16,
    "d_feedforward": 16,
}


def save(path: Path) -> None:
    """Save an exported model in double precision."""
    energy = get_energy_target_info(
        "energy",
        {"quantity": "energy", "unit": "eV"},
        add_position_gradients=True,
        add_strain_gradients=True,
    )
    info = DatasetInfo(
        length_unit="Angstrom", atomic_types=list(NUMBERS), targets={"energy": energy}
    )
    torch.manual_seed(1)
    model = PET(deepcopy(get_default_hypers("pet")["model"]) | SETTINGS, info)
    for name, weights in model.named_parameters():
        if "last_layers" in name:
            weights.data *= 10
    model.to(torch.float64).export().save(path)


if __name__ == "__main__":
    save_model(__doc__, {"pet": save})
