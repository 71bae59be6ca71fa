"""The command ``haidang``: exit status 0 done, 1 failed with one clear line, 2 usage.

Each command imports what it runs only when it runs, so ``haidang match`` does not load Kafka.
"""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Never

import typer

from deploy.errors import DeployError
from streams.catalogue import CatalogueError

if TYPE_CHECKING:
    from deploy.settings import Settings

LOCAL_HOST = "127.0.0.1"
STDIN = "-"

app = typer.Typer(
    name="haidang",
    help="Early warning of communication crises: mentions in, explained alerts and signed webhooks out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
key_app = typer.Typer(help="API keys.", no_args_is_help=True)
app.add_typer(key_app, name="key")
catalogue_app = typer.Typer(help="The list of watched topics.", no_args_is_help=True)
app.add_typer(catalogue_app, name="catalogue")

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Input files; '-' is standard input.")]
OneFile = Annotated[str, typer.Argument(metavar="[FILE]", help="JSON Lines (.gz too), else standard input.")]
CatalogueOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Topics to watch, instead of the bundled catalogue.")
]


def _settings() -> "Settings":
    from deploy.settings import load

    return load()


@app.command()
def up(
    *, demo: Annotated[bool, typer.Option("--demo", help="Also replay the bundled scenario.")] = False
) -> None:
    """Run everything on this machine: Apache Kafka, worker and API; Ctrl-C stops all."""
    from deploy import up as supervision

    _leave(supervision.run(_settings(), demo=demo))


@app.command()
def worker() -> None:
    """Run one worker: it reads mentions from Kafka and decides the alerts."""
    from streams.worker import run

    _leave(run(_settings().worker))


@app.command()
def api() -> None:
    """Run the API: HTTP, console, live stream and the delivery of webhooks."""
    from api.server import run
    from streams.understanding import sample_gist

    _leave(run(_settings().api, sample_gist))


@app.command()
def kafka() -> None:
    """Run the embedded Apache Kafka alone and make the topics; Ctrl-C stops it."""
    from deploy import up as supervision

    _leave(supervision.run_kafka(_settings()))


@app.command()
def send(
    files: Files,
    *,
    rate: Annotated[float | None, typer.Option(help="Mentions per second at most.")] = None,
    speed: Annotated[
        float | None, typer.Option(help="Replay by arrival time, this many times faster than it happened.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over instead of continuing.")] = False,
) -> None:
    """Send mentions from JSON Lines to Kafka; interrupted, the same command continues where it stopped."""
    from streams.send import run

    deploy = _settings().deploy
    _leave(
        run(
            files,
            bootstrap=deploy.kafka_bootstrap,
            rate=rate,
            speed=speed,
            state_dir=deploy.data_dir / "send",
            fresh=fresh,
        )
    )


@app.command()
def backtest(  # noqa: PLR0913 - one parameter an option
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Counts (.csv) or mentions.")],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Gets <stem>.jsonl, one alert event a line.")],
    catalogue: CatalogueOption = None,
    pages_per_week: Annotated[
        float | None, typer.Option(min=0.01, max=1000, help="Alert budget for the whole input.")
    ] = None,
    only_paging: Annotated[
        bool, typer.Option("--only-paging", help="Leave out alerts of severity info.")
    ] = False,
    calendar: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Planned events: JSON Lines of calendar v1.")
    ] = None,
    corrections: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Corrections: JSON Lines of Kafka corrections.")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Print ours beside other detectors under the same budget.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Draw an SVG a topic: counts, expected, alerts.")
    ] = None,
    windows: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Labelled windows (JSON as NAB has it) to show.")
    ] = None,
) -> None:
    """Decide offline, by arrival time, on the same path as the worker."""
    from streams.backtest import Look, Options, run

    chosen = _settings().worker
    options = Options(
        catalogue or chosen.catalogue,
        chosen.pages_per_week if pages_per_week is None else pages_per_week,
        only_paging,
        chosen.detectors,
        calendar,
        Look(compare, plot, windows),
        corrections,
    )
    _leave(run(files, out, options))


@app.command()
def polarity(
    file: OneFile = STDIN,
    *,
    learn: Annotated[
        str | None, typer.Option(metavar="FILE", help="Learn first from unlabelled mentions.")
    ] = None,
    corrections: Annotated[
        str | None, typer.Option(metavar="FILE", help="Learn first from lines of {text, label}.")
    ] = None,
) -> None:
    """Judge how negative and how positive each line's text is."""
    from deploy.line_files import lines_of
    from streams.language_cli import polarity_lines

    with contextlib.ExitStack() as opened:
        learned, corrected = (
            None if name is None else opened.enter_context(lines_of(name)) for name in (learn, corrections)
        )
        lines = opened.enter_context(lines_of(file))
        _leave(polarity_lines(lines, sys.stdout, learned, corrected))


