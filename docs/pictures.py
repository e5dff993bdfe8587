"""Makes the pictures of the README from a running demo: `python docs/pictures.py [http://127.0.0.1:8000]`.

Needs Chromium on PATH and the development dependencies (`make test` installs them).
"""

import re
import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 800}


def sign_in(page: Page, email: str) -> None:
    """As a visitor of the demo does: the code is at the outbox."""
    page.goto("/account/sign-in/")
    page.get_by_label("Email").fill(email)
    page.locator("main form button[type=submit]").first.click()
    time.sleep(1)
    outbox = page.context.new_page()
    outbox.goto("/outbox")
    outbox.locator("main a").filter(has_text=re.compile("code", re.IGNORECASE)).first.click()
    code = re.search(r"\b\d{4}-\d{4}\b", outbox.locator("main").inner_text()).group()
    outbox.close()
    page.locator("input[name=code]").fill(code)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/me*")


def main(site: str) -> None:
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        laptop = browser.new_context(base_url=site, viewport=LAPTOP).new_page()
        laptop.goto("/events?near=Burlington,+VT")
        laptop.wait_for_timeout(800)
        laptop.screenshot(path=IMAGES / "find.png")
        phone = browser.new_context(base_url=site, viewport=PHONE).new_page()
        phone.goto("/events?near=Burlington,+VT")
        phone.wait_for_timeout(500)
        phone.screenshot(path=IMAGES / "find-phone.png")
        phone.get_by_role("link", name="Letters to the editor").click()
        phone.wait_for_timeout(500)
        phone.screenshot(path=IMAGES / "event-phone.png")
        sign_in(phone, "rosa@greenmountain.example")
        phone.locator("#hosting ~ ul a.button").first.click()
        phone.wait_for_timeout(500)
        phone.screenshot(path=IMAGES / "desk-phone.png")
        sign_in(laptop, "dana@greenmountain.example")
        laptop.goto("/hq")
        laptop.wait_for_timeout(2500)
        laptop.screenshot(path=IMAGES / "hq.png")
        laptop.goto("/hq/night")
        laptop.wait_for_timeout(2500)
        laptop.screenshot(path=IMAGES / "night.png")
        laptop.goto("/hq/mailings")
        laptop.get_by_role("link", name="Will you host?").click()
        laptop.wait_for_timeout(500)
        laptop.screenshot(path=IMAGES / "mailing.png")
        browser.close()


main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
