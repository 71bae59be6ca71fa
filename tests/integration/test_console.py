"""The console in a real browser: what an officer does from the first alert to its verdict."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from api_support import START, Api, Log, alert_event, keep, running_api, serving
from browser_support import Browser, browsing
from selenium.webdriver.common.keys import Keys

from api.keys import Role
from api.store.endpoints import NewEndpoint, create
from api.store.projection import project
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


def fill(api: Api) -> None:
    """Let there be counts of a topic, an endpoint that wants other kinds, and an alert with deadlines."""
    minute = int(START.timestamp()) // 60
    rows = [["health", minute - back, 9 if back < 10 else 2, 1, 0, 2.0, 0.0, 5.0] for back in range(-1, 300)]
    log = Log()
    keep(api.store, [log.json("series", {"schema": "haidang.series.v1", "rows": rows})])
    with api.store.write() as connection:
        new = NewEndpoint("lãnh đạo", "https://receiver.example/", Severity.INFO, None, kinds=("positive",))
        create(connection, new, "the-admin", 0)
        project(
            connection,
            [log.alert(alert_event(severity=Severity.CRITICAL))],
            api.services.settings.deadline_rules,
        )


async def test_an_officer_works_an_alert_from_its_arrival_to_its_verdict(api: Api, browser: Browser) -> None:
    """It appears by itself, is acknowledged, handed over, closed, reopened; the browser has no complaint."""

    def work(address: str) -> None:
        sign_in(browser, address, api.keys[Role.OFFICER])
        browser.sees("Không có cảnh báo nào cần xử lý.")
        api.project(alert_event(severity=Severity.CRITICAL))
        browser.sees("KHẨN CẤP", "#alerts")
        browser.click("#alerts button")
        browser.sees("CHƯA AI NHẬN", "#human")
        browser.sees("Nhận cảnh báo ngay", ".todo")
        browser.click("#acknowledge")
        browser.sees("đã tiếp nhận", "#human")
        browser.fill("#to", "phòng báo chí")
        browser.click("#hand_over")
        browser.sees("→ phòng báo chí", "#human")
        browser.click("#close")
        browser.sees("Hãy chọn kết luận", "#notice")
        browser.fill("#reason", "đã có thông cáo")
        browser.click("#verdict option[value=useful]")
        api.project(alert_event(WORKING, 2, EventName.UPDATED, Severity.CRITICAL))
        browser.sees("cập nhật", ".history")
        browser.click("#close")
        browser.sees("đã xử lý xong", "#human")
        browser.sees("the-officer · hữu ích", "#human")
        browser.sees("đã có thông cáo", ".history")
        browser.sees("Không có cảnh báo nào cần xử lý.", "#list")
        browser.click("#reopen")
        browser.sees("đã giao", "#human")
        assert browser.complaints() == []

    async with serving(api) as address:
        await asyncio.to_thread(work, address)


async def test_the_detail_tells_what_since_when_how_much_and_who_was_told(
    api: Api, browser: Browser, tmp_path: Path
) -> None:
    """Figures, phrases, chart with what is usual, evidence in words, deadlines, and why nobody was told."""

    def work(address: str) -> None:
        sign_in(browser, address, api.keys[Role.OFFICER])
        browser.click("#alerts button")
        browser.sees("gấp 6 lần", ".bigs")
        browser.sees("09:50", ".bigs")
        browser.sees("thiếu thuốc", ".phrases")
        browser.sees("gấp 2,3 lần ngưỡng báo", "#detail")
        browser.sees("QUÁ HẠN", "#deadlines")
        browser.sees("không gửi: điểm nhận không nhận loại này", "#deliveries")
        assert browser.number("document.querySelectorAll('#detail svg .band').length") == 1
        assert browser.number("document.querySelectorAll('#detail svg .mark').length") == 1
        says = "document.querySelector('#detail svg').ariaLabel.includes('lượt trong 12 giờ')"
        browser.until(lambda: browser.driver.execute_script(f"return {says}"), "the chart says what it shows")
        browser.screenshot(tmp_path / "console_vi.png")
        browser.click("#silencing summary")
        browser.click("#start-silence")
        browser.sees("Hãy ghi lý do.", "#notice")
        browser.fill("#silence-reason", "diễn tập")
        browser.click("#start-silence")
        browser.sees("(1)", "#silence-count")
        assert browser.complaints() == []

    async with serving(api) as address:
        fill(api)
        await asyncio.to_thread(work, address)


async def test_an_officer_corrects_the_tone_of_a_sample_and_takes_it_back(
    api: Api, browser: Browser, tmp_path: Path
) -> None:
    """Who said it stands beside the sample; pressed again, it is taken back."""
    [sample] = alert_event().samples
    neutral, positive = (f"#tone-{sample.mention}-{label}" for label in ("neutral", "positive"))

    def pressed() -> str:
        script = "return document.querySelector('[aria-pressed=true]')?.textContent ?? ''"
        return str(browser.driver.execute_script(script))

    def work(address: str) -> None:
        sign_in(browser, address, api.keys[Role.OFFICER])
        browser.click("#alerts button")
        browser.sees("Sắc thái:", "blockquote")
        browser.click(neutral)
        browser.until(lambda: pressed() == "trung tính", "what was said is pressed")
        browser.sees("the-officer", "blockquote")
        browser.sees("sửa sắc thái · the-officer · trung tính", ".history")
        browser.screenshot(tmp_path / "tones_vi.png")
        browser.click(positive)
        browser.until(lambda: pressed() == "tích cực", "what was said last is pressed")
        browser.click("#language")
        browser.until(lambda: pressed() == "positive", "in the other language")
        browser.screenshot(tmp_path / "tones_en.png")
        browser.click(positive)
        browser.until(lambda: pressed() == "", "taken back")
        browser.sees("correction taken back", ".history")
        assert browser.complaints() == []

    async with serving(api) as address:
        fill(api)
        await asyncio.to_thread(work, address)


async def test_a_viewer_sees_no_buttons_for_the_tone(api: Api, browser: Browser) -> None:
    """Reading is all that a viewer does."""

    def work(address: str) -> None:
        sign_in(browser, address, api.keys[Role.VIEWER])
        browser.click("#alerts button")
        browser.sees("bệnh viện hết thuốc", "blockquote")
        assert browser.number("document.querySelectorAll('.tones').length") == 0
        assert browser.complaints() == []

    async with serving(api) as address:
        fill(api)
        await asyncio.to_thread(work, address)


async def test_an_officer_plans_what_is_known_beforehand(api: Api, browser: Browser) -> None:
    """In +07:00; the calendar shows it and it can be cancelled."""

    def work(address: str) -> None:
        sign_in(browser, address, api.keys[Role.OFFICER])
        browser.click("#calendar summary")
        browser.fill("#plan [name=name]", "Công bố điểm chuẩn")
        for name, value in (("from", "2999-08-20T17:00"), ("to", "2999-08-22T00:00")):
            script = "document.querySelector(`#plan [name=${arguments[0]}]`).value = arguments[1]"
            browser.driver.execute_script(script, name, value)
        browser.click("#plan button")
        browser.sees("Công bố điểm chuẩn: mọi chủ đề, gấp 3 lần", "#planned")
        browser.sees("17:00 20/08 – 00:00 22/08", "#planned")
        browser.click("#planned button")
        browser.until(lambda: browser.text("#planned") == "", "nothing is planned")
        assert browser.complaints() == []

    async with serving(api) as address:
        await asyncio.to_thread(work, address)


async def test_what_is_half_written_outlives_a_redraw(api: Api, browser: Browser) -> None:
    """An event that arrives while an officer types takes away neither text nor keyboard."""

    def work(address: str) -> None:
        sign_in(browser, address, api.keys[Role.OFFICER])
        browser.click("#alerts button")
        browser.fill("#comment", "đang gọi bệnh")
        api.project(alert_event(WORKING, 2, EventName.UPDATED))
        browser.sees("cập nhật", ".history")
        browser.driver.switch_to.active_element.send_keys(" viện")
        browser.click("#note")
        browser.sees("đang gọi bệnh viện", ".history")
        browser.sees("Đã lưu.", "#notice")

    async with serving(api) as address:
        api.project(alert_event())
        await asyncio.to_thread(work, address)


async def test_the_language_is_switched_and_remembered(api: Api, browser: Browser, tmp_path: Path) -> None:
    """Every word of the page follows; a reload keeps the choice."""

    def work(address: str) -> None:
        sign_in(browser, address, api.keys[Role.VIEWER])
        browser.click("#language")
        browser.sees("CRITICAL", "#alerts")
        browser.click("#alerts button")
        browser.sees("What people say", "#detail")
        browser.screenshot(tmp_path / "console_en.png")
        assert "Người dân nói" not in browser.text()
        browser.driver.refresh()
        browser.sees("mentions 6 times the usual", "#alerts")
        assert browser.driver.execute_script("return document.documentElement.lang") == "en"
        assert browser.complaints() == []

    async with serving(api) as address:
        fill(api)
        await asyncio.to_thread(work, address)


async def test_a_viewer_is_offered_no_action(api: Api, browser: Browser) -> None:
    """What the key may not do is not shown."""

    def work(address: str) -> None:
        api.project(alert_event())
        sign_in(browser, address, api.keys[Role.VIEWER])
        browser.click("#alerts button")
        browser.sees("thiếu thuốc", "#detail")
        offered = "#detail button:not(.back), #detail input, #detail select, #detail textarea"
        assert browser.number(f"document.querySelectorAll('{offered}').length") == 0

    async with serving(api) as address:
        await asyncio.to_thread(work, address)


async def test_the_console_is_worked_by_keyboard_alone(api: Api, browser: Browser) -> None:
    """Arrows walk the list, Enter opens and moves to the headline, Escape goes back to where one was."""

    def work(address: str) -> None:
        sign_in(browser, address, api.keys[Role.OFFICER])
        browser.sees("KHẨN CẤP", "#alerts")
        browser.driver.execute_script("document.querySelector('#alerts button').focus()")
        browser.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
        browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
        browser.sees("CẢNH BÁO", "#detail")
        focus = "return document.activeElement.id || document.activeElement.closest('li').dataset.id"
        browser.until(lambda: browser.driver.execute_script(focus) == "headline", "focus on the headline")
        browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        browser.until(lambda: browser.driver.execute_script(focus) == "b", "focus back in the list")

    async with serving(api) as address:
        api.project(alert_event("a", severity=Severity.CRITICAL), alert_event("b"))
        await asyncio.to_thread(work, address)


async def test_day_and_night_are_chosen_and_remembered(api: Api, browser: Browser) -> None:
    """One button; a reload keeps the choice."""

    def work(address: str) -> None:
        theme = "return document.documentElement.dataset.theme"
        sign_in(browser, address, api.keys[Role.VIEWER])
        before = browser.driver.execute_script(theme)
        browser.click("#theme")
        after = browser.driver.execute_script(theme)
        browser.driver.refresh()
        browser.sees("trực tiếp", "#link")
        assert {before, after} == {"dark", "light"}
        assert browser.driver.execute_script(theme) == after

    async with serving(api) as address:
        await asyncio.to_thread(work, address)


async def test_a_link_of_a_message_opens_its_alert(api: Api, browser: Browser) -> None:
    """Also for whoever has to sign in first."""

    def work(address: str) -> None:
        browser.open(f"{address}/#{WORKING}")
        browser.fill("#key", api.keys[Role.OFFICER])
        browser.click("#login button")
        browser.sees("thiếu thuốc", "#detail")

    async with serving(api) as address:
        api.project(alert_event())
        await asyncio.to_thread(work, address)


async def test_a_telephone_shows_list_or_detail_without_sideways_scrolling(api: Api, tmp_path: Path) -> None:
    """390 pixels wide; a link with the key signs in; the way back leads to the list."""

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
            assert phone.number("document.querySelector('#alerts').offsetHeight") == 0
            phone.click("#back")
            phone.sees("KHẨN CẤP", "#alerts")
            assert phone.number("document.querySelector('#alerts').offsetHeight") > 0

    async with serving(api) as address:
        fill(api)
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
        assert browser.driver.title.endswith("Haidang")
        assert browser.number("document.querySelectorAll('#detail img, #detail a').length") == 0

    async with serving(api) as address:
        api.project(
            type(event)(
                **{name: getattr(event, name) for name in event.__struct_fields__} | {"samples": (texts,)}
            )
        )
        await asyncio.to_thread(work, address)
