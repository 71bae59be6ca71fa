"""Mentions to Kafka: one envelope, acknowledged by every in-sync replica before the call returns."""

import contextlib
import logging
import threading
from collections.abc import Sequence

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from api import logs

MENTIONS = "mentions"
MAX_RECORD_BYTES = 8 * 1024 * 1024

LOG = logging.getLogger("haidang.producer")


class KafkaAwayError(Exception):
    """Kafka did not acknowledge in time; what was sent may or may not have arrived."""


class MentionProducer:
    """Hand envelopes to Kafka; connects when first needed and after a failure. Threads may share it."""

    def __init__(self, bootstrap: str, timeout_seconds: float) -> None:
        """Keep the address."""
        self._bootstrap = bootstrap.split(",")
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._producer: KafkaProducer | None = None

    def send(self, mentions: Sequence[bytes]) -> None:
        """Send one envelope of encoded mentions; blocks until Kafka has it.

        Raises KafkaAwayError when that has not happened within the time allowed; sending the same mentions
        again is safe, since each counts once by its id.
        """
        self._send(MENTIONS, [(None, b"[" + b",".join(mentions) + b"]")])

    def send_keyed(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Send records of (key, value) in their order; blocks until Kafka has them, raises KafkaAwayError."""
        self._send(topic, records)

    def _send(self, topic: str, records: Sequence[tuple[bytes | None, bytes]]) -> None:
        """Send and wait."""
        try:
            producer = self._connected()
            sent = [producer.send(topic, key=key, value=value) for key, value in records]
            for waiting in sent:
                waiting.get(timeout=self._timeout_seconds)
        except (KafkaError, OSError, TimeoutError) as error:
            logs.warn(LOG, "records_refused", topic=topic, records=len(records), error=type(error).__name__)
            if not isinstance(error, KafkaTimeoutError):  # what only waited goes on by itself
                self._forget()
            raise KafkaAwayError(type(error).__name__) from error

    def _connected(self) -> KafkaProducer:
        """Give the producer, made now if there is none."""
        with self._lock:
            if self._producer is None:
                budget_ms = round(self._timeout_seconds * 1000)
                self._producer = KafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    client_id="haidang-api",
                    acks="all",
                    max_request_size=MAX_RECORD_BYTES,
                    max_block_ms=budget_ms,
                    delivery_timeout_ms=budget_ms,
                    request_timeout_ms=max(1, budget_ms // 2),
                    bootstrap_timeout_ms=min(3000, budget_ms),
                    allow_auto_create_topics=False,
                    reconnect_backoff_max_ms=1000,
                    metrics_enabled=False,
                )
            return self._producer

    def _forget(self) -> None:
        """Drop a producer that failed, so that the next envelope begins afresh."""
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError):  # what was not sent in time is given up
                producer.close(timeout=1)

    def close(self) -> None:
        """Close the connection; nothing is under way, since every send waits."""
        self._forget()
