"""A calculation of a campaign that is still to be done."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """A calculation that is still to be done."""

    key: str
    sha256: str
    """Digest of its structure."""
    name: str
    """The first name of that."""
    workflow: str
    n_atoms: int
    deaths: int
