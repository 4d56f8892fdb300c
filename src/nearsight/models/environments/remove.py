"""The verb `remove`: take an environment away."""

import shutil

from nearsight.errors import InstallationError
from nearsight.models.environments.locking import locked
from nearsight.models.environments.places import Place
from nearsight.models.environments.preconditions import make_writable


def remove(family: str) -> None:
    """Remove the environment of a family, whole or half made.

    Parameters
    ----------
    family
        Name of the family.

    Raises
    ------
    InstallationError
        There is none, another process is at it, or its files may not be removed.
    """
    place = Place.of(family)
    if not place.folder.exists():
        raise InstallationError(f"{family} has no environment in {place.root}.")
    make_writable(place.root)
    with locked(place.lock, f"the environment of {family}"):
        take_away(place)
        place.log.unlink(missing_ok=True)


def take_away(place: Place) -> None:
    """Remove what there is of an environment, if anything.

    Raises
    ------
    InstallationError
        Its files may not be removed.
    """
    if not place.folder.exists():
        return
    try:
        place.record.unlink(missing_ok=True)  # first, so that no part counts as the whole
        shutil.rmtree(place.folder)
    except OSError as error:
        raise InstallationError(
            f"{place.folder} cannot be removed ({error.strerror}); remove it by hand."
        ) from error
