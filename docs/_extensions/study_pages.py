"""Pages of what studies and benchmarks found, which are kept beside them."""

import re
from collections.abc import Mapping
from pathlib import Path

from markdown import contents

ROOT = Path(__file__).parents[2]
WORDS = {
    "studies": "# Studies\n\nWhat was computed, with the data as they were then. The script that "
    "made a page is in `studies/` under the same name, after which a page may name a model or a "
    "suite.\n\n",
    "benchmarks": "# Benchmarks\n\nTimes and memory, as ratios to something that is named, of the "
    "same sitting. The script that made a page is in `benchmarks/` under the same name.\n\n",
}
_TITLE = re.compile(r"\A# (.*)")


def pages(folder: str) -> Mapping[str, str]:
    """Return the pages of a folder of scripts, by name."""
    paths = sorted((ROOT / folder / "results").glob("*.md"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in paths}
    names = sorted(texts, key=lambda name: _title(name, texts[name]).lower())
    return {**texts, "index": WORDS[folder] + contents(names)}


def pictures(folder: str) -> list[Path]:
    """Return the figures of these pages; other folders have none."""
    return sorted((ROOT / folder / "results").glob("*.png"))


def _title(name: str, text: str) -> str:
    title = _TITLE.match(text)
    return title[1] if title else name
