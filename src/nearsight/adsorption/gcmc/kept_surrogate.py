"""A cheap level that was trained, in a file: for other pressures, and for later runs."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from nearsight.adsorption.gcmc.kept_samples import arrays_of, learnt_in
from nearsight.adsorption.gcmc.learning import Learnt
from nearsight.errors import CheckpointError
from nearsight.result_archives import load_archive, save_archive

_KIND = "surrogate"
_PARTS = {
    "structure": "another framework",
    "model": "another model, checkpoint or option",
    "settings": "another gas or base",
}


class KeptSurrogate:
    """The file of a trained level.

    Parameters
    ----------
    path
        The file.
    fingerprint
        Digests of the framework, the model, and the gas with what the fit is added to.
    """

    def __init__(self, path: Path, fingerprint: Mapping[str, str]) -> None:
        self.path = path
        self._fingerprint = dict(fingerprint)

    def read(self, run: str) -> Learnt | None:
        """Return what is in the file; None if there is none, or this very run has made it.

        Parameters
        ----------
        run
            Digest of the run that asks: the one that made the file makes it again, so that it has
            the same numbers each time.

        Raises
        ------
        CheckpointError
            The file is damaged, or was trained for something else.
        """
        if not self.path.exists():
            return None
        header, arrays = load_archive(self.path, _KIND)
        remedy = f"give another file as `surrogate`, or delete {self.path} to train it anew."
        try:
            theirs, ours = header["fingerprint"], self._fingerprint
            other = " and ".join(
                said for part, said in _PARTS.items() if theirs[part] != ours[part]
            )
            if other:
                raise CheckpointError(f"{self.path} was trained for {other}; {remedy}")
            return None if header["run"] == run else learnt_in(arrays)
        except KeyError as error:
            raise CheckpointError(f"{self.path} lacks {error}; {remedy}") from error

    def write(self, learnt: Learnt, run: str) -> None:
        """Write what was learnt by a run.

        Raises
        ------
        StorageError
            The file cannot be written; an older one is intact.
        """
        header = {"fingerprint": self._fingerprint, "run": run}
        save_archive(self.path, _KIND, header, arrays_of(learnt))


def digest_of(learnt: Learnt) -> str:
    """Return what tells one trained level from another."""
    digest = hashlib.sha256(learnt.coefficients_eV.tobytes())
    digest.update(learnt.lowest_eV.tobytes())
    return digest.hexdigest()
