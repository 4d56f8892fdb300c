"""What speaks for and against heat and expansion at constant pressure."""

from typing import TYPE_CHECKING

from nearsight.records.checks import exactness_checks, relaxation_checks
from nearsight.records.verdict import Check, Level, Verdict

if TYPE_CHECKING:
    from nearsight.records.expansion_results import ThermalExpansionResults
    from nearsight.vibrations.thermal_expansion_functions import ThermalExpansion


def expansion_verdict(results: "ThermalExpansionResults") -> Verdict:
    """Return what speaks for and against a thermal expansion."""
    return Verdict.of(expansion_checks(results), results.warnings)


def expansion_checks(results: "ThermalExpansionResults") -> tuple[Check, ...]:
    """Return everything that was looked at of a thermal expansion."""
    expansion = results.expansion
    return (
        *relaxation_checks(results, results.structure_warnings),
        *_volumes_at_rest(results),
        *exactness_checks(results.hessian),
        _imaginary(expansion),
        _range(expansion),
        _routes(expansion),
    )


def _volumes_at_rest(results: "ThermalExpansionResults") -> tuple[Check, ...]:
    restless = [each for each in results.at_volumes if not each.relaxation.converged]
    if not restless:
        return ()
    detail = f"At {len(restless)} of {len(results.at_volumes)} volumes forces or stress are left."
    return (Check(Level.BAD, "not-converged", "volumes not at rest", detail),)


def _imaginary(expansion: "ThermalExpansion") -> Check:
    n_all = len(expansion.used) + len(expansion.left_out)
    if expansion.left_out:
        detail = f"{len(expansion.left_out)} of {n_all} volumes are left out."
        return Check(Level.CAUTION, "volumes-left-out", "imaginary modes at volumes", detail)
    detail = f"None of the {n_all} volumes was left out for imaginary modes."
    return Check(Level.GOOD, "volumes-left-out", "stable at all volumes", detail)


def _range(expansion: "ThermalExpansion") -> Check:
    beyond_K = expansion.temperatures_left_out_K
    if len(beyond_K):
        detail = f"At {len(beyond_K)} temperatures the Gibbs energy has no minimum between volumes."
        return Check(Level.CAUTION, "temperatures-left-out", "temperatures left out", detail)
    detail = "At every temperature the Gibbs energy has a minimum between the volumes."
    return Check(Level.GOOD, "temperatures-left-out", "volumes reach far enough", detail)


def _routes(expansion: "ThermalExpansion") -> Check:
    difference = expansion.largest_difference_per_K
    if difference is None:
        detail = "Nothing expands at 0 K; ask for a higher temperature to compare two routes."
        return Check(Level.UNKNOWN, "routes-differ", "routes not compared", detail)
    detail = f"By volumes and by entropies the expansion differs by {difference:.1e} 1/K at most."
    if expansion.routes_agree:
        return Check(Level.GOOD, "routes-differ", "two routes agree", detail)
    level = Level.BAD if expansion.routes_contradict else Level.CAUTION
    return Check(level, "routes-differ", "two routes differ", detail)
