"""``nearsight models install``."""

import argparse
import sys
import textwrap

from nearsight.errors import InstallationError
from nearsight.models.environments import Place, State, find, install
from nearsight.models.families import MODELS, family_named
from nearsight.models.family import Family, Restriction
from nearsight.tables.lines import print_line
from nearsight.terminal.logs import progress_for
from nearsight.terminal.streams import say

_INTERRUPTED = 130


def run(arguments: argparse.Namespace) -> int:
    """Make the environment of a family and print what is in it."""
    family = family_named(arguments.name)
    model = MODELS.get(arguments.name.lower())
    print(f"{family.name}")
    weights = "" if model is None else f"; weights of {model.name}: {model.licence or 'not known'}"
    print_line("licence", f"{family.licence}{weights}")
    accepted = arguments.accept_licence or _asked(family)
    place = Place.of(family.name)
    if find(family.name)[0] is State.COMPLETE:
        print_line("environment", "installed already; `nearsight models remove` first to renew it")
        return 0
    try:
        environment = install(
            family.name, accept_licence=accepted, progress=progress_for(arguments)
        )
    except KeyboardInterrupt:
        print(file=sys.stderr)
        say(f"interrupted. Nothing of {family.name} is left; the same command begins again.")
        return _INTERRUPTED
    print_line(
        "environment",
        f"Python {environment.python}, {len(environment.packages)} packages, "
        f"{environment.size_MB:.0f} MB in {environment.seconds:.0f} s with {environment.installer}",
    )
    if environment.torch is not None:
        print_line("torch", f"{environment.torch}: {environment.torch_choice}")
    print(f"  {'in':<12}{place.folder}")
    return 0


def _asked(family: Family) -> bool:
    """Return whether the user accepts a licence that restricts; False where there is none to."""
    if family.restriction is None:
        return False
    _show(family.restriction)
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    answer = input("Do you accept this licence? [y/N] ")
    if answer.strip().lower() not in {"y", "yes"}:
        raise InstallationError(f"the licence was not accepted; {family.name} is not installed.")
    return True


def _show(restriction: Restriction) -> None:
    print_line("restricted", restriction.licence)
    print_line("", f"{textwrap.dedent(restriction.terms)}.")
    print(f"  {'':<12}{restriction.address}")
