"""Files of n2p2 and RuNNer: potentials and their data, read and written with all digits."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.hdnnp.files.reading import PotentialFiles, open_potential, read_potential
    from nearsight.hdnnp.files.writing import same_potential, write_potential

__all__ = [
    "PotentialFiles",
    "open_potential",
    "read_potential",
    "same_potential",
    "write_potential",
]

import_at_first_use(__name__)
