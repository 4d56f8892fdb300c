"""What speaks for and against the radius of fragments."""

from typing import TYPE_CHECKING

from nearsight.locality.ranges import NEGLIGIBLE_EV_PER_A2
from nearsight.records.verdict import Check, Level, Verdict

if TYPE_CHECKING:
    from nearsight.records.locality_results import LocalityResults


def locality_verdict(results: "LocalityResults") -> Verdict:
    """Return what speaks for and against the numbers of `results`."""
    return Verdict.of(locality_checks(results), results.warnings)


def locality_checks(results: "LocalityResults") -> tuple[Check, ...]:
    """Return everything that was looked at."""
    checks = [_convergence(results), _reference(results)]
    if results.comparison is not None:
        checks.append(_comparison(results))
    return tuple(checks)


def _convergence(results: "LocalityResults") -> Check:
    sites = results.locality.sites
    left = [f"{site.element}{site.site}" for site in sites if not site.is_converged]
    if not left:
        return Check(
            Level.GOOD,
            "fragments-not-converged",
            "fragments converged",
            f"For every site a fragment smaller than the reference, or the whole molecule, keeps "
            f"‖G′‖ below {results.locality.threshold_eV_per_A2:g} eV/Å².",
        )
    return Check(
        Level.BAD,
        "fragments-not-converged",
        "fragments not converged",
        f"{', '.join(left)}: only the reference fragment itself is below the threshold.",
    )


def _reference(results: "LocalityResults") -> Check:
    sites = results.locality.sites
    if all(site.reference_is_all for site in sites):
        detail = "The reference is the whole molecule."
        return Check(Level.GOOD, "reference-small", "reference complete", detail)
    felt = [site.outermost_eV_per_A2 for site in sites]
    known = [value for value in felt if value is not None]
    if not known:
        detail = "No smaller fragment can be cut from it."
        return Check(Level.CAUTION, "reference-small", "reference small", detail, said=False)
    largest = max(known)
    detail = (
        f"What its outermost groups do to a site is at most {largest:.2g} eV/Å² "
        f"(wanted: below {NEGLIGIBLE_EV_PER_A2:g})."
    )
    if largest < NEGLIGIBLE_EV_PER_A2:
        return Check(Level.GOOD, "reference-small", "reference large enough", detail)
    return Check(Level.CAUTION, "reference-small", "reference small", detail)


def _comparison(results: "LocalityResults") -> Check:
    compared = results.comparison
    assert compared is not None
    detail = (
        f"{compared.model} needs fragments of {compared.model_force_range_A:.2f} Å, "
        f"{compared.reference} of {compared.reference_force_range_A:.2f} Å."
    )
    if compared.sees_as_far:
        return Check(Level.GOOD, "sees-less-far", "model sees as far", detail)
    said = bool(compared.warnings)
    return Check(Level.CAUTION, "sees-less-far", "model sees less far", detail, said=said)
