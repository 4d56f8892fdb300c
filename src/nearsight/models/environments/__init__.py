"""One environment of Python packages per family of models, for those that cannot share one.

`places` says where they are, `state` what is there, and `install` makes one.
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.models.environments.install import install
    from nearsight.models.environments.places import Place, data_directory
    from nearsight.models.environments.remove import remove
    from nearsight.models.environments.state import Environment, State, find, python_of

__all__ = [
    "Environment",
    "Place",
    "State",
    "data_directory",
    "find",
    "install",
    "python_of",
    "remove",
]

import_at_first_use(__name__)
