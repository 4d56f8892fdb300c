"""What probing estimates over the number of products, beside the sum over all vibrations."""

from pathlib import Path

from ase import Atoms
from ase.build import bulk
from drawing import panels

from nearsight.hessian import HessianOperator, hessian
from nearsight.models import Model, load_model
from nearsight.relaxation import relax
from nearsight.vibrations import probe_heat_capacity, thermodynamics, vibrations

RADII_A = (2.0, 2.9, 4.0)
STEPS = (2, 3, 4, 5, 6)
TEMPERATURES_K = (25.0, 50.0, 100.0)
WARMEST = len(TEMPERATURES_K) - 1


def draw(path: Path) -> None:
    """Draw estimates over the radius, and errors over the Lanczos steps."""
    model = load_model("ase:emt")
    solid = alloy(model)
    exact = thermodynamics(vibrations(hessian(solid, model)), TEMPERATURES_K)
    values = exact.heat_capacity_J_per_g_K
    operator = HessianOperator(solid, model)
    figure, (left, right) = panels(beside=2)
    products = []
    for radius in RADII_A:
        found = probe_heat_capacity(operator, TEMPERATURES_K, radius_A=radius, n_steps=6)
        value, error = found.heat_capacity_J_per_g_K[WARMEST], found.error_bar_J_per_g_K[WARMEST]
        label = f"R = {radius:g} Å"
        left.errorbar(found.n_products, value, yerr=error, fmt="o", capsize=4, label=label)
        products.append(found.n_products)
    left.axhline(values[WARMEST], color="k", linewidth=1.0, label="all 321 vibrations")
    left.set(xlabel="products", ylabel="c_v(100 K) / J/(g K)", xscale="log")
    left.minorticks_off()
    left.set_xticks(products, map(str, products))
    left.margins(x=0.15)
    left.legend()
    of_steps = [
        probe_heat_capacity(operator, TEMPERATURES_K, n_steps=steps).heat_capacity_J_per_g_K
        for steps in STEPS
    ]
    for number, temperature in enumerate(TEMPERATURES_K):
        errors = [abs(found[number] / values[number] - 1) for found in of_steps]
        right.semilogy(STEPS, errors, f"C{number}o-", label=f"{temperature:g} K")
    right.set(xlabel="Lanczos steps m", ylabel="relative error of c_v", xticks=STEPS)
    right.legend()
    figure.savefig(path)


def alloy(model: Model) -> Atoms:
    """Return 108 atoms of copper, four of them gold, without symmetry."""
    crystal = bulk("Cu", cubic=True) * (3, 3, 3)
    crystal.symbols[[0, 17, 40, 77]] = "Au"
    crystal.rattle(0.05, seed=1)
    return relax(crystal, model).atoms
