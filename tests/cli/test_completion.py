import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from nearsight.cli.commands import command_parser
from nearsight.cli.main import main
from nearsight.cli.parser import Parser


@pytest.fixture(scope="module")
def of_bash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = tmp_path_factory.mktemp("completion") / "nearsight"
    with pytest.MonkeyPatch.context() as patch, script.open("w", encoding="utf-8") as file:
        patch.setattr("sys.stdout", file)
        assert main(["completion", "bash"]) == 0
    return script


def completed(script: Path, line: str, folder: Path) -> list[str]:
    """Return what bash offers for the last word of a line."""
    words = [*shlex.split(line), *([""] if line.endswith(" ") else [])]
    code = f"""
    source {shlex.quote(str(script))}
    compopt() {{ :; }}  # which bash has only while somebody types
    COMP_WORDS=({shlex.join(words)}) COMP_CWORD={len(words) - 1}
    _shtab_nearsight
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", code], cwd=folder, check=True, capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("nearsight heat", ["heat-capacity"]),
        ("nearsight campaign re", ["resume", "report", "retry"]),
        ("nearsight heat-capacity quartz.cif --converge", ["--converge-supercell"]),
        ("nearsight heat-capacity quartz.cif --dtype float6", ["float64"]),
        ("nearsight heat-capacity quartz.cif --model sevennet-l", ["sevennet-l3i5"]),
        ("nearsight heat-capacity quartz.cif --csv ta", ["table.csv"]),
        ("nearsight relax cop", ["copper.cif"]),
        ("nearsight examine mace-mp-0-s", ["mace-mp-0-small"]),
        ("nearsight completion ", ["bash", "zsh"]),
    ],
)
def test_bash_completes(line: str, offered: list[str], of_bash: Path, tmp_path: Path) -> None:
    for name in ("copper.cif", "table.csv"):
        (tmp_path / name).touch()
    assert sorted(completed(of_bash, line, tmp_path)) == sorted(offered)


def test_bash_knows_every_option_of_every_command(of_bash: Path) -> None:
    parser = command_parser()
    assert isinstance(parser, Parser)
    text = of_bash.read_text(encoding="utf-8")
    for command in parser.leaves():
        name = "_".join(["_shtab", *command.prog.replace("-", "_").split(), "option_strings"])
        [listed] = [line for line in text.splitlines() if line.startswith(f"{name}=")]
        shown = {
            option
            for action in command._actions
            for option in action.option_strings
            if action.help != "==SUPPRESS=="
        }
        assert set(listed.partition("=")[2].strip("()").split()) == shown


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
def test_zsh_understands_its_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "zsh"]) == 0
    script = tmp_path / "_nearsight"
    script.write_text(capsys.readouterr().out, encoding="utf-8")
    code = 'autoload -U compinit; compinit -D; eval "$(<$1)"; print $_comps[nearsight]'
    done = subprocess.run(
        ["zsh", "-f", "-c", code, "zsh", script],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "ZDOTDIR": str(tmp_path)},
    )
    assert (done.stdout, done.stderr) == ("_shtab_nearsight\n", "")
