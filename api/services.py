"""What the routes work with, made once per process."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, cast

from fastapi import Depends, Request

from api.bell import Bell
from api.calendar import PLANS
from api.channels import Channels
from api.channels import build as channels
from api.clock import Clock, WallClock
from api.corrections import SAID
from api.dispatcher import LEASE_SECONDS, Dispatcher, Pace
from api.feedback import VERDICTS
from api.housekeeper import Housekeeper
from api.listener import Listener
from api.metrics import Metrics
from api.producer import MentionProducer
from api.projector import LANES, Projector
from api.publisher import Publisher
from api.refresher import Refresher
from api.sender import Sender
from api.settings import ApiSettings
from api.store import Store
from api.store.calls import Call
from api.store.projection import Projected
from detectors.gist import Gist


@dataclass
class Services:
    """The parts of one API process; ``gist_of`` gives what a correction keeps of a sample's text."""

    settings: ApiSettings
    store: Store
    metrics: Metrics
    sender: Sender
    producer: MentionProducer
    channels: Channels
    gist_of: Callable[[str], Gist]
    clock: Clock = field(default_factory=WallClock)
    journal: Bell = field(default_factory=Bell)
    due: Bell = field(default_factory=Bell)
    projectors: tuple[Projector, ...] = ()

    def new_dispatcher(self) -> Dispatcher:
        """Make the process's dispatcher."""
        pace = Pace(
            lanes=self.settings.webhook_lanes,
            lease_seconds=self.settings.webhook_timeout_seconds + LEASE_SECONDS,
            disable_hours=self.settings.webhook_disable_hours,
        )
        return Dispatcher(self.store, self.channels, self.metrics, self.due, self.journal, self.clock, pace)

    def new_refresher(self) -> Refresher:
        """Make what keeps alerts firing at Alertmanagers."""
        channel = channels.alertmanager(self.settings, self.sender)
        return Refresher(self.store, channel, self.clock, self.settings.alertmanager_refresh_seconds)

    def new_threads(self) -> tuple[Listener | Projector, ...]:
        """Give what runs in threads of its own: the projectors, and a listener for other processes' news."""
        return Listener(self.store, {Call.JOURNAL: self.journal, Call.DUE: self.due}), *self.projectors

    def new_housekeeper(self) -> Housekeeper:
        """Make what ends what has been kept long enough."""
        return Housekeeper(self.store, self.clock, self.settings.terms)

    def new_publishers(self) -> tuple[Publisher[int], *tuple[Publisher[dict[str, int]], ...]]:
        """Make what publishes verdicts, planned events and corrections."""
        verdicts = Publisher(self.store, self.producer, self.journal, VERDICTS)
        return verdicts, *(
            Publisher(self.store, self.producer, self.journal, outgoing) for outgoing in (PLANS, SAID)
        )

    def on_projected(self, batch: Projected) -> None:
        """Count a batch and wake whoever waits for what it brought; called in a projector's thread."""
        self.metrics.projected(batch)
        if batch.events:
            self.journal.ring()
        if batch.deliveries:
            self.due.ring()


def build(settings: ApiSettings, store: Store, gist_of: Callable[[str], Gist]) -> Services:
    """Make the parts; nothing runs yet."""
    metrics = Metrics()
    metrics.seed(store)
    sender = Sender(settings.allow_rules, settings.webhook_timeout_seconds)
    services = Services(
        settings=settings,
        store=store,
        metrics=metrics,
        sender=sender,
        channels=channels.channels(settings, sender),
        producer=MentionProducer(settings.kafka_bootstrap, settings.kafka_produce_seconds),
        gist_of=gist_of,
    )
    services.projectors = tuple(
        Projector(store, settings.kafka_bootstrap, duty, services.on_projected, settings.deadline_rules)
        for duty in LANES
    )
    return services


async def of_request(request: Request) -> Services:
    """Give the process's services to a route; a request that is carried out once has a store of its own."""
    services = cast("Services", request.app.state.services)
    own: Store | None = getattr(request.state, "store", None)
    return services if own is None else replace(services, store=own)


Use = Annotated[Services, Depends(of_request)]
