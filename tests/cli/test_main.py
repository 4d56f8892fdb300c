import os
import subprocess
import sys

import pytest

from nearsight.cli.main import main

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
