"""Pictures of HTML pages, which a headless Chromium takes."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from nearsight.cli.main import main

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COLORS = 128
"""Enough for pages, and a third of the size."""


def browser() -> str:
    """Return the browser that NEARSIGHT_BROWSER names, or the first that is there."""
    asked = os.environ.get("NEARSIGHT_BROWSER")
    found = [each for name in ([asked] if asked else BROWSERS) if (each := shutil.which(name))]
    if not found:
        raise SystemExit(
            f"{asked or ', '.join(BROWSERS)} not found: pictures of pages need Chromium or Chrome; "
            "install it, or say by NEARSIGHT_BROWSER where it is."
        )
    return found[0]


def photograph(page: Path, picture: Path, width: int, height: int, top: int = 0) -> None:
    """Write a part of a page as PNG, so wide and high in pixels, from so far below its top."""
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "page.png"
        _take(page, whole, width, top + height)
        with Image.open(whole) as image:
            part = image.convert("RGB").crop((0, top, width, top + height))
    part.quantize(COLORS, dither=Image.Dither.NONE).save(picture, optimize=True)


def _take(page: Path, picture: Path, width: int, height: int) -> None:
    command = [
        browser(),
        *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        # Molecules are drawn by WebGL, without a graphics card.
        *("--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
        f"--window-size={width},{height}",
        "--virtual-time-budget=8000",
        f"--screenshot={picture}",
        page.resolve().as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode or not picture.is_file():
        raise SystemExit(f"{browser()} took no picture of {page}:\n{done.stderr[-2000:]}")


def run(*arguments: str) -> None:
    """Run a command of Nearsight, which is to end well."""
    status = main([*arguments, "-q"])
    if status:
        raise SystemExit(f"nearsight {' '.join(arguments)} ended with status {status}.")