@app.command()
def match(
    file: OneFile = STDIN,
    *,
    catalogue: CatalogueOption = None,
    passages: Annotated[bool, typer.Option("--passages", help="Say where, too.")] = False,
) -> None:
    """Say which topics each line's text names."""
    from deploy.line_files import lines_of, text_of
    from streams.language_cli import match_lines

    chosen = catalogue or _settings().worker.catalogue
    text = None if chosen is None else text_of(chosen)
    with lines_of(file) as lines:
        _leave(match_lines(lines, sys.stdout, text, passages=passages))


@app.command()
def doctor() -> None:
    """Check settings, disk, Kafka, store, API and clocks; say what to do."""
    from deploy.doctor import run

    _leave(run())


@catalogue_app.command("check")
def catalogue_check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A catalogue in TOML.")],
) -> None:
    """Say what is wrong with a catalogue: line, problem, fix."""
    from deploy.line_files import text_of
    from streams.language_cli import check_catalogue

    _leave(check_catalogue(text_of(file), str(file), sys.stdout))


@key_app.command("create")
def key_create(
    name: Annotated[str, typer.Argument(help="Who uses it; shown in the audit log.")],
    role: Annotated[str, typer.Option(help="viewer, officer or admin.")] = "viewer",
    expires_days: Annotated[int | None, typer.Option(metavar="N", help="End it after so many days.")] = None,
) -> None:
    """Make an API key and print it: it is shown this once."""
    from deploy.keys import create

    print(create(_settings().api, name, role, expires_days))


@key_app.command("list")
def key_list() -> None:
    """List the keys: name, role, state, when made, when they expire, when last used (to the minute)."""
    from deploy.keys import table

    print("\n".join(table(_settings().api)))


@key_app.command("revoke")
def key_revoke(name: Annotated[str, typer.Argument(help="The key's name.")]) -> None:
    """End a key and its console sign-ins at once; its name is not given again."""
    from deploy.keys import revoke

    revoke(_settings().api, name)


@app.command()
def backup(file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")]) -> None:
    """Write an SQLite store into a file; the service may run."""
    from deploy.store_commands import back_up

    back_up(_settings().api, file)


@app.command()
def restore(file: Annotated[Path, typer.Argument(metavar="FILE", help="What haidang backup wrote.")]) -> None:
    """Put a backup in the store's place; what was there is kept beside it. The API must not run."""
    from deploy import store_commands

    store_commands.restore(_settings().api, file)


@app.command()
def erase(
    source: Annotated[str | None, typer.Option(metavar="NAME", help="All of a source.")] = None,
    mention: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="SOURCE ID", help="One mention, by its id or its link."),
    ] = None,
) -> None:
    """Erase a source's or a mention's samples from the store, and keep them out of later alerts."""
    from api.store.samples import Erasure
    from deploy import store_commands

    if (source is None) == (mention is None):
        raise typer.BadParameter("name one of the two", param_hint="--source or --mention")
    if mention is not None and not mention[1]:
        raise typer.BadParameter("the ID is empty", param_hint="--mention")
    erasure = Erasure(source) if source is not None else Erasure(*(mention or ()))
    store_commands.erase(_settings().api, erasure)


@app.command(hidden=True)
def receiver() -> None:
    """Run the sample webhook receiver of the demonstration."""
    from deploy.demo.endpoint import secret_path
    from deploy.receiver import run

    deploy = _settings().deploy
    _leave(run(LOCAL_HOST, deploy.demo_receiver_port, secret_path(deploy.data_dir)))


@app.command(hidden=True)
def demo() -> None:
    """Replay the bundled scenario into the running service."""
    from deploy.demo.run import run

    _leave(run(_settings()))


def _leave(status: int) -> Never:
    raise typer.Exit(status)


def run_command(arguments: list[str]) -> int:
    """Run the command line ``arguments``; return its exit status, an expected failure told in one line."""
    try:
        app(args=arguments, prog_name="haidang")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except (DeployError, CatalogueError, OSError) as error:
        print(f"haidang: {error}", file=sys.stderr)
        return 1
    return 0


def main() -> None:
    """Run the command line of this process and leave with its status."""
    sys.exit(run_command(sys.argv[1:]))
