import runpy
from pathlib import Path

import pytest

from nearsight.models.families import FAMILIES

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("[0-9]*.py"))


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_its_assertions_hold(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow: the first example takes phonons of quartz with a network."""
    if "sevennet" in script.read_text() and FAMILIES["sevennet"].obstacle is not None:
        pytest.skip("the example needs sevenn, which is not usable here")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="__main__")
