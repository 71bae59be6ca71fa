"""The console in a real browser: what an officer does from the first alert to its verdict."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from api_support import Api, alert_event, running_api, serving
from browser_support import Browser, browsing

from api.keys import Role
from detectors.events import EventName, Severity

WORKING = "health-20261124T0300Z-0a1b"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Give the application without Kafka."""
    async with running_api(tmp_path) as running:
        yield running


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Give a fresh browser."""
    with browsing() as running:
        yield running


def sign_in(browser: Browser, address: str, key: str) -> None:
    """Sign in by the form and wait for the live stream."""
    browser.open(address)
    browser.fill("#key", key)
    browser.click("#login button")
    browser.sees("trực tiếp", "#link")


async def test_an_officer_works_an_alert_from_its_arrival_to_its_verdict(
    api: Api, browser: Browser, tmp_path: Path
) -> None:
    """It appears by itself, is acknowledged and closed; the browser finds nothing to complain of."""

    def work(address: str) -> None:
        sign_in(browser, address, api.keys[Role.OFFICER])
        browser.sees("Chưa có cảnh báo nào.")
        api.project(alert_event(severity=Severity.CRITICAL))
        browser.sees("KHẨN CẤP", "#alerts")
        browser.click("#alerts button")
        browser.sees("thiếu thuốc", "#detail")
        browser.screenshot(tmp_path / "console_vi.png")
        browser.click("#acknowledge")
        browser.sees("đã tiếp nhận", "#detail")
        browser.fill("#comment", "đã có thông cáo")
        browser.click("#verdict option[value=useful]")
        api.project(alert_event(WORKING, 2, EventName.UPDATED, Severity.CRITICAL))
        browser.sees("cập nhật", "#detail ol")
        browser.click("#close")
        browser.sees("đã xử lý xong · the-officer · hữu ích", "#detail")
        browser.sees("đã có thông cáo", "#detail ol")
        browser.click("#reopen")
        browser.sees("đã tiếp nhận · the-officer", "#detail dl")
        assert browser.complaints() == []

    async with serving(api) as address:
        await asyncio.to_thread(work, address)


async def test_the_language_is_switched_and_remembered(api: Api, browser: Browser, tmp_path: Path) -> None:
    """Every word of the page follows; a reload keeps the choice."""

    def work(address: str) -> None:
        api.project(alert_event())
        sign_in(browser, address, api.keys[Role.VIEWER])
        browser.click("#language")
        browser.sees("WARNING", "#alerts")
        browser.click("#alerts button")
        browser.sees("What people say", "#detail")
        browser.screenshot(tmp_path / "console_en.png")
        assert "Người ta nói" not in browser.text()
        browser.driver.refresh()
        browser.sees("mentions 6 times the usual", "#alerts")
        assert browser.driver.execute_script("return document.documentElement.lang") == "en"
        assert browser.complaints() == []

    async with serving(api) as address:
        await asyncio.to_thread(work, address)


async def test_a_viewer_is_offered_no_action(api: Api, browser: Browser) -> None:
    """What the key may not do is not shown."""

    def work(address: str) -> None:
        api.project(alert_event())
        sign_in(browser, address, api.keys[Role.VIEWER])
        browser.click("#alerts button")
        browser.sees("thiếu thuốc", "#detail")
        assert browser.number("document.querySelectorAll('#detail button, #detail input').length") == 0

    async with serving(api) as address:
        await asyncio.to_thread(work, address)


async def test_a_telephone_shows_the_console_without_sideways_scrolling(api: Api, tmp_path: Path) -> None:
    """A 390 pixel wide window holds list and detail; a link with the key signs in."""

    def work(address: str) -> None:
        with browsing(500, 844) as phone:
            phone.driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True},
            )
            phone.open(f"{address}/login#key={api.keys[Role.OFFICER]}")
            phone.click("#alerts button")
            phone.sees("thiếu thuốc", "#detail")
            phone.screenshot(tmp_path / "console_phone.png")
            assert phone.number("document.documentElement.scrollWidth") <= phone.number("innerWidth")
            assert api.keys[Role.OFFICER] not in phone.driver.current_url

    async with serving(api) as address:
        api.project(alert_event(severity=Severity.CRITICAL))
        await asyncio.to_thread(work, address)


async def test_what_a_mention_says_is_never_markup(api: Api, browser: Browser) -> None:
    """Text from outside is shown as it is; no script of it runs."""
    hostile = "<img src=x onerror=document.title='owned'>"
    event = alert_event()
    sample = event.samples[0]
    texts = type(sample)(hostile, sample.source, "javascript:document.title='owned'", sample.published_at)

    def work(address: str) -> None:
        sign_in(browser, address, api.keys[Role.VIEWER])
        browser.click("#alerts button")
        browser.sees(hostile, "#detail")
        assert browser.driver.title == "Haidang"
        assert browser.number("document.querySelectorAll('#detail img, #detail a').length") == 0

    async with serving(api) as address:
        api.project(
            type(event)(
                **{name: getattr(event, name) for name in event.__struct_fields__} | {"samples": (texts,)}
            )
        )
        await asyncio.to_thread(work, address)
