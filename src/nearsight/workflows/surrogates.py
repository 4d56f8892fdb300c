"""The cheap level of an isotherm: loaded, and trained where that is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nearsight.adsorption.gases import Gas, gas_of
from nearsight.adsorption.gcmc.exchange import Exchange, cheap_level
from nearsight.adsorption.gcmc.guest_pairs import GuestPairs
from nearsight.adsorption.gcmc.kept_surrogate import KeptSurrogate, digest_of
from nearsight.adsorption.gcmc.learning import Learnt
from nearsight.adsorption.gcmc.pair_training import pair_training, trained_level
from nearsight.adsorption.gcmc.samples import Sampled
from nearsight.adsorption.gcmc.sampling import System
from nearsight.adsorption.trials import Trials
from nearsight.fingerprint import fingerprint, json_sha256
from nearsight.models.contract import Model
from nearsight.models.spec import ModelSpec
from nearsight.provenance import Setting
from nearsight.structures.molecules import SITE_TYPE
from nearsight.workflows.adsorption_settings import IsothermSettings
from nearsight.workflows.context import Context
from nearsight.workflows.exchange_checks import require_cheap


def cheap_of(context: Context, settings: IsothermSettings) -> tuple[Model, Gas] | None:
    """Return what makes many moves as one proposal, and the molecule as that has it.

    Raises
    ------
    ModelError
        It cannot be loaded, or cannot compute the framework or the molecule.
    """
    name = settings.exchange.proposing
    if name is None:
        return None
    given = context.given
    trust = isinstance(given, ModelSpec) and given.trust
    cheap = cheap_level(name, settings.exchange.cheap_dtype, context.resources, trust=trust)
    theirs = gas_of(settings.insertion.gas, cheap)
    if settings.exchange.cheap is None:  # UFF, which has types of elements and no molecules
        theirs.atoms.set_array(SITE_TYPE, np.array(theirs.atoms.get_chemical_symbols()))
    require_cheap(cheap, context.model, context.atoms, theirs)
    return cheap, theirs


@dataclass(frozen=True)
class Surrogate:
    """What is trained on top of the cheap level, or was."""

    exchange: Exchange
    learnt: Learnt | None
    """What a file has; None to train."""
    file: KeptSurrogate | None
    run: str
    """Digest of the run."""

    @property
    def deciding(self) -> Setting:
        """What the run depends on."""
        return "train" if self.learnt is None else digest_of(self.learnt)

    def added_to(self, system: System, trials: Trials) -> System:
        """Return a system whose cheap level is trained, or was.

        Raises
        ------
        MethodError
            There are too few insertions to begin with.
        """
        exchange = self.exchange
        pairs = GuestPairs(exchange.framework, exchange.gas)
        if self.learnt is not None:
            return replace(system, level=trained_level(pairs, system.level, self.learnt))
        training = pair_training(
            pairs,
            system.level,
            trials,
            exchange.gas.sites_A,
            system.ensemble.thermal_eV,
            offset_eV=exchange.offset_eV,
        )
        return replace(system, training=training)

    def keep(self, sampled: Sampled) -> None:
        """Write what a run has learnt.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        if self.file is not None and sampled.learnt is not None:
            self.file.write(sampled.learnt, self.run)


def surrogate_of(
    context: Context,
    settings: IsothermSettings,
    exchange: Exchange,
    deciding: Mapping[str, Setting],
) -> Surrogate | None:
    """Return what is trained, or taken from a file; None where neither is asked for.

    Parameters
    ----------
    context, settings, exchange
        Of the isotherm.
    deciding
        What a run that trains depends on.

    Raises
    ------
    CheckpointError
        The file is damaged, or was trained for something else.
    """
    asked = settings.exchange.surrogate
    if asked is None:
        return None
    assert exchange.cheap is not None
    identity = context.model.identity
    run = json_sha256(fingerprint(context.atoms, identity, deciding))
    if asked == "train":
        return Surrogate(exchange, None, None, run)
    gas = exchange.gas
    of_surrogate: dict[str, Setting] = {
        "molecule": [gas.atoms.numbers.tolist(), gas.sites_A.round(9).tolist()],
        "base": json_sha256(exchange.cheap.identity.deciding()),
        "offset_eV": exchange.offset_eV,
    }
    file = KeptSurrogate(Path(asked), fingerprint(context.atoms, identity, of_surrogate))
    return Surrogate(exchange, file.read(run), file, run)
