"""``haidang backtest``: one file of events for each input, or one clear line."""

import gzip
import io
import json
from pathlib import Path
from typing import cast

import msgspec
import pytest
from core_support import START, START_MS, catalogue, record, talk

from detectors.events import encode_event
from detectors.orders import PlannedEvent
from detectors.rivals import RIVALS
from streams.backtest import Look, Options, records_by_arrival, run
from streams.compare import OURS
from streams.pipeline import Pipeline

CATALOGUE = "\n".join(
    ['schema = "haidang.catalogue.v1"']
    + [
        f'[[topic]]\nid = "chu-de-{n}"\nname = {{ vi = "Chủ đề {n}", en = "Topic {n}" }}\n'
        f'aliases = ["chuyện số {n} ở xã"]'
        for n in range(3)
    ]
)
MENTIONS = talk(6, hours=7.5)
NOW_MS = START_MS + 400 * 86_400_000


def backtest(folder: Path, *files: Path, only_paging: bool = False) -> tuple[int, str]:
    """Run the command on the tiny catalogue; return status and summary."""
    path, said = folder / "catalogue.toml", io.StringIO()
    path.write_text(CATALOGUE, encoding="utf-8")
    return run(list(files), folder / "out", Options(path, only_paging=only_paging), said), said.getvalue()


def lines_of(mentions: list[dict[str, object]]) -> bytes:
    """Return JSON Lines."""
    return b"".join(msgspec.json.encode(found) + b"\n" for found in mentions)


def counts_of(values: list[int]) -> str:
    """Return a CSV of counts in steps of five minutes."""
    rows = [
        f"2026-11-{1 + n // 288:02d} {n // 12 % 24:02d}:{n * 5 % 60:02d}:00,{value}"
        for n, value in enumerate(values)
    ]
    return "\n".join(["timestamp,value", *rows])


def test_mentions_become_a_file_of_the_pipelines_events(tmp_path: Path) -> None:
    """The name is the stem's; the lines are what the pipeline decides."""
    file = tmp_path / "thang-11.jsonl"
    file.write_bytes(lines_of(MENTIONS))
    status, said = backtest(tmp_path, file)
    written = (tmp_path / "out" / "thang-11.jsonl").read_bytes().splitlines()
    stream = [record(place, found) for place, found in enumerate(MENTIONS)]
    decided = [encode_event(event) for event in Pipeline(catalogue(), 14.0).run(stream)]
    without_hash = [json.loads(line) | {"model": 0} for line in written]
    assert (status, without_hash) == (0, [json.loads(line) | {"model": 0} for line in decided])
    assert written
    assert "thang-11.jsonl: " in said
    assert "counted" in said


def test_gz_and_any_order_of_lines_give_the_same(tmp_path: Path) -> None:
    """Lines are decided by arrival, wherever they stand."""
    unique = list({str(found["id"]): found for found in MENTIONS}.values())
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_bytes(lines_of(unique))
    packed.write_bytes(gzip.compress(lines_of(unique[::-1])))
    assert backtest(tmp_path, plain)[0] == backtest(tmp_path, packed)[0] == 0
    assert (tmp_path / "out" / "a.jsonl").read_bytes() == (tmp_path / "out" / "b.jsonl").read_bytes() != b""


def test_no_mention_is_lost_whatever_the_order_of_the_lines() -> None:
    """A file written newest first, longer than a batch: each line counts."""
    lines = lines_of(MENTIONS).splitlines()
    assert len(lines) > 500
    outcomes = []
    for order in (lines, lines[::-1]):
        pipeline = Pipeline(catalogue(), 14.0)
        list(pipeline.run(records_by_arrival(order, NOW_MS)[0]))
        outcomes.append(pipeline.outcomes)
    assert outcomes[0] == outcomes[1]
    assert sum(outcomes[0].values()) == len(lines)


def test_only_paging_leaves_out_what_does_not_page(tmp_path: Path) -> None:
    """The rest is untouched and in order."""
    file = tmp_path / "a.csv"
    chatter = [5 + n % 3 for n in range(2000)]
    chatter[1500:1506] = [400] * 6
    file.write_text(counts_of(chatter), encoding="utf-8")
    backtest(tmp_path, file)
    every = (tmp_path / "out" / "a.jsonl").read_bytes().splitlines()
    backtest(tmp_path, file, only_paging=True)
    paging = (tmp_path / "out" / "a.jsonl").read_bytes().splitlines()
    assert paging == [line for line in every if json.loads(line)["severity"] != "info"]
    assert paging


