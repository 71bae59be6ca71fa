"""What officers live through: pushed at one time, wanted between two others."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from receiver_support import until
from timeline import milliseconds, timeline

from api.clock import rfc3339
from api.store import outbox

pytestmark = pytest.mark.stores("sqlite", "postgresql")
EVENING = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)  # 21:00 in Vietnam


async def test_an_alert_opens_is_raised_and_closes(tmp_path: Path) -> None:
    """Each event arrives at once, once, in order."""
    async with timeline(tmp_path, "desk") as line:
        await line.subscribe("desk")
        await line.push("a", 1, "opened")
        await line.at("7m")
        await line.push("a", 2, "raised", "critical")
        await line.at("3h")
        await line.push("a", 3, "closed", "critical")
        await line.at("2d")
        line.want("desk", ("opened a/1", "0s"), ("raised a/2", "7m"), ("closed a/3", "3h"))


async def test_what_is_repeated_while_an_alert_is_open_pages_nobody_again(tmp_path: Path) -> None:
    """A worker that starts anew says the same again; it is the same event."""
    async with timeline(tmp_path, "desk") as line:
        await line.subscribe("desk")
        await line.push("a", 1, "opened")
        await line.at("5m")
        await line.push("a", 1, "opened")
        await line.at("1d")
        line.want("desk", ("opened a/1", "0s"))


async def test_a_silence_keeps_back_what_it_is_for_until_it_ends(tmp_path: Path) -> None:
    """And says which silence it was."""
    async with timeline(tmp_path, "desk") as line:
        await line.subscribe("desk")
        await line.at("10m")
        ends = (line.now.replace(minute=0, hour=line.now.hour + 1)).isoformat()
        silence = await line.post("/v1/silences", topics=["health"], reason="lễ", ends_at=ends)
        await line.push("a", 1, "opened")
        await line.push("b", 1, "opened", topic="water")
        await line.at("1h 1s")
        await line.push("a", 2, "updated")
        line.want("desk", ("opened b/1", "10m"), ("updated a/2", "1h 1s"))
        [kept] = (await line.get("/v1/deliveries?state=withheld"))["items"]
        assert (kept["alert_id"], kept["reason"], kept["silence"]) == ("a", "silenced", silence["id"])


async def test_a_crisis_mutes_the_surge_of_its_topic_until_it_closes(tmp_path: Path) -> None:
    """The surge of another topic is told."""
    async with timeline(tmp_path, "desk") as line:
        await line.subscribe("desk")
        await line.push("a", 1, "opened")
        await line.at("1m")
        await line.push("b", 1, "opened", kind="surge")
        await line.push("c", 1, "opened", kind="surge", topic="water")
        await line.at("1h")
        await line.push("a", 2, "closed")
        await line.push("b", 2, "updated", kind="surge")
        line.want(
            "desk", ("opened a/1", "0s"), ("opened c/1", "1m"), ("closed a/2", "1h"), ("updated b/2", "1h")
        )
        assert ("withheld", "inhibited") in await line.deliveries("desk")


async def test_a_crisis_mutes_the_story_about_the_same_matter(tmp_path: Path) -> None:
    """A story that shares no phrase with it is told, and so is the crisis that comes of a story."""
    async with timeline(tmp_path, "desk") as line:
        await line.subscribe("desk")
        await line.push("a", 1, "opened", phrases=("nước đục", "Hoa Sen"))
        await line.at("1m")
        await line.push("b", 1, "opened", kind="narrative", phrases=("Nước đục", "cạn nguồn"))
        await line.push("c", 1, "opened", kind="narrative", phrases=("sập cầu",))
        await line.push("d", 1, "opened", phrases=("sập cầu",))
        line.want("desk", ("opened a/1", "0s"), ("opened c/1", "1m"), ("opened d/1", "1m"))
        assert ("withheld", "inhibited") in await line.deliveries("desk")


async def test_quiet_hours_hold_back_all_but_critical(tmp_path: Path) -> None:
    """What was held arrives when they end; who raises a held alert to critical hears both, in order."""
    async with timeline(tmp_path, "desk", start=EVENING) as line:
        await line.subscribe("desk", quiet_hours="22:00-06:00")
        await line.push("a", 1, "opened")
        await line.at("2h")
        await line.push("b", 1, "opened")
        await line.push("c", 1, "opened")
        assert (await line.deliveries("desk"))[1:] == [("due", "quiet_hours")] * 2
        await line.at("2h 30m")
        await line.push("d", 1, "opened", "critical")
        await line.at("3h")
        await line.push("c", 2, "raised", "critical")
        await line.at("8h 59m 59s")
        assert len(line.got("desk")) == 4
        await line.at("1d")
        line.want(
            "desk",
            ("opened a/1", "0s"),
            ("opened d/1", "2h 30m"),
            ("opened c/1", "3h"),
            ("raised c/2", "3h"),
            ("opened b/1", "9h"),
        )


async def test_quiet_hours_are_summed_up_where_an_endpoint_groups(tmp_path: Path) -> None:
    """One delivery in the morning instead of one for each alert of the night."""
    async with timeline(tmp_path, "desk", start=EVENING) as line:
        await line.subscribe("desk", quiet_hours="22:00-06:00", group_seconds=60)
        await line.at("2h")
        await line.push("a", 1, "opened")
        await line.at("4h")
        await line.push("b", 1, "opened", topic="water")
        await line.at("5h")
        await line.push("a", 2, "closed")
        await line.at("1d")
        line.want("desk", ("opened a/1 b/1 a/2", "9h"))
        assert await line.deliveries("desk") == [("delivered", None)] * 3


async def test_what_is_held_can_be_silenced_before_it_is_due(tmp_path: Path) -> None:
    """An officer who silences an alert at night hears nothing of it in the morning, nor does who is above."""
    async with timeline(tmp_path, "desk", "deputy", start=EVENING) as line:
        await line.subscribe("desk", quiet_hours="22:00-06:00", group_seconds=60)
        await line.subscribe("deputy", escalation_minutes=5)
        await line.at("2h")
        await line.push("a", 1, "opened")
        await line.push("b", 1, "opened", topic="water")
        await line.push("c", 1, "opened", "critical", topic="rice")
        ends = "2026-11-25T23:00:00+07:00"
        await line.post("/v1/silences", alerts=["a", "c"], reason="biết rồi", ends_at=ends)
        await line.at("12h")
        line.want("desk", ("opened c/1", "2h"), ("opened b/1", "9h"))
        line.want("deputy")
        assert (await line.deliveries("desk"))[0] == ("withheld", "silenced")


async def test_a_retry_waits_for_the_morning_too(tmp_path: Path) -> None:
    """A receiver that failed in the evening does not ring at night."""
    async with timeline(tmp_path, "desk", start=EVENING) as line:
        await line.subscribe("desk", quiet_hours="22:00-06:00")
        line.receivers["desk"].usual = 500
        await line.at("58m")
        await line.push("a", 1, "opened")
        await line.at("2h")
        line.receivers["desk"].usual = 200
        assert await line.deliveries("desk") == [("due", "quiet_hours")]
        await line.at("1d")
        assert [what for _, what in line.got("desk")] == ["opened a/1"] * 3
        assert line.got("desk")[2][0] == 9 * 3600


async def test_alerts_of_one_parent_within_a_minute_are_one_delivery(tmp_path: Path) -> None:
    """Another parent's are another; a critical one waits for nobody and takes its group along."""
    async with timeline(tmp_path, "desk") as line:
        line.catalogue(hanoi="provinces", hue="provinces", dalat="provinces", rice="farming")
        await line.subscribe("desk", group_seconds=60)
        await line.push("a", 1, "opened", topic="hanoi")
        await line.at("20s")
        await line.push("b", 1, "opened", topic="hue")
        await line.push("r", 1, "opened", topic="rice")
        assert (await line.deliveries("desk"))[0] == ("due", "grouping")
        await line.at("10m")
        await line.push("c", 1, "opened", topic="dalat")
        await line.at("10m 5s")
        await line.push("d", 1, "opened", "critical", topic="hue")
        await line.at("1h")
        line.want("desk", ("opened a/1 b/1", "1m"), ("opened r/1", "1m 20s"), ("opened c/1 d/1", "10m 5s"))


