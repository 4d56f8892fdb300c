"""Which functional belongs to a name or to a level of theory.

Without `torch-dftd`, so that a model can be asked for where that package is in another environment.
"""

import difflib
import re

from nearsight.errors import ModelError

# What torch-dftd 0.5 has Becke-Johnson parameters for; it cannot list the names itself.
_NAMES = """
b-lyp b-p b1b95 b2-plyp b2gp-plyp b3-lyp b3-lyp/6-31gd b3pw91 b97-3c b97-d bh-lyp bmk bop bpbe
cam-b3lyp dftb3 dsd-blyp dsd-blyp-fc hcth120 hf hf/minis hf/mixed hf/sv hf3c hf3cv hse06 hsesol
lc-wpbe mpw1b95 mpwlyp o-lyp opbe otpss pbe pbe0 pbeh-3c pbesol ptpss pw1pw pw6b95 pwb6k pwgga
pwpb95 r2scan revpbe revpbe0 revpbe38 revssb rpbe rpw86-pbe rscan ssb tpss tpss0 tpssh
"""
FUNCTIONALS = tuple(_NAMES.split())
_BY_LETTERS = {name.replace("-", ""): name for name in FUNCTIONALS}
# The GFN methods have D3 or D4 in them.
_DISPERSION_INCLUDED = ("d2", "d3", "d4", "vv10", "vdw", "mbd", "rvv10", "gfn")


def functional_named(name: str) -> str:
    """Return the name of a functional as torch-dftd writes it, given in any case and hyphenation.

    Raises
    ------
    ModelError
        There are no parameters for it; with names that are close.
    """
    letters = name.lower().replace("-", "")
    if letters in _BY_LETTERS:
        return _BY_LETTERS[letters]
    close = [_BY_LETTERS[key] for key in difflib.get_close_matches(letters, _BY_LETTERS, n=3)]
    hint = f"Did you mean {' or '.join(close)}?" if close else f"Known: {', '.join(FUNCTIONALS)}."
    raise ModelError(f"D3(BJ) has no parameters for the functional {name!r}. {hint}")


def includes_dispersion(level_of_theory: str) -> bool:
    """Tell whether a level of theory says that it has dispersion, by itself or added."""
    words = re.split(r"[^a-z0-9]+", level_of_theory.lower())
    return any(word.startswith(_DISPERSION_INCLUDED) for word in words)  # d3bj, too


def functional_of(level_of_theory: str | None, name: str) -> str:
    """Return the functional that a model called `name` was trained on, from its level of theory.

    Raises
    ------
    ModelError
        The level of theory is not known, has dispersion already, or has no parameters.
    """
    remedy = f"Name one with parameters, such as {name}+d3:pbe."
    if level_of_theory is None:
        raise ModelError(f"{name} does not say which functional it was trained on. {remedy}")
    if includes_dispersion(level_of_theory):
        raise ModelError(
            f"{name} was trained on {level_of_theory}, which has dispersion already: D3 on top "
            f"would count it twice. Use {name} alone."
        )
    leading = re.findall(r"[\w/-]+", level_of_theory)[:1]  # "PBE" of "PBE (+U as in ...)"
    functional = _BY_LETTERS.get("".join(leading).lower().replace("-", ""))
    if functional is None:
        raise ModelError(
            f"D3(BJ) has no parameters for {level_of_theory}, which {name} was trained on. {remedy}"
        )
    return functional
