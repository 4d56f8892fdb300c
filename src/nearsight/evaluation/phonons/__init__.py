"""Crystals that vibrate: frequencies, heat and entropy beside a reference, and soft modes.

Crystals are those of a folder of phonopy's files that a user gives (`phonon_data`), as they are
given there and relaxed by the model, in the supercells of the reference; without one, a few that
are built here and have no reference. Differences of forces at 0.01 Å stand beside exact rows, so
that what is the method's is told from what is the model's.
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.evaluation.phonons.examination import EXAMINATION

__all__ = ["EXAMINATION"]

import_at_first_use(__name__)
