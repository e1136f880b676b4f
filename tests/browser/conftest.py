"""Fixtures of the browser tests: the running course, a page in Chromium; skipped, with the reason, where there is none."""

from collections.abc import Iterator

import pytest

from tests.browser.lab import BROWSERS, FLAGS, SECONDS, Course, chromium, serve


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Chromium without a window."""
    path = chromium()
    if path is None:
        pytest.skip(f"no browser found: install one of {', '.join(BROWSERS)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chrome
        chrome.close()


@pytest.fixture(scope="module")
def course(browser, tmp_path_factory) -> Iterator[Course]:
    """`course start` on a folder of its own; it must end cleanly on Ctrl-C."""
    with serve(tmp_path_factory.mktemp("learner")) as running:
        yield running


@pytest.fixture
def page(browser) -> Iterator[object]:
    """An empty page with cookies of its own."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(SECONDS * 1000)
    yield context.new_page()
    context.close()
