"""Debian's Chromium, headless, driven by Playwright: for the accessibility check and the picture in docs/."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / "docs"


def missing() -> str | None:
    """What is not there, and how it is had; None when all is."""
    if shutil.which("chromium") is None:
        return "chromium is missing: apt-get install --no-install-recommends chromium"
    if importlib.util.find_spec("axe_playwright_python") is None:
        return "axe-playwright-python is missing: make dev"
    return None


@contextmanager
def program() -> Iterator[Any]:
    """The program itself, without a page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page() -> Iterator[Any]:
    """One blank page of a mail program's width. No network: a request that a notice makes is a failure."""
    with program() as browser:
        yield browser.new_context(viewport={"width": 720, "height": 600}, offline=True).new_page()