async def test_a_group_that_fails_is_tried_again_as_it_was(tmp_path: Path) -> None:
    """The same id, the same alerts; what came later is a delivery of its own, after it."""
    async with timeline(tmp_path, "desk") as line:
        await line.subscribe("desk", group_seconds=60)
        line.receivers["desk"].answer(500)
        await line.push("a", 1, "opened")
        await line.push("b", 1, "opened")
        await line.at("61s")
        await line.push("a", 2, "updated")
        await line.at("1h")
        line.want(
            "desk",
            ("opened a/1 b/1", "1m"),
            ("opened a/1 b/1", "1m 4s", "1m 6s"),
            ("updated a/2", "2m 1s", "2m 1s"),
        )
        first, second, _ = line.receivers["desk"].got
        assert (first.id, first.body) == (second.id, second.body)


async def test_who_is_above_hears_before_a_deadline_passes(tmp_path: Path) -> None:
    """A quarter of an hour to acknowledge: five minutes before its end the deputy is told, and follows."""
    async with timeline(tmp_path, "desk", "deputy") as line:
        await line.subscribe("desk")
        await line.subscribe("deputy", escalation_minutes=5)
        await line.push("a", 1, "opened", "critical")
        assert ("withheld", "not_escalated") in await line.deliveries("deputy")
        await line.at("12m")
        line.want("deputy", ("escalated a/1", "10m"))
        await line.post("/v1/alerts/a/acknowledge")
        await line.at("30m")
        await line.push("a", 2, "updated", "critical")
        await line.post("/v1/alerts/a/publish")
        await line.at("2h")
        line.want("deputy", ("escalated a/1", "10m"), ("updated a/2", "30m"))
        assert ("withheld", "deadline_met") in await line.deliveries("deputy")
        line.want("desk", ("opened a/1", "0s"), ("updated a/2", "30m"))


