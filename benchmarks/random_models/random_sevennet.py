"""A SevenNet with random weights: 16 channels up to l = 2, three layers, cutoff 4 Å."""

from copy import deepcopy
from pathlib import Path

import sevenn
import torch
from command import ELEMENTS, NUMBERS, save_model
from sevenn import _const
from sevenn.model_build import build_E3_equivariant_model


def save(path: Path) -> None:
    """Save what SevenNet's training would."""
    config = deepcopy(_const.DEFAULT_E3_EQUIVARIANT_MODEL_CONFIG)
    config.update(
        version=sevenn.__version__,
        cutoff=4.0,
        channel=16,
        lmax=2,
        num_convolution_layer=3,
        weight_nn_hidden_neurons=[32],
        radial_basis={"radial_basis_name": "bessel", "bessel_basis_num": 8},
        conv_denominator=10.0,
        shift=0.0,
        scale=300.0,
        dtype="single",
        _number_of_species=len(NUMBERS),
        _type_map={number: index for index, number in enumerate(NUMBERS)},
        chemical_species=list(ELEMENTS),
    )
    torch.manual_seed(1)
    model = build_E3_equivariant_model(deepcopy(config))
    content = {"config": config, "epoch": 0, "model_state_dict": model.state_dict()}
    content |= {"optimizer_state_dict": {}, "scheduler_state_dict": {}, "hash": "", "time": ""}
    torch.save(content, path)


if __name__ == "__main__":
    save_model(__doc__, {"small": save})
