"""What speaks for and against relaxed structures, Hessians and elastic tensors."""

from typing import TYPE_CHECKING

from nearsight.records.checks import exactness_checks, relaxation_checks
from nearsight.records.verdict import Check, Level, Verdict

if TYPE_CHECKING:
    from nearsight.records.results import ElasticResults, HessianResults, RelaxationResults


def relaxation_verdict(results: "RelaxationResults") -> Verdict:
    """Return what speaks for and against a relaxed structure."""
    return Verdict.of(relaxation_checks(results, results.warnings), results.warnings)


def hessian_verdict(results: "HessianResults") -> Verdict:
    """Return what speaks for and against a Hessian."""
    return Verdict.of(hessian_checks(results), results.warnings)


def hessian_checks(results: "HessianResults | ElasticResults") -> tuple[Check, ...]:
    """Return everything that was looked at of a Hessian."""
    hessian = results.hessian
    return (*relaxation_checks(results, hessian.warnings), *exactness_checks(hessian))


def elastic_verdict(results: "ElasticResults") -> Verdict:
    """Return what speaks for and against an elastic tensor."""
    return Verdict.of(elastic_checks(results), results.warnings)


def elastic_checks(results: "ElasticResults") -> tuple[Check, ...]:
    """Return everything that was looked at of an elastic tensor."""
    return (*hessian_checks(results), _stability(results))


def _stability(results: "ElasticResults") -> Check:
    tensor = results.tensor
    lowest = float(tensor.eigenvalues_GPa[0])
    detail = f"The lowest eigenvalue of the elastic tensor is {lowest:.3g} GPa."
    if tensor.stability == "stable":
        return Check(Level.GOOD, "unstable", "mechanically stable", detail)
    if tensor.stability == "unstable":
        return Check(Level.BAD, "unstable", "mechanically unstable", detail)
    return Check(Level.CAUTION, "no-stiffness", "no stiffness", detail)
