"""Two equal atoms: do they attract and repel each other as they should, however they lie.

Homonuclear pairs in a box of 25 Å, from 0.5 Å to where they no longer feel each other, along
directions over the whole sphere, beside curves of PBE where there are any (`pbe.json`, made by
``studies/pbe_diatomics.py``).
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.evaluation.diatomics.examination import EXAMINATION

__all__ = ["EXAMINATION"]

import_at_first_use(__name__)
