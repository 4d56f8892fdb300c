"""Files of n2p2 and RuNNer: potentials and their data, read and written with all digits."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.hdnnp.files.converting import convert_potential
    from nearsight.hdnnp.files.data import convert_data, read_data
    from nearsight.hdnnp.files.extended_xyz import read_extended_xyz, write_extended_xyz
    from nearsight.hdnnp.files.input_data import read_input_data, write_input_data
    from nearsight.hdnnp.files.reading import PotentialFiles, open_potential, read_potential
    from nearsight.hdnnp.files.writing import same_potential, write_potential

__all__ = [
    "PotentialFiles",
    "convert_data",
    "convert_potential",
    "open_potential",
    "read_data",
    "read_extended_xyz",
    "read_input_data",
    "read_potential",
    "same_potential",
    "write_extended_xyz",
    "write_input_data",
    "write_potential",
]

import_at_first_use(__name__)
