"""Names of equations of state, which settings have before anything is computed."""

from typing import Final

EQUATIONS: Final = ("reference", "peng-robinson", "ideal")
