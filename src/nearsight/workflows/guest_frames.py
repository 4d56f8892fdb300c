"""Kept configurations of an isotherm as a trajectory: the framework with its guests."""

import logging
import os
from collections.abc import Iterator, Sequence
from typing import IO

from ase import Atoms

from nearsight.adsorption.framework import Framework, with_guests
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.guests import wrapped
from nearsight.adsorption.gcmc.isotherm import Isotherm
from nearsight.dynamics.frames import frame_bytes, require_frames_name
from nearsight.errors import SettingError
from nearsight.storage import require_writable, write_atomically
from nearsight.structures.molecules import as_framework
from nearsight.workflows.adsorption_settings import IsothermSettings

_logger = logging.getLogger("nearsight.workflows")
_PER_MIB = 2**-20


def guest_frames(isotherm: Isotherm, gas: Gas) -> Iterator[Atoms]:
    """Yield each kept configuration in the supercell of the framework.

    They come by pressure, chain and sample, which ``info`` has beside the temperature, the number
    of molecules and the interaction energy that was sampled. The array ``molecule`` is -1 for the
    framework, and numbers the molecules from 1 on. Molecules are whole: their centres are in the
    cell, and atoms may reach out of it.

    Parameters
    ----------
    isotherm
        The run.
    gas
        Its molecule.
    """
    host = as_framework(isotherm.framework.atoms)
    sampled, ensemble = isotherm.sampled, isotherm.ensemble
    for point in isotherm.points:
        for chain in point.loading.chains.tolist():
            for each in sampled.kept:
                if each.chain != chain:
                    continue
                sites_A = wrapped(each.configuration, ensemble.cell_A).sites_A(gas.sites_A)
                frame = with_guests(host, gas, sites_A)
                frame.info = {
                    "pressure_Pa": point.bulk.pressure_Pa,
                    "temperature_K": ensemble.temperature_K,
                    "chain": chain,
                    "sample": each.sample,
                    "n_molecules": len(each.configuration),
                    "interaction_energy_eV": float(
                        sampled.production.energies_eV[each.sample, chain]
                    ),
                }
                yield frame


def write_guest_frames(
    path: str | os.PathLike[str], isotherms: Sequence[Isotherm], gas: Gas
) -> None:
    """Write kept configurations as extended XYZ; a name that ends in ``.gz`` has it compressed.

    Those of one temperature come after another.

    Raises
    ------
    StorageError
        It cannot be written.
    """

    def write(file: IO[bytes]) -> None:
        for isotherm in isotherms:
            for frame in guest_frames(isotherm, gas):
                file.write(frame_bytes(frame, path))

    write_atomically(path, write)


def require_kept(settings: IsothermSettings) -> None:
    """Check that configurations will be kept, for what is made of them.

    Raises
    ------
    SettingError
        The run is too short.
    """
    every = settings.exchange.schedule(0).kept_every
    n_samples = settings.exchange.n_samples
    if n_samples < every:
        raise SettingError(
            f"of `samples` times `production_blocks`, {n_samples}, no configuration is kept, which "
            f"is one of {every}; make more of them.",
            "exchange.samples",
        )


def prepare_guest_frames(
    path: str | os.PathLike[str], settings: IsothermSettings, framework: Framework
) -> None:
    """Check that a trajectory can be written before anything is sampled, and say how large it is.

    Raises
    ------
    SettingError
        Its name does not end as that of a trajectory, or there will be nothing in it.
    StorageError
        It cannot be written.
    """
    require_frames_name(path)
    require_writable(path)
    require_kept(settings)
    exchange = settings.exchange
    n_kept = exchange.n_samples // exchange.schedule(0).kept_every
    n_runs = len(settings.insertion.temperatures_K)
    n_frames = n_kept * exchange.chains * len(exchange.pressures_bar) * n_runs
    each = len(frame_bytes(as_framework(framework.atoms), path))
    _logger.info(
        "%s will have %d frames of %d atoms and molecules, %.3g MiB without these",
        path,
        n_frames,
        len(framework.atoms),
        n_frames * each * _PER_MIB,
    )
