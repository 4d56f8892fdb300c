"""What must hold before anything is installed."""

import os
import shutil
from pathlib import Path

from nearsight.errors import InstallationError
from nearsight.models.environments.places import Place
from nearsight.models.family import Family

_GPU_BUILD_MB = 4000
"""What a PyTorch for NVIDIA GPUs takes more than one for CPUs, measured."""


def require_something_to_install(family: Family) -> None:
    """Check that the family needs more than Nearsight itself.

    Raises
    ------
    InstallationError
        It does not.
    """
    if not family.steps:
        raise InstallationError(
            f"{family.name} needs no environment: what it needs is installed with Nearsight."
        )


def require_licence(family: Family, *, accepted: bool) -> None:
    """Check that a licence that restricts is accepted.

    Raises
    ------
    InstallationError
        It is not; with what it asks.
    """
    restriction = family.restriction
    if restriction is not None and not accepted:
        raise InstallationError(
            f"the weights of {family.name} are under the {restriction.licence}. "
            f"{restriction.terms}. Read it at {restriction.address}; then accept it "
            f"(`accept_licence`)."
        )


def make_writable(root: Path) -> None:
    """Make the folder of all environments where it is missing.

    Raises
    ------
    InstallationError
        It cannot be made, or may not be written.
    """
    elsewhere = "put the environments elsewhere with NEARSIGHT_ENVIRONMENTS."
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InstallationError(
            f"the folder of environments {root} cannot be made ({error.strerror}); {elsewhere}"
        ) from error
    if not os.access(root, os.W_OK | os.X_OK):
        raise InstallationError(f"the folder {root} may not be written; {elsewhere}")


def require_space(place: Place, family: Family, *, for_gpu: bool) -> None:
    """Check that the disk has room for the environment.

    Raises
    ------
    InstallationError
        It has not; with how much is needed and there.
    """
    needed = family.size_MB + (_GPU_BUILD_MB if for_gpu else 0)
    free = shutil.disk_usage(place.root).free / 1e6
    if free < needed:
        raise InstallationError(
            f"the environment of {family.name} takes about {needed} MB, but {place.root} has room "
            f"for {free:.0f} MB. Free some space, or put the environments elsewhere with "
            f"NEARSIGHT_ENVIRONMENTS."
        )
