"""Where a run tells what could not be written, while it goes on."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

_logger = logging.getLogger("nearsight.runs")


def _log_defect(error: BaseException) -> None:
    _logger.error("a defect: %s", error, exc_info=error)


@dataclass(frozen=True)
class Told:
    """What is called with a sentence, and with what is a defect; by default a log has both."""

    say: Callable[[str], object] = _logger.error
    defect: Callable[[BaseException], object] = _log_defect


LOGGED = Told()
