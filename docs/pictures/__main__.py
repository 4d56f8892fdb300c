"""Draw the pictures of the site, all of them or those that are named: `make pictures`.

Each file of `figures/` draws one figure, and each of `pages/` photographs one page, into
`docs/_static/pictures` under its own name.
"""

import argparse
import importlib
import os
import tempfile
import time
import warnings
from pathlib import Path

import matplotlib as mpl
from browser import browser

from nearsight.errors import NearsightWarning

HERE = Path(__file__).parent
PICTURES = HERE.parent / "_static" / "pictures"
SUFFIXES = {"figures": ".svg", "pages": ".png"}
"""What the scripts of each folder write."""


def main() -> None:
    """Draw each picture in a folder of its own, which takes all else that it writes."""
    scripts = {
        path.stem: folder for folder in SUFFIXES for path in sorted((HERE / folder).glob("*.py"))
    }
    parser = argparse.ArgumentParser(description="draw the pictures of the site")
    # Without names the choice is an empty list.
    parser.add_argument("names", nargs="*", choices=[[], *scripts], metavar="NAME")
    names = parser.parse_args().names or list(scripts)
    if any(scripts[name] == "pages" for name in names):
        browser()  # ends here where there is none, and not after minutes
    warnings.simplefilter("ignore", NearsightWarning)
    # The same picture is the same file.
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    mpl.rcParams["svg.hashsalt"] = "nearsight"
    for name in names:
        start = time.perf_counter()
        picture = PICTURES / f"{name}{SUFFIXES[scripts[name]]}"
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            importlib.import_module(f"{scripts[name]}.{name}").draw(picture)
            os.chdir(HERE)
        size = picture.stat().st_size / 1000
        print(f"{picture.name}: {size:.0f} kB, {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
