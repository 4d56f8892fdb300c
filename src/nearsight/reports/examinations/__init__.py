"""Pages of examinations: one of each model, and one that compares them.

>>> from nearsight.reports.examinations import write_examination_pages
>>> write_examination_pages("examined")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.reports.examinations.pages import write_examination_pages

__all__ = ["write_examination_pages"]

import_at_first_use(__name__)
