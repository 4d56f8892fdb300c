"""What speaks for and against a heat capacity that was probed."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nearsight.printable import percent
from nearsight.records.checks import imaginary_check, relaxation_checks, rigid_body_check
from nearsight.records.verdict import Check, Level, Verdict

if TYPE_CHECKING:
    from nearsight.records.results import ProbedResults
    from nearsight.vibrations.probed_heat_capacity import ProbedHeatCapacity

# Heat capacities are quoted to three digits; one percent is what models differ by.
_SMALL_ERROR = 1e-3
_LARGE_ERROR = 1e-2


def probed_verdict(results: "ProbedResults") -> Verdict:
    """Return what speaks for and against the numbers of `results`."""
    return Verdict.of(probed_checks(results), results.warnings)


def probed_checks(results: "ProbedResults") -> tuple[Check, ...]:
    """Return everything that was looked at."""
    heat = results.heat
    return (
        _imaginary(heat),
        *relaxation_checks(results, results.structure_warnings),
        _error_bar(heat),
        *_differences(heat),
        # No result of probing warns of what its convention leaves out.
        replace(rigid_body_check(heat, heat.pieces, heat.n_rigid_body, entropy=False), said=False),
    )


def _imaginary(heat: "ProbedHeatCapacity") -> Check:
    if heat.n_imaginary is not None:
        return imaginary_check(heat.n_imaginary)
    if heat.saw_imaginary:
        lowest = f"{heat.lowest_wavenumber_per_cm:.1f}".replace("-", "−")
        return Check(
            Level.BAD,
            "imaginary-modes",
            "imaginary modes seen",
            f"At {lowest} cm⁻¹ and perhaps below: the structure is not at a minimum of this model.",
        )
    return Check(
        Level.UNKNOWN,
        "imaginary-modes",
        "no imaginary modes seen",
        f"{heat.n_steps} Lanczos steps from each vector saw none; so few can miss some.",
    )


def _error_bar(heat: "ProbedHeatCapacity") -> Check:
    """Return whether the error bar is small at every temperature."""
    errors, values = heat.error_bar_eV_per_K, heat.heat_capacity_eV_per_K
    # A heat capacity that is not positive has nothing to be relative to.
    relative = np.divide(errors, values, out=np.full_like(values, np.inf), where=values > 0)
    relative[heat.temperatures_K == 0.0] = 0.0  # which is exact
    worst = int(relative.argmax())
    share = float(relative[worst])
    relation = percent(share) if share <= 1 else "more than 100 %"
    detail = f"It is {relation} of the heat capacity at {heat.temperatures_K[worst]:g} K"
    if len(values) > 1:
        detail += ", where it is largest"
    if share <= _SMALL_ERROR:
        return Check(Level.GOOD, "error-bar", "error bar small", f"{detail}.")
    remedy = "a larger probing radius and more Lanczos steps make it smaller."
    if share <= _LARGE_ERROR:
        return Check(
            Level.CAUTION, "error-bar", "error bar notable", f"{detail}; {remedy}", said=False
        )
    return Check(Level.BAD, "error-bar", "error bar large", f"{detail}; {remedy}", said=False)


def _differences(heat: "ProbedHeatCapacity") -> tuple[Check, ...]:
    method, error = heat.method, heat.difference_error
    if error is None:
        return ()
    return (
        Check(
            Level.CAUTION,
            "products-by-differences",
            "products by differences",
            f"They are differences of forces over {method.step_A:g} Å and no derivatives: "
            f"{method.reason}. They are off by up to about {percent(error)} of their "
            f"largest element.",
            said=False,
        ),
    )