async def test_an_escalation_is_a_line_of_the_history(tmp_path: Path) -> None:
    """By the response clock, when its moment came: of which deadline, and whom it told."""
    async with timeline(tmp_path, "deputy", "head") as line:
        deputy = await line.subscribe("deputy", escalation_minutes=5)
        head = await line.subscribe("head", escalation_minutes=5)
        await line.push("a", 1, "opened", "critical")
        await line.at("9m 59s")
        assert [one["event"] for one in (await line.get("/v1/alerts/a/events"))["items"]] == ["opened"]
        heard = line.api.services.journal.ticket()
        await line.at("14m")
        assert heard.is_set()
        _, escalated = (await line.get("/v1/alerts/a/events"))["items"]
        told = {one["id"]: one["name"] for one in escalated["data"]["endpoints"]}
        deadline = escalated["data"]["deadline"]
        assert (escalated["event"], escalated["origin"], escalated["by"]) == (
            "escalated",
            "clock",
            "response clock",
        )
        assert escalated["at"] == rfc3339(line.start_ms + milliseconds("10m"))
        assert told == {deputy: "deputy", head: "head"}
        assert (deadline["goal"], deadline["severity"], deadline["remaining_seconds"]) == (
            "acknowledged",
            "critical",
            300,
        )


async def test_an_alert_that_is_handled_in_time_is_not_escalated(tmp_path: Path) -> None:
    """Not when it is acknowledged, nor when it is resolved; a reopened one is again."""
    async with timeline(tmp_path, "deputy") as line:
        await line.subscribe("deputy", escalation_minutes=5)
        await line.push("a", 1, "opened", "critical")
        await line.at("9m")
        await line.post("/v1/alerts/a/acknowledge")
        await line.at("50m")
        await line.post("/v1/alerts/a/close", verdict="useful")
        await line.at("2h")
        line.want("deputy")
        assert ("withheld", "alert_resolved") in await line.deliveries("deputy")
        await line.post("/v1/alerts/a/reopen")
        await line.at("6h")
        line.want("deputy", ("escalated a/1", "2h"), ("escalated a/1", "4h 55m"))


async def test_the_response_clock_shows_what_is_met_missed_and_left(tmp_path: Path) -> None:
    """Acknowledged in time, the public informed too late the first time and in time the second."""
    async with timeline(tmp_path) as line:
        await line.push("a", 1, "opened", "critical")
        await line.at("14m")
        await line.post("/v1/alerts/a/acknowledge")
        await line.at("61m")
        await line.post("/v1/alerts/a/publish", comment="Thông cáo số 1")
        await line.at("4h")
        await line.post("/v1/alerts/a/publish")
        shown = (await line.get("/v1/alerts/a"))["deadlines"]
        assert [(one["goal"], one["number"], one["state"], one["remaining_seconds"]) for one in shown] == [
            ("acknowledged", 1, "met", 0),
            ("informed", 1, "missed", 0),
            ("informed", 2, "met", 0),
            ("informed", 3, "running", 20 * 3600),
        ]
        page = (await line.client.get("/metrics")).text
        assert 'haidang_response_deadlines{goal="informed",state="missed"} 1.0' in page
        history = (await line.get("/v1/alerts/a/events"))["items"]
        assert [one["event"] for one in history] == ["opened", "acknowledge", "publish", "publish"]


