"""What the routes work with, made once per process."""

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from api.bell import Bell
from api.dispatcher import LEASE_SECONDS, Dispatcher
from api.feedback import FeedbackPublisher
from api.metrics import Metrics
from api.producer import MentionProducer
from api.projector import LANES, Projector
from api.sender import Sender
from api.settings import ApiSettings
from api.store import Store
from api.store.projection import Projected


@dataclass
class Services:
    """The parts of one API process."""

    settings: ApiSettings
    store: Store
    metrics: Metrics
    sender: Sender
    producer: MentionProducer
    journal: Bell = field(default_factory=Bell)
    due: Bell = field(default_factory=Bell)
    projectors: tuple[Projector, ...] = ()

    def new_dispatcher(self) -> Dispatcher:
        """Make the process's dispatcher."""
        return Dispatcher(
            self.store,
            self.sender,
            self.metrics,
            self.due,
            lanes=self.settings.webhook_lanes,
            lease_seconds=self.settings.webhook_timeout_seconds + LEASE_SECONDS,
        )

    def new_feedback(self) -> FeedbackPublisher:
        """Make the process's publisher of verdicts."""
        return FeedbackPublisher(self.store, self.producer, self.journal)

    def on_projected(self, batch: Projected) -> None:
        """Count a batch and wake whoever waits for what it brought; called in a projector's thread."""
        self.metrics.projected(batch)
        if batch.events:
            self.journal.ring()
        if batch.deliveries:
            self.due.ring()


def build(settings: ApiSettings, store: Store) -> Services:
    """Make the parts; nothing runs yet."""
    metrics = Metrics()
    metrics.seed(store)
    services = Services(
        settings=settings,
        store=store,
        metrics=metrics,
        sender=Sender(settings.allow_rules, settings.webhook_timeout_seconds),
        producer=MentionProducer(settings.kafka_bootstrap, settings.kafka_produce_seconds),
    )
    services.projectors = tuple(
        Projector(store, settings.kafka_bootstrap, lane, services.on_projected) for lane in LANES
    )
    return services


def of_request(request: Request) -> Services:
    """Give the process's services to a route."""
    return cast("Services", request.app.state.services)


Use = Annotated[Services, Depends(of_request)]
