"""A heat capacity from probing as a value, with what it may be off by."""

import io
import os
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from ase import Atoms

from nearsight import units
from nearsight.arrays import FloatArray
from nearsight.charts.chart import Axis, Bars, Chart, Limit, Points
from nearsight.charts.palette import element_colors
from nearsight.hessian.products.strategies import ProductMethod
from nearsight.storage import write_text
from nearsight.structures.pieces import Pieces
from nearsight.vibrations.heat_capacity import HeatCapacity, heat_capacity_axes

ATOMIC_KEY = "heat_capacity_J_per_molatom_K"
"""Name of the per-atom array in a structure that `to_ase` returns."""

CLASSICAL_LIMIT_J_PER_MOL_K = 3 * units.BOLTZMANN_EV_PER_K * units.EV_PER_CELL_IN_J_PER_MOL
"""3 k_B for each atom."""

ROUNDING_PER_CM = 0.5
"""Rounding makes rigid-body motions this imaginary at most, as a wavenumber."""


@dataclass(frozen=True, kw_only=True)
class ProbedHeatCapacity(HeatCapacity):
    """Harmonic heat capacity of one cell, from products with its Hessian.

    Entropy, free energy and zero-point energy do not follow: their functions of the eigenvalue are
    singular at zero, where few Lanczos steps say nothing.
    """

    shown: ClassVar[tuple[str, ...]] = (
        *HeatCapacity.shown,
        "error_bar_J_per_g_K",
        "n_products",
        "n_colours",
        "seconds",
    )

    atoms: Atoms
    """The cell, with the masses used."""
    pieces: Pieces
    """What pairs hold together: a crystal, or what lies in a box."""
    standard_error_eV_per_K: FloatArray
    """Standard deviation over the random triads, estimated from this set of them."""
    bias_estimate_eV_per_K: FloatArray
    """What more Lanczos steps are expected to change."""
    atomic_heat_capacities_eV_per_K: FloatArray
    """The share of each atom, ``(n_temperatures, n_atoms)``; they sum to the heat capacity."""
    nodes_eV_per_A2_amu: FloatArray
    """Eigenvalues of the quadrature of all vectors, one after the other."""
    node_weights: FloatArray
    """How many modes each node stands for; they sum to 3 n_atoms, rigid-body motions included."""
    n_rigid_body: int
    """Rigid-body motions of the cell."""
    n_imaginary: int | None
    """Imaginary modes that were found and taken off; None if they were not looked for."""
    radius_A: float
    """Probing radius."""
    n_colours: int
    """Sets of atoms that were probed together, by three vectors each."""
    n_steps: int
    """Lanczos steps from each vector."""
    n_products: int
    """Products with the Hessian, all told."""
    seed: int
    """Of the random triads."""
    method: ProductMethod
    """How the products were computed, with the memory that they were predicted to take."""
    peak_memory_bytes: int
    """Largest memory that a product took on top of what was in use before."""
    difference_error: float | None
    """About how far products by differences are off at most, relative to the largest element of
    one of them; None for analytic products."""
    seconds: float
    """Wall time of this run."""

    def __repr__(self) -> str:
        return super().__repr__()

    def _said(self) -> tuple[str, ...]:
        largest = float(self.error_bar_J_per_g_K.max(initial=0.0))
        error = f"off by up to about {largest:.1e} J/(g K)"
        return (*super()._said(), error, f"{self.n_products} products ({self.method.name})")

    @property
    def saw_imaginary(self) -> bool:
        """Whether the Lanczos steps saw imaginary modes beyond rounding; they need not see all."""
        return self.lowest_wavenumber_per_cm < -ROUNDING_PER_CM

    @property
    def error_bar_eV_per_K(self) -> FloatArray:
        """Two standard errors and the bias: how far the sum over all modes is expected to be."""
        return 2 * self.standard_error_eV_per_K + self.bias_estimate_eV_per_K

    @property
    def error_bar_J_per_g_K(self) -> FloatArray:
        """Two standard errors and the bias in J/(g K)."""
        return self.error_bar_eV_per_K * self._eV_in_J_per_g

    @property
    def standard_error_J_per_g_K(self) -> FloatArray:
        """Standard deviation over the random triads in J/(g K)."""
        return self.standard_error_eV_per_K * self._eV_in_J_per_g

    @property
    def bias_estimate_J_per_g_K(self) -> FloatArray:
        """What more Lanczos steps are expected to change, in J/(g K)."""
        return self.bias_estimate_eV_per_K * self._eV_in_J_per_g

    @property
    def atomic_heat_capacities_J_per_molatom_K(self) -> FloatArray:
        """The heat capacity of each atom in J/K per mole of it; 24.94 is the classical limit."""
        return self.atomic_heat_capacities_eV_per_K * units.EV_PER_CELL_IN_J_PER_MOL

    @property
    def lowest_wavenumber_per_cm(self) -> float:
        """Lowest that the Lanczos steps saw, negative if imaginary; it need not be the lowest."""
        return float(units.wavenumbers_per_cm(self.nodes_eV_per_A2_amu).min())

    @property
    def highest_wavenumber_per_cm(self) -> float:
        """Highest that the Lanczos steps saw."""
        return float(units.wavenumbers_per_cm(self.nodes_eV_per_A2_amu).max())

    def heat_capacity_summary(self) -> list[dict[str, float]]:
        """Return the ``heat_capacity`` list of the JSON output, with the errors."""
        errors = zip(self.standard_error_J_per_g_K, self.bias_estimate_J_per_g_K, strict=True)
        return [
            {
                **row,
                "standard_error_J_per_g_K": float(scatter),
                "bias_estimate_J_per_g_K": float(bias),
            }
            for row, (scatter, bias) in zip(super().heat_capacity_summary(), errors, strict=True)
        ]

    def spectrum_summary(self) -> dict[str, Any]:
        """Return the ``spectrum`` object of the JSON output; errors are the largest of all T."""
        return {
            "method": "probing",
            "products": self.n_products,
            "colours": self.n_colours,
            "probing_radius_A": self.radius_A,
            "lanczos_steps": self.n_steps,
            "standard_error_J_per_g_K": float(self.standard_error_J_per_g_K.max()),
            "bias_estimate_J_per_g_K": float(self.bias_estimate_J_per_g_K.max()),
            "seed": self.seed,
            "n_imaginary": self.n_imaginary,
            "lowest_wavenumber_per_cm": self.lowest_wavenumber_per_cm,
            "highest_wavenumber_per_cm": self.highest_wavenumber_per_cm,
            "products_method": self.method.name,
            "products_reason": self.method.reason,
            "step_A": self.method.step_A,
            "difference_error": self.difference_error,
            "predicted_memory_bytes": self.method.predicted_memory_bytes,
            "peak_memory_bytes": self.peak_memory_bytes,
            "seconds": self.seconds,
        }

    def chart(self, label: str = "") -> Chart:
        """Return the heat capacity in J/(g K) over the temperatures, with error bars."""
        points = Points(
            self.temperatures_K,
            self.heat_capacity_J_per_g_K,
            label,
            errors=self.error_bar_J_per_g_K,
        )
        return heat_capacity_axes(points.x, points.y + self.error_bar_J_per_g_K, (points,))

    def elements_chart(self) -> Chart:
        """Return mean and range of the atoms' heat capacities at the first temperature."""
        shares = self.atomic_heat_capacities_J_per_molatom_K[0]
        symbols = np.array(self.atoms.get_chemical_symbols())
        colors = element_colors(symbols.tolist())
        of_elements = {symbol: shares[symbols == symbol] for symbol in colors}
        places = np.arange(len(colors))[::-1].astype(np.float64)
        limit = CLASSICAL_LIMIT_J_PER_MOL_K
        parts = [
            f"{symbol} ({len(values)} atom{'' if len(values) == 1 else 's'}): {values.mean():.2f}, "
            f"from {values.min():.2f} to {values.max():.2f}"
            for symbol, values in of_elements.items()
        ]
        low, high = 1.08 * min(0.0, float(shares.min())), 1.08 * max(limit, float(shares.max()))
        return Chart(
            f"Heat capacity by element at {self.temperatures_K[0]:g} K",
            Axis("heat capacity / J mol⁻¹ K⁻¹", low, high),
            # Half a bar more for what is written beside the limit.
            Axis(
                "element",
                -0.5,
                float(len(places)),
                names=dict(zip(places.tolist(), colors, strict=True)),
            ),
            (
                Bars(
                    places,
                    values=np.array([each.mean() for each in of_elements.values()]),
                    lowest=np.array([each.min() for each in of_elements.values()]),
                    highest=np.array([each.max() for each in of_elements.values()]),
                    colors=list(colors.values()),
                ),
                Limit(limit, f"classical limit: {limit:.2f}", along="x", text_at="high"),
            ),
            f"Mean and range in J/(mol K). {'; '.join(parts)}. Classical limit: {limit:.2f}.",
        )

    def write_atomic_heat(self, path: str | os.PathLike[str]) -> None:
        """Write the structure with the heat capacity of each atom as extended XYZ.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        text = io.StringIO()
        self.to_ase().write(text, format="extxyz")
        write_text(path, text.getvalue())

    def to_ase(self, temperature: int = 0) -> Atoms:
        """Return the structure with the heat capacity of each atom as an array.

        Parameters
        ----------
        temperature
            Which of the temperatures, by its place.

        Returns
        -------
        Atoms
            With ``arrays["heat_capacity_J_per_molatom_K"]``.
        """
        atoms: Atoms = self.atoms.copy()
        atoms.set_array(ATOMIC_KEY, self.atomic_heat_capacities_J_per_molatom_K[temperature])
        atoms.info["temperature_K"] = float(self.temperatures_K[temperature])
        return atoms
