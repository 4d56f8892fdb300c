"""A NequIP or an Allegro with random weights, as `nequip-package` writes it.

Both have two layers, l up to 2 and a cutoff of 4 Å; NequIP has 8 features of each l, Allegro 16
scalars and 8 tensors.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import yaml
from allegro.model import AllegroModel
from ase.build import bulk
from command import ELEMENTS, save_model
from nequip.data import from_ase
from nequip.integrations.utils import basic_transforms
from nequip.model import NequIPGNNModel
from nequip.scripts import _package_utils as modules
from nequip.utils.global_state import set_global_state
from nequip.utils.versions import get_current_code_versions

COMMON = {
    "seed": 1,
    "model_dtype": "float64",
    "type_names": list(ELEMENTS),
    "r_max": 4.0,
    "l_max": 2,
    "num_layers": 2,
    "avg_num_neighbors": 10.0,
    "per_type_energy_scales": dict.fromkeys(ELEMENTS, 2.0),
    "per_type_energy_shifts": dict.fromkeys(ELEMENTS, 0.0),
}
NEQUIP = {"num_features": 8, "radial_mlp_depth": 1, "radial_mlp_width": 16, "num_bessels": 8}
ALLEGRO = {
    "num_scalar_features": 16,
    "num_tensor_features": 8,
    "allegro_mlp_hidden_layers_width": 16,
    "scalar_embed_mlp_hidden_layers_width": 16,
    "readout_mlp_hidden_layers_width": 16,
    "radial_chemical_embed": {"_target_": "allegro.nn.TwoBodyBesselScalarEmbed", "num_bessels": 8},
}


def save(build: Callable[..., Any], settings: dict[str, Any], path: Path) -> None:
    """Save what `nequip-package` does, without the training that it begins from."""
    set_global_state()
    model = build(**COMMON, **settings)
    example = from_ase(bulk("MgO", "rocksalt", a=4.25) * (2, 2, 1))
    identical = dict(zip(ELEMENTS, ELEMENTS, strict=True))
    for transform in basic_transforms(model.metadata, COMMON["r_max"], list(ELEMENTS), identical):
        example = transform(example)
    description = {
        "versions": get_current_code_versions(),
        "external_modules": {},
        "package_version_id": 2,
        "available_models": ["eager"],
        "atom_types": dict(enumerate(ELEMENTS)),
    }
    with torch.package.PackageExporter(path) as package:
        package.mock([f"{name}.**" for name in modules._MOCK_MODULES])
        package.extern([f"{name}.**" for name in modules._EXTERNAL_MODULES])
        package.intern([f"{name}.**" for name in modules._INTERNAL_MODULES])
        package.save_text("model", "package_metadata.txt", yaml.dump(description))
        package.save_text("model", "config.yaml", "{}")
        package.save_pickle("model", "example_data.pkl", example)
        models = torch.nn.ModuleDict({"sole_model": model})
        package.save_pickle("model", "eager_model.pkl", models)


if __name__ == "__main__":
    kinds = {"nequip": partial(save, NequIPGNNModel, NEQUIP)}
    kinds["allegro"] = partial(save, AllegroModel, ALLEGRO)
    save_model(__doc__, kinds)
