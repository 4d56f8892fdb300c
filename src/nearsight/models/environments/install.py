"""The verb `install`: an environment for one family, complete or not at all."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import nearsight
from nearsight.errors import InstallationError
from nearsight.models.environments.locking import locked
from nearsight.models.environments.places import Place
from nearsight.models.environments.preconditions import (
    make_writable,
    require_licence,
    require_something_to_install,
    require_space,
)
from nearsight.models.environments.remove import take_away
from nearsight.models.environments.running import Runner
from nearsight.models.environments.source import requirement, requirement_of
from nearsight.models.environments.state import Environment, State, find
from nearsight.models.environments.tools import ONLY_INSTALLED, Command, Tool, choose_tool
from nearsight.models.environments.torch_build import TorchChoice, choose_torch
from nearsight.models.families import FAMILIES, steps_of, third_parties
from nearsight.models.family import TORCH, Family, Step
from nearsight.progress import Progress, as_progress

_ASK = """
import importlib.util, json, platform
build = None
if importlib.util.find_spec("torch"):
    import torch
    device = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPUs"
    build = f"{torch.__version__}, for {device}"
print(json.dumps([platform.python_version(), build]))
"""


@dataclass(frozen=True)
class _Plan:
    """Everything that is decided before anything is written."""

    place: Place
    family: Family
    tool: Tool
    torch: TorchChoice
    own: tuple[str, ...]
    """The arguments that install Nearsight."""
    bringing: tuple[str, ...]
    """The arguments that install the package that brings the family; none for one of Nearsight."""


@dataclass(frozen=True)
class _Work:
    """A command with what it does, for the progress bar."""

    what: str
    command: Command


def install(
    family: str, *, accept_licence: bool = False, progress: Progress | bool | None = None
) -> Environment:
    """Make the environment of a family, unless it is there already.

    Where PyTorch is needed it comes first and is pinned, so that nothing replaces it; then the
    family's packages, and those that carry weights; then the Nearsight that runs here, and the
    package that brings the family where that is another one. The record that makes the environment
    complete is written when the family's file can be imported there. A half-made environment is
    made anew.

    Parameters
    ----------
    family
        Name of a family, such as ``mace``.
    accept_licence
        Whether the user accepts the licence of a family that restricts what its weights are for.
    progress
        How far it has come: see `nearsight.progress.Progress`.

    Returns
    -------
    Environment
        What is installed there.

    Raises
    ------
    InstallationError
        Licence, Python, room on the disk or the folder are not as they must be, another process is
        at it, or an installer failed. Nothing but a log file is left then.
    """
    of = FAMILIES[family]
    require_something_to_install(of)
    require_licence(of, accepted=accept_licence)
    tool = choose_tool(of)
    own, bringing = requirement(), _bringing(family)
    place = Place.of(family)
    make_writable(place.root)
    with locked(place.lock, f"the environment of {family}") as descriptor:
        state, environment = find(family)
        if state is State.COMPLETE and environment is not None:
            return environment
        torch = choose_torch()
        require_space(place, of, for_gpu=torch.for_gpu and of.framework == "torch")
        take_away(place)
        place.log.unlink(missing_ok=True)
        try:
            plan = _Plan(place, of, tool, torch, own, bringing)
            return _build(plan, Runner(family, place.log, descriptor), progress)
        except BaseException as error:  # also of an interruption: a part is of no use
            shutil.rmtree(place.folder, ignore_errors=True)
            if isinstance(error, OSError):  # a full disk, for one
                raise InstallationError(
                    f"{family} cannot be installed in {place.folder}: {error.strerror}. Free some "
                    f"space, or put the environments elsewhere with NEARSIGHT_ENVIRONMENTS."
                ) from error
            raise


def _bringing(family: str) -> tuple[str, ...]:
    for other in third_parties().families:
        if other.family.name == family and other.distribution is not None:
            return requirement_of(other.distribution)
    return ()


def _build(plan: _Plan, runner: Runner, progress: Progress | bool | None) -> Environment:
    start = perf_counter()
    place, tool = plan.place, plan.tool
    work = _work(plan)
    said = ""
    with as_progress(progress).task(f"Installing {place.family}", len(work)) as advance:
        for done, one in enumerate(work):
            said = runner.run(one.command, _shown(advance, done, one.what))
        advance(len(work), "")
    answer = next(line for line in reversed(said.splitlines()) if line.startswith("["))
    python, build = json.loads(answer)
    packages = runner.run(tool.freeze(place), lambda _line: None).split("\n")
    environment = Environment(
        family=place.family,
        python=python,
        nearsight=nearsight.__version__,
        source=plan.own[-1],
        installer=tool.version(place),
        torch=build,
        torch_choice=plan.torch.reason if build else None,
        packages=tuple(line for line in packages if line),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(perf_counter() - start, 1),
        size_MB=round(_size_MB(place.folder), 1),
    )
    environment.write(place.record)
    return environment


def _work(plan: _Plan) -> list[_Work]:
    """Return all commands in their order; the last one says what came of them."""
    place, tool = plan.place, plan.tool
    place.folder.mkdir()
    constraints = place.folder / "constraints.txt"
    constraints.write_text(f"{TORCH}\n", encoding="utf-8")
    python = [str(place.python), ONLY_INSTALLED]
    first = _Work("PyTorch", tool.install(place, Step((TORCH,)), constraints, plan.torch.index))
    return [
        _Work("the virtual environment", tool.create(place, plan.family)),
        *((first,) if plan.family.framework == "torch" else ()),
        *(
            _Work(step.requirements[0], tool.install(place, step, constraints))
            for step in steps_of(plan.family)
        ),
        _Work("Nearsight", tool.install(place, Step(plan.own), constraints)),
        *(
            _Work(package, tool.install(place, Step(plan.bringing), constraints))
            for package in plan.bringing[-1:]
        ),
        _Work("whether it can be imported", [*python, "-c", f"import {plan.family.module}"]),
        _Work("PyTorch's build", [*python, "-c", _ASK]),
    ]


def _shown(advance: Callable[[int, str], None], done: int, what: str) -> Callable[[str], None]:
    advance(done, what)

    def note(line: str) -> None:
        verb, _, package = line.partition(" ")
        if verb in {"Collecting", "Downloading"}:
            advance(done, re.split(r"[^\w.]", package, maxsplit=1)[0])
        elif verb == "Installing":
            advance(done, what)

    return note


def _size_MB(folder: Path) -> float:
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / 1e6
