"""Files of insertions that are suspected."""

import io

import numpy as np
from ase.io import write

from nearsight.adsorption.result import Adsorption
from nearsight.storage import write_text


def write_suspected(path: str, adsorption: Adsorption) -> None:
    """Write what was suspected as extended XYZ, each with the framework, energy and reasons.

    A file without frames says that there was nothing.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    text = io.StringIO()
    for frame, (sampling, cleaned) in enumerate(
        zip(adsorption.samplings, adsorption.cleaned, strict=True)
    ):
        wells, interaction = cleaned.examined, sampling.interaction
        sites_A = sampling.trials.placements.sites_A(interaction.gas.sites_A)
        for place in np.flatnonzero(wells.suspected):
            trial = int(wells.trials[place])
            together = interaction.with_guest(sites_A[trial])
            together.info = {
                "insertion": trial,
                "frame": frame,
                "interaction_energy_eV": float(sampling.trials.energies_eV[trial]),
                "reasons": "; ".join(wells.reasons(int(place))),
            }
            write(text, together, format="extxyz")
    write_text(path, text.getvalue())
