"""How a crystal answers to strain: elastic constants, moduli and stability."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.elasticity.axes import conventional_axes
    from nearsight.elasticity.compute import elastic_tensor
    from nearsight.elasticity.directions import (
        YoungsModulusRange,
        youngs_modulus,
        youngs_modulus_range,
    )
    from nearsight.elasticity.moduli import ElasticModuli, Modulus, elastic_moduli
    from nearsight.elasticity.result import ElasticTensor
    from nearsight.elasticity.rotation import rotate_tensor

__all__ = [
    "ElasticModuli",
    "ElasticTensor",
    "Modulus",
    "YoungsModulusRange",
    "conventional_axes",
    "elastic_moduli",
    "elastic_tensor",
    "rotate_tensor",
    "youngs_modulus",
    "youngs_modulus_range",
]

import_at_first_use(__name__)
