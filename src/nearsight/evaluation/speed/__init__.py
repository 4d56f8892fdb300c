"""How fast is a model, and how large may structures be: time and memory over the number of atoms.

Energies, forces, forces with stress and rows of the Hessian of a gas of helium and of MOF-5. What
was measured belongs to a machine, and stands beside its name.
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.evaluation.speed.examination import EXAMINATION

__all__ = ["EXAMINATION"]

import_at_first_use(__name__)
