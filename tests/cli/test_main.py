import os
import subprocess
import sys

import pytest

from nearsight.cli.main import main
from terminal import in_terminal

HEAVY = ("ase", "matplotlib", "numpy", "phonopy", "rich", "scipy", "spglib", "torch")


@pytest.mark.parametrize("module", ["nearsight", "nearsight.cli.main"])
def test_import_imports_nothing_heavy(module: str) -> None:
    code = f"import {module}, sys; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""


def test_models_list_names_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    output = capsys.readouterr().out
    assert "sevennet-0" in output
    assert "sevennet-l3i5" in output
    assert "sevennet-0 is the default" in output
    assert "ase:" in output


def test_huge_pages_are_asked_for_unless_the_user_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THP_MEM_ALLOC_ENABLE", "0")
    main(["models", "list"])
    assert os.environ["THP_MEM_ALLOC_ENABLE"] == "0"
    monkeypatch.delenv("THP_MEM_ALLOC_ENABLE")
    main(["models", "list"])
    assert os.environ["THP_MEM_ALLOC_ENABLE"] == "1"


@pytest.mark.usefixtures("folder")
def test_unknown_model_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["heat-capacity", "copper.cif", "--model", "sevenet-0"]) == 1
    assert "Did you mean sevennet-0?" in capsys.readouterr().err


def test_unknown_option_shows_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["heat-capacity", "any.cif", "--fmaks", "1"])
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["0", "-1", "nan", "many"])
def test_thresholds_must_be_positive(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["heat-capacity", "any.cif", "--fmax", value])
    assert "--fmax" in capsys.readouterr().err


WITHOUT_TORCH = """
import sys
from nearsight.cli.main import main
status = main(sys.argv[1:])
print(status, *sorted({"torch", "jax", "sevenn"} & set(sys.modules)))
"""


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "line",
    [
        "heat-capacity missing.cif",
        "heat-capacity missing.cif empty.cif --json r.json",
        "phonons missing.cif",
        "hessian missing.cif",
        "vibrations missing.cif",
        "elastic missing.cif",
        "locality missing.cif",
        "hessian --plan missing.cif --model sevennet-0",
        "models compare missing.cif --models sevennet-0",
        "heat-capacity empty.cif",
        "heat-capacity nowhere/*.cif",
        "heat-capacity .nothing",
        "heat-capacity copper.cif --json nowhere/r.json",
        "phonons copper.cif --plot r.txt",
        "hessian copper.cif --output copper.cif",
        "vibrations copper.cif --modes nowhere/m.npz",
        "elastic copper.cif --output nowhere/e.npz",
        "locality copper.cif --out copper.cif",
        "heat-capacity copper.cif --log nowhere/l",
        "heat-capacity copper.cif -q -v",
        "heat-capacity copper.cif --no-relax --symmetrize 0.1",
        "heat-capacity copper.cif --spectrum dense --mesh 50",
        "phonons copper.cif --length 8 --supercell 2 2 2",
    ],
)
def test_what_needs_no_model_is_checked_before_one_is_loaded(line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *line.split()],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1].split() == ["1"], done.stderr
    assert "nearsight: " in done.stderr


ENDING_AT_NUMPY = """
import os, sys

class Ending:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            os._exit(0)

sys.meta_path.insert(0, Ending())
from nearsight.cli.entry import enter
enter()
"""


@pytest.mark.usefixtures("folder")
def test_terminal_has_the_first_word_before_anything_large_is_imported() -> None:
    command = [sys.executable, "-c", ENDING_AT_NUMPY, "heat-capacity", "copper.cif"]
    session = in_terminal(command, {})
    assert session.status == 0
    assert session.words.lstrip("\r").startswith("Nearsight ")