async def test_the_clock_of_a_raised_alert_begins_when_it_is_raised(tmp_path: Path) -> None:
    """What officers had done before counts."""
    async with timeline(tmp_path) as line:
        await line.push("a", 1, "opened")
        assert (await line.get("/v1/alerts/a"))["deadlines"] == []
        await line.post("/v1/alerts/a/acknowledge")
        await line.at("2h")
        await line.push("a", 2, "raised", "critical")
        await line.at("2h 30m")
        shown = (await line.get("/v1/alerts/a"))["deadlines"]
        assert [(one["goal"], one["state"], one["remaining_seconds"]) for one in shown] == [
            ("acknowledged", "met", 0),
            ("informed", "running", 1800),
            ("informed", "running", 4 * 3600 + 1800),
            ("informed", "running", 23 * 3600 + 1800),
        ]


async def test_an_endpoint_that_was_dead_for_three_hours_gets_all_in_order(tmp_path: Path) -> None:
    """While it is dead it is left in peace; once it answers, what waited comes at once."""
    async with timeline(tmp_path, "desk", "other") as line:
        await line.subscribe("desk")
        await line.subscribe("other")
        line.receivers["desk"].usual = 503
        for number in range(6):
            await line.at(f"{number * 10}m")
            await line.push(f"a{number}", 1, "opened")
        await line.push("a0", 2, "raised", "critical")
        await line.at("3h")
        tries = len(line.got("desk"))
        line.receivers["desk"].usual = 200
        await line.push("z", 1, "opened")
        await line.at("3h 11m")
        back = [what for _, what in line.got("desk")[tries:]]
        assert set(back) == {*(f"opened a{number}/1" for number in range(6)), "raised a0/2", "opened z/1"}
        assert len(back) == 8
        assert back.index("opened a0/1") < back.index("raised a0/2")
        assert [seconds for seconds, _ in line.got("other")] == [0, 600, 1200, 1800, 2400, 3000, 3000, 10800]


async def test_an_open_circuit_lets_one_probe_through(tmp_path: Path) -> None:
    """After five failures in a row the endpoint rests, half a minute at first."""
    async with timeline(tmp_path, "desk") as line:
        endpoint = await line.subscribe("desk")
        line.receivers["desk"].usual = 500
        for number in range(8):
            line.decide(f"a{number}", 1, "opened")
        await line.at("1s")
        [shown] = (await line.get("/v1/endpoints"))["items"]
        assert (shown["id"], shown["circuit"]) == (endpoint, "open")
        tries = len(line.got("desk"))
        assert 5 <= tries <= 8
        await line.at("20s")
        assert len(line.got("desk")) == tries
        await line.at("37s")
        assert len(line.got("desk")) == tries + 1


async def test_a_receiver_that_is_gone_is_disabled_and_the_others_are_told(tmp_path: Path) -> None:
    """410 is final; silence of an endpoint is never silent."""
    async with timeline(tmp_path, "desk", "other") as line:
        await line.subscribe("desk")
        await line.subscribe("other")
        line.receivers["desk"].answer(410)
        await line.push("a", 1, "opened")
        await line.at("1d")
        await line.push("a", 2, "closed")
        line.want("desk", ("opened a/1", "0s"))
        assert sorted(line.got("other")) == [
            (0, "endpoint.disabled"),
            (0, "opened a/1"),
            (86_400, "closed a/2"),
        ]
        assert await line.deliveries("desk") == [("dead", "endpoint_gone")]


