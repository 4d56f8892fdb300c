"""Pockets of a framework, or of its snapshots, by a force field."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.adsorption.energy_grid import BARRIER, METHOD, energy_grid
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.pockets import Pockets, pockets_of
from nearsight.adsorption.result import PocketReport
from nearsight.adsorption.sampling import Sampling, without_pockets
from nearsight.adsorption.settings import InsertionSettings
from nearsight.adsorption.trials import joined
from nearsight.errors import MethodError, ModelError, StructureError
from nearsight.units import BOLTZMANN_EV_PER_K


@dataclass(frozen=True, eq=False)
class PocketsByUFF:
    """Where a gas comes to in each snapshot."""

    of_frames: tuple[Pockets | None, ...]
    """One for each snapshot; None where they were not looked for."""
    spacing_A: float
    helium_void_fraction: float | None
    """Mean over snapshots; None where it was not computed."""
    reason: str | None
    """Why pockets were not looked for."""

    def blocked(self, samplings: Sequence[Sampling]) -> tuple[Sampling, ...]:
        """Return samplings in which places in pockets have no weight."""
        return tuple(
            sampling if pockets is None else without_pockets(sampling, pockets)
            for sampling, pockets in zip(samplings, self.of_frames, strict=True)
        )

    def report(
        self, samplings: Sequence[Sampling], temperature_K: float, *, is_blocked: bool
    ) -> PocketReport | None:
        """Return what pockets there are in the first snapshot, and the weight in those of all."""
        first = self.of_frames[0]
        if first is None:
            return None
        before, after = (
            joined([each.trials for each in some]).weights(temperature_K).log_mean
            for some in (samplings, self.blocked(samplings))
        )
        n_channels = sum(dimension > 0 for dimension in first.dimensions)
        return PocketReport(
            method=METHOD,
            barrier_eV=_barrier_eV(temperature_K),
            spacing_A=self.spacing_A,
            n_channels=n_channels,
            n_pockets=len(first.dimensions) - n_channels,
            share_blocked=0.0 if before == -np.inf else max(0.0, float(-np.expm1(after - before))),
            is_blocked=is_blocked,
        )


def pockets_by_uff(frames: Sequence[Atoms], gas: Gas, settings: InsertionSettings) -> PocketsByUFF:
    """Return the pockets of each snapshot of a framework at the first temperature.

    Raises
    ------
    MethodError
        They are to be blocked, and UFF does not know an element or cannot be computed here.
    """
    try:
        grids = [energy_grid(frame, gas) for frame in frames]
    except (ModelError, StructureError) as error:
        if settings.block_pockets:
            raise MethodError(
                f"pockets cannot be blocked: {error} Leave `block_pockets` out."
            ) from error
        return PocketsByUFF((None,) * len(frames), 0.0, None, str(error))
    highest_eV = _barrier_eV(settings.temperatures_K[0])
    return PocketsByUFF(
        tuple(pockets_of(grid.least_eV, highest_eV) for grid in grids),
        grids[0].spacing_A,
        float(np.mean([grid.helium_void_fraction for grid in grids])),
        None,
    )


def _barrier_eV(temperature_K: float) -> float:
    return BARRIER * BOLTZMANN_EV_PER_K * temperature_K
