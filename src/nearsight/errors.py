"""Errors that tell a user what was wrong, with which value, and what to do."""

import signal


class NearsightError(Exception):
    """Base of every error that the user can act on.

    The command line prints its message without a traceback; anything else that is raised is a
    defect of Nearsight and keeps its traceback.
    """


class NearsightWarning(UserWarning):
    """What must be known before a number is used; results have it in ``warnings`` too.

    The command line prints these with the numbers. ``warnings.filterwarnings("ignore",
    category=NearsightWarning)`` silences them, and ``"error"`` makes them errors.
    """


class StructureError(NearsightError):
    """A structure cannot be read, or is not one that a calculation can start from."""


class ModelError(NearsightError):
    """A model cannot be loaded, does not know an element, or answered with something unusable."""


class MissingPropertyError(ModelError):
    """A model has no stress, or whatever else was asked for, of any structure."""


class ModelDiedError(ModelError):
    """The process of a model in another environment ended, or hung, before it answered."""

    def __init__(self, message: str, how: str = "") -> None:
        super().__init__(message)
        self.how = how
        """How it ended, as a predicate: ``was killed by SIGSEGV``."""


class InstallationError(NearsightError):
    """An environment for a family of models cannot be made or removed."""


class MethodError(NearsightError):
    """What was asked for is not possible with this model, structure or setting."""


class SettingError(MethodError):
    """A setting is unknown, of another type, or outside of what it may be."""

    def __init__(self, message: str, setting: str = "") -> None:
        super().__init__(message)
        self.setting = setting
        """Its name, with those of the groups that it is in: ``relaxation.fmax_eV_per_A``."""


class MemoryBudgetError(NearsightError):
    """No method fits into the memory that may be used."""


class CheckpointError(NearsightError):
    """A checkpoint or result file is damaged, or belongs to another calculation."""


class StorageError(NearsightError):
    """A file could not be written; what was there before is still intact."""


class ExecutionError(NearsightError):
    """A task cannot be given to another process, or what came of it cannot be brought back."""


class ProcessDiedError(ExecutionError):
    """A process ended before the task that it worked on was done; other tasks were not touched."""

    def __init__(
        self, message: str, task: str = "", status: int | None = None, has_begun: bool = False
    ) -> None:
        super().__init__(message)
        self.task = task
        """The function, and what it was called with."""
        self.status = status
        """The exit code; minus the number of the signal that ended it; None if not known."""
        self.has_begun = has_begun
        """Whether it is known that the process had begun with the task."""

    @property
    def was_asked_to_end(self) -> bool:
        """Whether the process ended because somebody asked it to, as queues do."""
        asked = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
        return self.status is not None and -self.status in asked


def system_message(error: OSError) -> str:
    """Return what to tell a user to whom the operating system has refused something.

    Examples
    --------
    >>> from nearsight.errors import system_message
    >>> print(system_message(OSError(28, "No space left on device")))
    the system refused what is needed: No space left on device; remove the cause.
    """
    where = "" if error.filename is None else f" ({error.filename})"
    said = error.strerror or str(error) or type(error).__name__
    return f"the system refused what is needed: {said}{where}; remove the cause."
