"""Examine whether a model keeps the contract: the conformance kit, for our families and for others.

>>> from nearsight.testing import check_model
>>> print(check_model(my_model))  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.testing.conformance import check_model
    from nearsight.testing.report import Check, ConformanceReport

__all__ = ["Check", "ConformanceReport", "check_model"]

import_at_first_use(__name__)
