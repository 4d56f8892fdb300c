"""The figure that `nearsight heat-capacity --plot` draws."""

from pathlib import Path

from browser import run
from crystals import QUARTZ, copied


def draw(path: Path) -> None:
    """Let the command draw quartz from 50 to 600 K."""
    run("heat-capacity", copied(QUARTZ), "--temperature", "50:600:50", "--plot", str(path))
