"""A real browser against the real site: Chromium from PATH, from Debian, or from Playwright; else a reason to skip."""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from tests.at_once import HANGS_S

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 800}
HANGS_MS = HANGS_S * 1000
SETTLED = """
    new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
        .then(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)))
"""


@functools.cache
def chromium() -> str | None:
    """The path of a Chromium; None: Playwright's own. Raises RuntimeError with the reason where there is none."""
    tried = []
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    tried.append("none on PATH")
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", "chromium"], check=False, **quiet)
        if path := shutil.which("chromium"):
            return path
        tried.append("Debian's package did not install")
    fetched = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"], capture_output=True, text=True, check=False
    )
    if fetched.returncode == 0:
        return None
    tried.append("Playwright could not fetch its own")
    raise RuntimeError(f"no Chromium: {', '.join(tried)}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for the tests of this folder: its driver runs an event loop, which the tests of others must not find."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Django would take our code for asynchronous
        try:
            launched = playwright.chromium.launch(executable_path=chromium(), args=FLAGS, timeout=HANGS_MS)
        except (RuntimeError, Error) as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"browser tests need a Chromium: {error}")
        expect.set_options(timeout=HANGS_MS)
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser, live_server) -> Iterator[BrowserContext]:
    """A phone. Anything the pages say to the console as an error fails the test."""
    with_phone = browser.new_context(base_url=live_server.url, viewport=PHONE, locale="en-US", has_touch=True)
    with_phone.set_default_timeout(HANGS_MS)
    yield with_phone
    with_phone.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console",
        lambda message: (
            problems.append(message.text) if message.type == "error" and "status of 4" not in message.text else None
        ),
    )
    yield opened
    assert problems == [], "the page reported errors in the console"


@pytest.fixture
def shots() -> Path:
    """Where screenshots of a failing or interesting page go."""
    folder = Path(__file__).parent.parent.parent / ".groundswell" / "shots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def looks(page: Page) -> Iterator[str]:
    """Show the page as it stands on a phone in light and on a laptop in dark colours: the layout does not depend on
    the colours. Yields which look, when the colours have settled."""
    for size, scheme in ((PHONE, "light"), (LAPTOP, "dark")):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(SETTLED)
        yield f"{size['width']}-{scheme}"


def axe_finds(page: Page) -> AxeResults:
    """What axe has against the page as it stands. Loaded once a page: it is half a megabyte."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return AxeResults(page.evaluate("axe.run({resultTypes: ['violations']})"))


def check_with_axe(page: Page, where: str) -> None:
    found = axe_finds(page)
    assert found.violations_count == 0, f"{where}\n{found.generate_report()}"