async def test_long_failure_disables_and_one_call_brings_back_what_was_missed(tmp_path: Path) -> None:
    """After five days; the others are told, the dead letters wait."""
    async with timeline(tmp_path, "desk", "other") as line:
        endpoint = await line.subscribe("desk")
        await line.subscribe("other", min_severity="critical")
        line.receivers["desk"].usual = 503
        for day in range(6):
            await line.at(f"{day}d")
            await line.push(f"a{day}", 1, "opened")
        await line.at("6d")
        [(seconds, what)] = line.got("other")
        assert what == "endpoint.disabled"
        assert 5 * 86_400 <= seconds <= 6 * 86_400
        tries = len(line.got("desk"))
        line.receivers["desk"].usual = 200
        await line.post(f"/v1/endpoints/{endpoint}/enable")
        assert (await line.post("/v1/deliveries/replay", endpoint=endpoint)) == {"replayed": 6}
        await line.at("6d 1s")
        assert {what for _, what in line.got("desk")[tries:]} == {f"opened a{day}/1" for day in range(6)}


async def test_retry_after_rests_the_whole_endpoint(tmp_path: Path) -> None:
    """A receiver that asks for ten minutes gets them, whatever else is due."""
    async with timeline(tmp_path, "desk") as line:
        await line.subscribe("desk")
        line.receivers["desk"].answer(429, "slow down", Retry_After="600")
        await line.push("a", 1, "opened")
        await line.at("1m")
        await line.push("b", 1, "opened")
        await line.at("9m 59s")
        line.want("desk", ("opened a/1", "0s"))
        await line.at("11m")
        assert sorted(line.got("desk")[1:]) == [(600, "opened a/1"), (600, "opened b/1")]


async def test_a_rotation_in_flight_loses_nothing(tmp_path: Path) -> None:
    """The retry after a rotation is signed with both secrets, a day later with the new one alone."""
    async with timeline(tmp_path, "desk") as line:
        endpoint = await line.subscribe("desk")
        old = line.secrets["desk"]
        line.receivers["desk"].answer(500)
        await line.push("a", 1, "opened")
        new = (await line.post(f"/v1/endpoints/{endpoint}/rotate"))["secret"]
        await line.at("10s")
        await line.at("1d 1s")
        await line.push("b", 1, "opened")
        before, during, after = line.receivers["desk"].got
        before.verify_at(old)
        for secret in (old, new):
            during.verify_at(secret)
        after.verify_at(new)
        assert len(after.headers["webhook-signature"].split()) == 1
        assert before.id == during.id


async def test_a_restart_in_mid_delivery_sends_it_again_under_the_same_id(tmp_path: Path) -> None:
    """The claim of a process that died is taken back; the receiver drops the id that it knows."""
    async with timeline(tmp_path, "desk") as line:
        await line.subscribe("desk")
        line.receivers["desk"].gate.clear()
        line.decide("a", 1, "opened")
        with line.api.store.write() as connection:
            [claimed] = outbox.claim_due(connection, line.clock.now_ms(), {}, 4)
        sending = asyncio.create_task(
            line.api.services.channels.send(claimed.channel, claimed.letter, line.clock.now_ms())
        )
        await until(lambda: len(line.receivers["desk"].got) == 1)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        line.receivers["desk"].gate.set()
        line.restart()
        await line.at("2m")
        assert {got.id for got in line.receivers["desk"].got} == {claimed.delivery_id}
        assert [what for _, what in line.got("desk")] == ["opened a/1"] * 2
        assert await line.deliveries("desk") == [("delivered", None)]


async def test_the_public_library_accepts_every_kind_of_delivery(tmp_path: Path) -> None:
    """Events, groups, escalations, notices and tests: signed, below 20 kB, with a text in both languages."""
    rules = ["critical:acknowledged:detection:1"]
    now = datetime.now(UTC)
    async with timeline(tmp_path, "desk", "deputy", "lost", start=now, response_deadlines=rules) as line:
        await line.subscribe("desk", group_seconds=1)
        await line.subscribe("deputy", escalation_minutes=1)
        line.receivers["lost"].usual = 410
        await line.subscribe("lost")
        await line.push("a", 1, "opened")
        await line.push("b", 1, "opened")
        await line.at("2s")
        await line.push("c", 1, "opened", "critical")
        await line.post(f"/v1/endpoints/{line.ids['deputy']}/test")
        seen = {what for name in ("desk", "deputy") for _, what in line.got(name)}
        assert seen == {
            "opened a/1 b/1",
            "opened c/1",
            "escalated c/1",
            "endpoint.disabled",
            "endpoint.test",
        }
        for name in ("desk", "deputy"):
            for got in line.receivers[name].got:
                got.verify(line.secrets[name])
                assert len(got.body) < 20_000
                assert msgspec.json.decode(got.body)["message"].keys() == {"vi", "en"}
