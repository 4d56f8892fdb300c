"""Whether this process is a worker, which must start no other."""

_place = {"worker": False}


def enter_worker() -> None:
    """Make this process a worker, for the rest of its life."""
    _place["worker"] = True


def in_worker() -> bool:
    """Tell whether this process is a worker."""
    return _place["worker"]
