"""What is shown while sending."""

import io

import pytest

from streams.send_report import BarReport, LineReport, report_for


def test_without_a_terminal_plain_lines_come_now_and_then() -> None:
    """Acknowledged, under way, rate and share in one line."""
    out = io.StringIO()
    with LineReport("a.jsonl", out, every_seconds=0.0) as report:
        report.progress(1000, 500, 0.25)
        report.progress(2500, 0, None)
    first, second = out.getvalue().splitlines()
    assert first.startswith("a.jsonl: 1,000 acknowledged, 500 under way, ")
    assert first.endswith("25% read")
    assert "2,500 acknowledged" in second
    assert "read" not in second


def test_lines_keep_their_distance() -> None:
    """A log is not flooded."""
    out = io.StringIO()
    report = LineReport("a.jsonl", out, every_seconds=3600.0)
    for count in range(100):
        report.progress(count, 0, None)
    assert out.getvalue() == ""


def test_a_bar_shows_name_share_and_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Notes stand above it, brackets in them are no markup."""
    with BarReport("a.jsonl") as report:
        report.progress(1000, 500, 0.25)
        report.note("a.jsonl:7: refused, [bold]not_json")
        report.progress(1500, 0, 1.0)
    shown = capsys.readouterr().out
    assert "a.jsonl:7: refused, [bold]not_json" in shown
    assert "1,500 acknowledged" in shown
    assert "100%" in shown


def test_only_a_terminal_gets_the_bar() -> None:
    """Pipes and files get lines."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert isinstance(report_for("a", Terminal()), BarReport)
    assert isinstance(report_for("a", io.StringIO()), LineReport)
