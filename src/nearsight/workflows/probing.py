"""Heat capacities from products with the Hessian."""

from pathlib import Path

from nearsight.hessian.products.operator import HessianOperator
from nearsight.provenance import Setting
from nearsight.records.results import ProbedResults
from nearsight.vibrations.lowest import LowestModes, lowest_modes
from nearsight.vibrations.probed_heat_capacity import ProbedHeatCapacity
from nearsight.vibrations.probing import probe_heat_capacity
from nearsight.vibrations.settings import DEFAULT_RADIUS_A
from nearsight.workflows.context import Context
from nearsight.workflows.prepare import Prepared
from nearsight.workflows.second_derivatives import supercell_of
from nearsight.workflows.settings import HeatCapacitySettings

_MOST_ATOMS_FOR_MODES = 1000
_SOUGHT_MODES = 4
"""Where imaginary modes were seen and nobody asked for any."""


def probe(
    prepared: Prepared,
    context: Context,
    settings: HeatCapacitySettings,
    reason: str,
) -> ProbedResults:
    """Probe the heat capacity of a relaxed structure, or of the supercell that was asked for.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.
    """
    cell, probing = supercell_of(prepared, context, settings), settings.probing
    operator = HessianOperator(
        cell.atoms,
        context.model,
        probing.products or "auto",
        memory_budget_bytes=context.memory_bytes,
    )
    radius_A = probing.radius_A or DEFAULT_RADIUS_A

    def finished_products(kind: str, **deciding: Setting) -> Path | None:
        return context.file(cell.atoms, kind, **deciding, **operator.method.settings())

    checkpoint = finished_products("products", radius_A=radius_A)

    def probed(lowest: LowestModes | None) -> ProbedHeatCapacity:
        return probe_heat_capacity(
            operator,
            settings.thermodynamics.temperatures_K,
            settings.thermodynamics.acoustic or "exclude",
            radius_A=radius_A,
            n_steps=probing.lanczos_steps,
            scale_factor=settings.thermodynamics.scale_factor,
            lowest=lowest,
            checkpoint=checkpoint,
            progress=context.progress,
        )

    def lowest(n_modes: int) -> LowestModes:
        file = finished_products("lowest", n_modes=n_modes)
        modes = lowest_modes(operator, n_modes, checkpoint=file, progress=context.progress)
        context.unfinished.done(file)
        return modes

    heat = probed(lowest(probing.lowest_modes) if probing.lowest_modes else None)
    seek = heat.saw_imaginary and not probing.lowest_modes
    if seek and len(cell.atoms) <= _MOST_ATOMS_FOR_MODES:
        n_modes = 3 * len(cell.atoms) - heat.n_rigid_body
        heat = probed(lowest(min(_SOUGHT_MODES, n_modes)))
    context.unfinished.done(checkpoint)
    return ProbedResults(
        context.name, heat, prepared.relaxation, cell.settings, reason, prepared.warnings
    )