def test_counts_carry_the_time_of_their_row(tmp_path: Path) -> None:
    """``at`` is the stamp as it stands in the file."""
    file = tmp_path / "a.csv"
    values = [5] * 1500 + [300] * 6 + [5] * 20
    file.write_text(counts_of(values), encoding="utf-8")
    assert backtest(tmp_path, file)[0] == 0
    first = json.loads((tmp_path / "out" / "a.jsonl").read_bytes().splitlines()[0])
    assert first["at"][:16] in {f"2026-11-06T05:{minute:02d}" for minute in (0, 5, 10)}
    assert first["topic"]["id"] == "a"


def test_two_files_of_one_stem_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither is decided: one would overwrite the other."""
    for name in ("a.csv", "a.jsonl.gz"):
        (tmp_path / name).write_bytes(b"")
    assert backtest(tmp_path, tmp_path / "a.csv", tmp_path / "a.jsonl.gz")[0] == 1
    assert "a.jsonl; rename" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_input_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A result that would replace an input is refused, and the input is as it was."""
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"{}\n")
    assert run([file], tmp_path, Options()) == 1
    assert "--out" in capsys.readouterr().err
    assert file.read_bytes() == b"{}\n"


def test_one_faulty_csv_among_good_ones_writes_nothing(tmp_path: Path) -> None:
    """All files are checked before the first is decided."""
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("timestamp,value\n2026-01-01 00:00:00,1\n2026-01-01 00:05:00,2\n", "utf-8")
    bad.write_text("timestamp,value\n2026-01-01 00:00:00,1\n2026-01-01 00:05:00,x\n", "utf-8")
    assert run([good, bad], tmp_path / "out", Options()) == 1
    assert not (tmp_path / "out").exists()


def test_a_faulty_csv_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line with the file, the line and the fix."""
    file = tmp_path / "a.csv"
    file.write_text(counts_of([1, 2, 3]) + "\nnoon,4", encoding="utf-8")
    assert backtest(tmp_path, file)[0] == 1
    error = capsys.readouterr().err
    assert error.startswith("haidang: a.csv: line 5: 'noon' is no time; write it as")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_damaged_gzip_file_is_an_input_error_and_writes_nothing(tmp_path: Path) -> None:
    """Cut off while it was copied."""
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(lines_of(MENTIONS))[:-200])
    with pytest.raises(OSError, match=r"a\.jsonl\.gz: damaged"):
        backtest(tmp_path, file)
    assert not (tmp_path / "out").exists()


def test_bad_lines_are_named_and_their_neighbours_count(tmp_path: Path) -> None:
    """With their line number, blank lines counted too."""
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"\n" + lines_of(MENTIONS[:3]) + b"{broken\n" + lines_of(MENTIONS[3:6]))
    status, said = backtest(tmp_path, file)
    assert status == 0
    assert "line 5: not_json" in said
    assert "1 rejected" in said


def test_bad_lines_do_not_move_time() -> None:
    """Many of them between mentions without ``fetched_at``: the next ones still count."""
    mentions = [dict(found) for found in MENTIONS[:40]]
    for found in mentions:
        found["published_at"] = found.pop("fetched_at")
    bad = [b"{broken\n"] * 600
    lines = [*lines_of(mentions[:20]).splitlines(), *bad, *lines_of(mentions[20:]).splitlines()]
    pipeline, clean = Pipeline(catalogue(), 14.0), Pipeline(catalogue(), 14.0)
    list(pipeline.run(records_by_arrival(lines, NOW_MS)[0]))
    list(clean.run(records_by_arrival(lines_of(mentions).splitlines(), NOW_MS)[0]))
    assert pipeline.outcomes == clean.outcomes + pipeline.outcomes.__class__({"rejected": 600})
    assert pipeline.watch.closed == clean.watch.closed


def test_a_name_that_holds_csv_inside_is_no_csv(tmp_path: Path) -> None:
    """Only the last suffix says what a file is."""
    file = tmp_path / "nab.csv.jsonl"
    file.write_bytes(lines_of(MENTIONS[:5]))
    assert backtest(tmp_path, file)[0] == 0
    assert (tmp_path / "out" / "nab.csv.jsonl").exists()
    assert START.year == 2025


def looked_at(folder: Path, file: Path, **options: object) -> tuple[int, str]:
    """Run the command with something to look at; return status and what it said."""
    path, said = folder / "catalogue.toml", io.StringIO()
    path.write_text(CATALOGUE, encoding="utf-8")
    calendar = options.pop("calendar", None)
    look = Look(**options)  # type: ignore[arg-type]
    assert calendar is None or isinstance(calendar, Path)
    chosen = Options(path, calendar=calendar, look=look)
    return run([file], folder / "out", chosen, said), said.getvalue()


def test_others_stand_beside_ours_with_labelled_windows(tmp_path: Path) -> None:
    """One row a detector; the burst's window is hit by ours."""
    file, windows = tmp_path / "dem.csv", tmp_path / "windows.json"
    file.write_text(counts_of([5, 4, 6, 5] * 360 + [80] * 12 + [5] * 24), encoding="utf-8")
    windows.write_text('{"x/dem.csv": [["2026-11-06 00:00:00", "2026-11-06 01:00:00"]]}', encoding="utf-8")
    status, said = looked_at(tmp_path, file, compare=True, windows=windows)
    table = {line[:34].strip(): line[34:].split() for line in said.splitlines()[2:]}
    assert status == 0
    assert set(table) == {OURS, *RIVALS}
    assert table[OURS][2:] == ["1/1", "0"]


