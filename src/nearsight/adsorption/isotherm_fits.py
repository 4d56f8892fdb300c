"""Fits of isotherms by weighted least squares, and the choice among them.

The choice is that of the corrected information criterion of Akaike: with known errors
AICc = chi² + 2k + 2k(k + 1)/(N - k - 1) for N loadings and k parameters; without them
N ln(chi²/N) takes the place of chi², and their variance counts as a parameter (C. M. Hurvich,
C.-L. Tsai, Biometrika 1989, 76, 297, doi:10.1093/biomet/76.2.297). A loading that does not change
takes part, so that loadings which tell no more than that give no fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import least_squares

from nearsight.adsorption.isotherm_data import IsothermData, isotherm_data
from nearsight.adsorption.isotherm_fit import IsothermFit
from nearsight.adsorption.isotherm_functions import FUNCTIONS, IsothermFunction
from nearsight.adsorption.isotherm_starts import starts_of
from nearsight.arrays import FloatArray, IntArray
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph

_FARTHEST: Final = 30.0
"""Logarithms of parameters in the units of the data end there: by then nothing tells of them."""
_TOLERANCES: Final = {"xtol": 1e-10, "ftol": 1e-12, "gtol": 1e-12}
_LARGEST_ERROR: Final = 1.0
"""Standard error of a logarithm beyond which it is not known: a factor of e either way."""
_DEGENERATE: Final = 1e-7
"""Singular values below this share of the largest, or of residuals, are none."""
_ROUNDING: Final = 1e-8
"""Share of the largest loading below which residuals are rounding."""
_MISSED, _MISSED_ERRORS = 0.25, 4.0
"""Share of a loading, and standard errors of it, beyond both of which a curve is not that of it."""
_UNCHANGING: Final = "a loading that does not change fits as well"


@dataclass(frozen=True)
class NoFit:
    """A function that no fit is offered of."""

    function: IsothermFunction
    reason: str
    """Why, in a few words."""


@dataclass(frozen=True, eq=False, repr=False)
class IsothermFits(ShownInNotebooks):
    """What there is of one isotherm."""

    fits: tuple[IsothermFit, ...]
    """The best by AICc first."""
    left_out: tuple[NoFit, ...]

    def __repr__(self) -> str:
        best = self.best
        said = "none" if best is None else f"{best.function.name}, AICc {best.aicc:.4g}"
        return paragraph(self, f"{len(self.fits)} functions", said)

    @property
    def best(self) -> IsothermFit | None:
        """The one of the lowest AICc; None if there is none."""
        return self.fits[0] if self.fits else None


def fit_isotherm(
    pressures: Sequence[float] | FloatArray,
    loadings: Sequence[float] | FloatArray,
    errors: Sequence[float] | FloatArray | None = None,
    functions: Sequence[IsothermFunction] = FUNCTIONS,
) -> IsothermFits:
    """Fit Henry's law and the functions of Langmuir, with one site and two, and of Sips.

    The order of points does not count, and units are those of the data. A fugacity in place of the
    pressure makes fits of what an ideal gas would have.

    Parameters
    ----------
    pressures
        Or fugacities, above 0, ``(n_points,)``.
    loadings
        ``(n_points,)``.
    errors
        Standard errors of the loadings, ``(n_points,)``. An error of 0 is one that is not known,
        and counts as the largest of the others. Without any, loadings weigh the same, and their
        errors follow from the residuals.
    functions
        Those to choose from.

    Returns
    -------
    IsothermFits
        Fits of what the loadings determine, and why others are left out: a function needs two
        points more than it has parameters, three more without errors. There is none where the best
        of them misses a loading by more than a quarter of it and four of its standard errors.

    Raises
    ------
    MethodError
        The data have different lengths or are no numbers, a pressure is not positive, or an error
        is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.adsorption.isotherm_fits import fit_isotherm
    >>> pressures_bar = np.array([0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
    >>> loadings_mol_per_kg = 5.0 * pressures_bar / (2.0 + pressures_bar)
    >>> best = fit_isotherm(pressures_bar, loadings_mol_per_kg, errors=np.full(6, 0.02)).best
    >>> best.function.name
    'langmuir'
    >>> best
    <IsothermFit of langmuir: 6 points, AICc 8>
    """
    data = isotherm_data(pressures, loadings, errors)
    found = [_fit(each, data) for each in functions]
    left_out = tuple(each for each in found if isinstance(each, NoFit))
    fits = sorted((each for each in found if isinstance(each, IsothermFit)), key=_aicc)
    if fits and not fits[0].aicc < _criterion(_of_constant(data), 1, data):
        return IsothermFits((), tuple(NoFit(each, _UNCHANGING) for each in functions))
    missed = _missed(fits[0], data) if fits else None
    if missed is not None:  # what follows from it is wrong by more than its errors
        best = fits.pop(0).function
        others = (NoFit(each.function, f"{best.name} fits better, and is none") for each in fits)
        return IsothermFits((), (*left_out, NoFit(best, missed), *others))
    return IsothermFits(tuple(fits), left_out)


def _aicc(fit: IsothermFit) -> float:
    return fit.aicc


def _criterion(squares: float, n_parameters: int, data: IsothermData) -> float:
    """Return AICc of a sum of squares of residuals in the units of `data`."""
    n = data.n_points
    if data.knows_errors:
        k, of_squares = n_parameters, squares
    else:
        k, of_squares = n_parameters + 1, n * np.log(max(squares / n, _ROUNDING**2))
    return float(of_squares + 2 * k + 2 * k * (k + 1) / (n - k - 1))


def _of_constant(data: IsothermData) -> float:
    """Return the sum of squares of residuals from the mean."""
    mean = np.average(data.loadings, weights=data.errors**-2.0)
    return float((((data.loadings - mean) / data.errors) ** 2).sum())


def _fit(function: IsothermFunction, data: IsothermData) -> IsothermFit | NoFit:
    fewest = function.n_parameters + (2 if data.knows_errors else 3)
    if data.n_pressures < fewest:
        many = "pressure is" if data.n_pressures == 1 else "pressures are"
        return NoFit(
            function, f"{data.n_pressures} {many} too few for it, which takes {fewest} or more"
        )
    if not data.loadings.max() > 0:
        return NoFit(function, "nothing is adsorbed at any pressure")

    def residuals(logs: FloatArray) -> FloatArray:
        curve = function.loadings(_within(logs), data.pressures)
        left: FloatArray = (curve - data.loadings) / data.errors
        return left

    def jacobian(logs: FloatArray) -> FloatArray:
        gradients = function.gradients(_within(logs), data.pressures)
        rows: FloatArray = gradients / data.errors[:, np.newaxis]
        return rows

    solutions = [
        least_squares(residuals, start, jacobian, method="lm", max_nfev=200, **_TOLERANCES)
        for start in starts_of(function, data)
    ]
    best = min(solutions, key=lambda each: float(each.cost))
    squares, logs = 2 * float(best.cost), _within(best.x)
    covariance = _covariance(jacobian(logs), squares, data)
    if covariance is None or not np.sqrt(np.diag(covariance)).max() <= _LARGEST_ERROR:
        return NoFit(function, "these loadings do not determine its parameters")
    order = _sites_in_order(function, logs)
    return IsothermFit(
        function,
        data.in_their_units(function, logs)[order],
        covariance[np.ix_(order, order)],
        pressure_range=data.pressure_range,
        n_points=data.n_points,
        chi_squared=squares if data.knows_errors else None,
        aicc=_criterion(squares, function.n_parameters, data),
    )


def _missed(fit: IsothermFit, data: IsothermData) -> str | None:
    """Return by how much a curve misses the loading that it misses most; None if it does not."""
    if not data.knows_errors:
        return None
    curve = fit.loadings(data.pressures * data.pressure_unit) / data.loading_unit
    off = np.abs(curve - data.loadings)
    shares = off / np.maximum(np.maximum(curve, data.loadings), np.finfo(float).tiny)
    shares[off <= _MISSED_ERRORS * data.errors] = 0.0
    worst = int(np.argmax(shares))
    if not shares[worst] > _MISSED:
        return None
    errors = off[worst] / data.errors[worst]
    return f"its curve misses a loading by {shares[worst]:.0%} and {errors:.0f} standard errors"


def _within(logs: FloatArray) -> FloatArray:
    """Return logarithms that are not farther away than loadings can tell."""
    return np.clip(logs, -_FARTHEST, _FARTHEST)


def _sites_in_order(function: IsothermFunction, logs: FloatArray) -> IntArray:
    """Return the places of parameters with those sites first that are filled first."""
    n = function.n_sites
    sites = np.argsort(-logs[n : 2 * n], kind="stable")
    return np.concatenate([sites, n + sites, np.arange(2 * n, len(logs))])


def _covariance(jacobian: FloatArray, squares: float, data: IsothermData) -> FloatArray | None:
    """Return the covariance of logarithms; None if loadings say nothing of some.

    Where residuals are larger than errors allow, errors are taken to be larger by as much
    (R. T. Birge, Phys. Rev. 1932, 40, 207); without errors they are as large as residuals.
    """
    _, singular, directions = np.linalg.svd(jacobian, full_matrices=False)
    n_degrees = len(jacobian) - jacobian.shape[1]
    factor = max(squares / n_degrees, 1.0 if data.knows_errors else _ROUNDING**2)
    if singular[-1] <= _DEGENERATE * max(singular[0], np.sqrt(factor)):
        return None
    scaled = directions / singular[:, np.newaxis]
    covariance: FloatArray = factor * scaled.T @ scaled
    return covariance
