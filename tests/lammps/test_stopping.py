"""What a model raises, or a user interrupts, stops LAMMPS where it is."""

import os
import signal
from collections.abc import Callable

import numpy as np
import pytest

from argon_in_lammps import ARGON, CUTOFF_A, NO_PAIRS, argon_commands
from lennard_jones import LennardJones
from nearsight.errors import ModelError
from nearsight.lammps.attached import AttachedModel, attach
from nearsight.models.engines.ase_model import AseModel


class Failing(LennardJones):
    """Argon that does something else from one call on."""

    def __init__(self, call: int, act: Callable[[], None]) -> None:
        super().__init__(ARGON, CUTOFF_A)
        self.call, self.act = call, act
        self.n_calls = 0

    def calculate(self, *arguments, **keywords) -> None:
        self.n_calls += 1
        if self.n_calls >= self.call:
            self.act()
        super().calculate(*arguments, **keywords)


def fail() -> None:
    raise RuntimeError("the network is gone")


@pytest.fixture
def failing(start) -> Callable[..., tuple[AttachedModel, Failing]]:
    def make(call: int, act: Callable[[], None] = fail) -> tuple[AttachedModel, Failing]:
        calculator = Failing(call, act)
        lammps = start(argon_commands() + NO_PAIRS)
        return attach(lammps, AseModel(calculator, "failing"), ["Ar"]), calculator

    return make


@pytest.mark.parametrize(
    ("commands", "call"),
    [
        (["run 0"], 1),
        (["fix 1 all nve", "run 20"], 6),
        (["minimize 0 0 20 40"], 1),
        (["minimize 0 0 20 40"], 4),
        (["fix 1 all box/relax iso 100", "minimize 0 0 20 40"], 3),
    ],
)
def test_a_failure_stops_the_command_with_the_words_of_the_model(failing, commands, call) -> None:
    attached, calculator = failing(call)
    *before, last = commands
    for command in before:
        attached.command(command)
    with pytest.raises(
        ModelError, match=r"failing failed on Ar32: RuntimeError: the network is gone"
    ):
        attached.command(last)
    assert calculator.n_calls == call  # and not once more
    step = attached.lammps.extract_global("ntimestep")
    assert step <= call


def test_nothing_behind_a_failure_in_a_file_happens(failing, tmp_path) -> None:
    attached, _ = failing(3)
    script = tmp_path / "in.script"
    script.write_text(f"fix 1 all nve\nrun 10\nwrite_data {tmp_path}/final.data\n")
    with pytest.raises(ModelError, match="the network is gone"):
        attached.guarded(attached.lammps.file, str(script))
    assert not (tmp_path / "final.data").exists()
    assert np.isnan(attached.lammps.numpy.extract_atom("f")[:32]).all()


def test_a_trial_of_monte_carlo_is_the_last(failing) -> None:
    attached, calculator = failing(400)  # the self-test asks, too, but another model
    attached.command("group moving type 1")
    attached.command("fix mc moving gcmc 1 10 10 1 5 80 -0.05 0.2 full_energy")
    calls = calculator.n_calls
    calculator.call = calls + 7
    with pytest.raises(ModelError, match="the network is gone"):
        attached.command("run 5")
    assert calculator.n_calls == calls + 7
    assert attached.lammps.extract_global("ntimestep") == 1


def test_an_interruption_is_raised_after_the_step(failing) -> None:
    attached, calculator = failing(6, lambda: os.kill(os.getpid(), signal.SIGINT))
    attached.command("fix 1 all nve")
    with pytest.raises(KeyboardInterrupt):
        attached.command("run 1000")
    # The step in which it came is computed, and the next one is not.
    assert calculator.n_calls == 6
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_lammps_says_reaches_the_user(with_argon) -> None:
    from nearsight.lammps.library import LammpsError

    with pytest.raises(LammpsError, match="Unrecognized fix style 'nvx'"):
        with_argon().command("fix 1 all nvx")
