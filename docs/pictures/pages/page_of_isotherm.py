"""The page of an isotherm of methane in MOF-5."""

from pathlib import Path

from browser import photograph, run
from crystals import METHANE_FIELD, MOF5, copied


def draw(path: Path) -> None:
    """Photograph what `--report` of `nearsight isotherm` writes."""
    asked = ("--gas", "CH4", "--pressures", "1", "5", "15", "35", "--report", "methane.html")
    short = ("--chains", "2", "--equilibration-blocks", "8", "--production-blocks", "20")
    run("isotherm", copied(MOF5), "--model", METHANE_FIELD, *asked, *short)
    photograph(Path("methane.html"), path, 1100, 920, top=2200)
