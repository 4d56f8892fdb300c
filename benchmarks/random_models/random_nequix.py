"""A Nequix with random weights: 16x0e + 16x1o, l up to 2, two layers, cutoff 4 Å."""

from pathlib import Path

import jax
from command import NUMBERS, save_model
from nequix.model import Nequix
from nequix.model import save_model as save_nequix

SETTINGS = {
    "hidden_irreps": "16x0e + 16x1o",
    "lmax": 2,
    "cutoff": 4.0,
    "n_layers": 2,
    "radial_basis_size": 8,
    "radial_mlp_size": 16,
    "radial_mlp_layers": 2,
    "radial_polynomial_p": 6.0,
    "mlp_init_scale": 4.0,
    "index_weights": False,
    "layer_norm": True,
    "shift": 0.0,
    "scale": 4.0,
    "avg_n_neighbors": 10.0,
}


def save(path: Path) -> None:
    """Save a model in single precision."""
    free_atoms = [0.0] * len(NUMBERS)
    model = Nequix(jax.random.key(1), n_species=len(NUMBERS), atom_energies=free_atoms, **SETTINGS)
    save_nequix(path, model, SETTINGS | {"atomic_numbers": list(NUMBERS)})


if __name__ == "__main__":
    save_model(__doc__, {"small": save})
