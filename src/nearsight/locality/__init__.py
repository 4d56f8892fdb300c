"""How far an atom sees: interactions, converged fragments, and the cutoffs that follow."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.locality.comparison import LocalityComparison, compare_localities
    from nearsight.locality.compute import locality
    from nearsight.locality.convergence import Shell, SiteConvergence, converge_site
    from nearsight.locality.group_matrices import effective_group_matrix, group_matrix
    from nearsight.locality.interactions import Interactions, interactions, interactions_of
    from nearsight.locality.ranges import PairRange
    from nearsight.locality.result import Locality
    from nearsight.locality.settings import ConvergenceSettings, FragmentSettings
    from nearsight.locality.threshold import Threshold, fit_line, fit_threshold

__all__ = [
    "ConvergenceSettings",
    "FragmentSettings",
    "Interactions",
    "Locality",
    "LocalityComparison",
    "PairRange",
    "Shell",
    "SiteConvergence",
    "Threshold",
    "compare_localities",
    "converge_site",
    "effective_group_matrix",
    "fit_line",
    "fit_threshold",
    "group_matrix",
    "interactions",
    "interactions_of",
    "locality",
]

import_at_first_use(__name__)
