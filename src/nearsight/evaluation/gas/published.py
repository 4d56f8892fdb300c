"""Drifts of other models, from a thesis that had the same gas."""

from collections.abc import Mapping

SOURCE = "Strunk, BSc thesis, TU Munich 2025, section 5.1.4"

DRIFTS_MEV_PER_PS: Mapping[str, float] = {
    "Orb-v2": 241.5,
    "Orb-v3 direct": 78.1,
    "Orb-v3 conservative": 9.4,
    "SevenNet-MF-ompa": 0.30,
    "Nequix": 0.26,
    "eSEN": 0.26,
}
"""Of 50 molecules of carbon dioxide in a box of 25 Å at 400 K and constant energy."""