def test_a_picture_a_topic_is_drawn(tmp_path: Path) -> None:
    """Of topics that were mentioned; the events stay what they are without a look."""
    file = tmp_path / "thang-11.jsonl"
    file.write_bytes(lines_of(MENTIONS))
    assert backtest(tmp_path, file)[0] == 0
    before = (tmp_path / "out" / "thang-11.jsonl").read_bytes()
    assert looked_at(tmp_path, file, plot=tmp_path / "plots")[0] == 0
    drawn = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "plots").iterdir()}
    assert set(drawn) == {"chu-de-0.svg", "chu-de-1.svg", "chu-de-2.svg"}
    assert all("<svg" in text for text in drawn.values())
    assert (tmp_path / "out" / "thang-11.jsonl").read_bytes() == before


@pytest.mark.parametrize("wrong", ["[]", "{", '{"a": [["2026-11-06"]]}', '{"a": [["x", "y"]]}'])
def test_windows_that_cannot_be_read_are_one_line(
    tmp_path: Path, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1, with what to write, before anything is decided."""
    file, windows = tmp_path / "dem.csv", tmp_path / "windows.json"
    file.write_text(counts_of([1, 2]), encoding="utf-8")
    windows.write_text(wrong, encoding="utf-8")
    assert looked_at(tmp_path, file, compare=True, windows=windows)[0] == 1
    assert "labelled windows cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_is_planned_is_known_before_the_first_mention() -> None:
    """The topic that it names knows of it from the beginning."""
    stream = [record(place, found) for place, found in enumerate(MENTIONS)]
    start = int(START.timestamp())
    planned = PlannedEvent("e1", ("chu-de-0",), start, start + 86_400, 100.0)
    usual, raised = Pipeline(catalogue(), 14.0), Pipeline(catalogue(), 14.0, orders=[planned])
    for pipeline in (usual, raised):
        assert list(pipeline.run(stream))
    known = [one.watch.topics["chu-de-0"].monitor.dump()["calendar"] for one in (usual, raised)]
    assert [len(cast("list[object]", events)) for events in known] == [0, 1]


def test_a_calendar_that_cannot_be_read_names_line_and_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1; nothing is written."""
    file, calendar = tmp_path / "dem.csv", tmp_path / "calendar.jsonl"
    file.write_text(counts_of([1, 2]), encoding="utf-8")
    calendar.write_text('\n{"schema": "haidang.calendar.v1", "id": "e1", "from": 1, "to": 2, "factor": 0}\n')
    assert looked_at(tmp_path, file, calendar=calendar)[0] == 1
    assert "calendar.jsonl: line 2: factor" in capsys.readouterr().err


def test_corrections_that_cannot_be_read_name_line_and_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1; nothing is written."""
    file, said, path = (tmp_path / name for name in ("dem.csv", "corrections.jsonl", "catalogue.toml"))
    file.write_text(counts_of([1, 2]), encoding="utf-8")
    path.write_text(CATALOGUE, encoding="utf-8")
    head = '{"schema": "haidang.correction.v1", "id": "c", "revision": 1, "number": 1'
    said.write_text(f'{head}, "label": null}}\n\n{head}, "label": "neutral"}}\n', encoding="utf-8")
    assert run([file], tmp_path / "out", Options(path, corrections=said), io.StringIO()) == 1
    assert "corrections.jsonl: line 3: gist: must be there beside a label" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
