"""What every family's loader is asked for, and the one question it must ask back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nearsight.errors import ModelError


@dataclass(frozen=True)
class LoadRequest:
    """A model to load."""

    name: str
    """The name the user gave, such as ``sevennet-0`` or ``sevennet:checkpoint.pth``."""
    target: str
    """What the family is to load: the name, or what follows ``family:``."""
    dtype: str
    """``float32`` or ``float64``."""
    device: str
    """``cpu``, ``cuda``, or ``cuda:1`` and so on."""
    trust: bool
    """Whether a checkpoint that may run code when loaded is allowed to."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What followed the name as ``?key=value&key=value``, such as a charge, as it was written."""


def require_trust(path: Path, sha256: str, known: Collection[str], request: LoadRequest) -> None:
    """Check that a pickled checkpoint is either known or trusted by the user.

    Raises
    ------
    ModelError
        The digest is unknown and the user did not vouch for the file.
    """
    if sha256 not in known and not request.trust:
        raise ModelError(
            f"{path} (sha256 {sha256[:12]}...) is a pickled checkpoint, which can run any code "
            f"when it is loaded, and it is not one that Nearsight knows. If you trust where it "
            f"comes from, load it with `trust`."
        )
