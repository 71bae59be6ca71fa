"""Envelopes to Kafka in order, each acknowledged by the broker, across broker restarts."""

import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Self

import msgspec
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from streams.send_position import Position

if TYPE_CHECKING:
    from kafka.producer.future import FutureRecordMetadata

MAX_UNACKNOWLEDGED = 16
"""Envelopes under way at most (16 MB): more would not go faster."""
GIVE_UP_SECONDS = 300.0
"""How long the broker may be silent before sending stops with an error."""
REQUEST_BYTES = 16 * 1024 * 1024
CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 2.0
"""How long a producer may take to close; shorter leaves its sockets open."""


class SendError(Exception):
    """Sending cannot go on; the message says what to do. Everything acknowledged so far is remembered."""


class Parcel(msgspec.Struct, frozen=True):
    """One Kafka record and the place in the input that is done once it is acknowledged."""

    value: bytes
    end: Position


def cluster_of(bootstrap: str, topic: str) -> str:
    """Return the cluster's id. Raises SendError when it is out of reach or has no `topic`."""
    try:
        _knock(bootstrap)
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=10_000)
    except (OSError, ValueError, KafkaError) as error:
        raise SendError(
            f"no Kafka at {bootstrap} ({type(error).__name__}): start `haidang up` or `haidang kafka`, "
            "or name yours in HAIDANG_KAFKA_BOOTSTRAP"
        ) from error
    try:
        if topic not in admin.list_topics():
            raise SendError(f"Kafka at {bootstrap} has no topic {topic!r}: `haidang up` creates it")
        return str(admin.describe_cluster()["cluster_id"])
    finally:
        admin.close()


def _knock(bootstrap: str) -> None:
    """Connect to any of the addresses: the client library would knock at a closed door for 10 s."""
    errors: list[OSError] = []
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
        except OSError as error:
            errors.append(error)
        else:
            return
    raise errors[0]


class Sender:
    """Sends parcels under one key, hence into one partition, in the order given.

    A failed parcel is sent again, with all after it, by a new producer: repeated mentions count once, lost
    ones would be lost. Raises SendError when nothing was acknowledged for GIVE_UP_SECONDS or when the broker
    refuses a record.
    """

    def __init__(self, bootstrap: str, topic: str, key: bytes) -> None:
        """Connect lazily: the first parcel does."""
        self._bootstrap = bootstrap
        self._topic = topic
        self._key = key
        self._producer: KafkaProducer | None = None
        self._under_way: deque[tuple[Parcel, FutureRecordMetadata | None]] = deque()
        self._last_progress = time.monotonic()

    def __enter__(self) -> Self:
        """Use as a context: leaving it closes the connection."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close without waiting for what is unacknowledged: the caller has drained, or has given up."""
        self._close()

    @property
    def unacknowledged(self) -> int:
        """Parcels under way."""
        return len(self._under_way)

    @property
    def full(self) -> bool:
        """Whether `acknowledged` must return something before the next `send`."""
        return len(self._under_way) >= MAX_UNACKNOWLEDGED

    def send(self, parcel: Parcel) -> None:
        """Hand one parcel to the producer."""
        if not self._under_way:
            self._last_progress = time.monotonic()
        self._under_way.append((parcel, None))
        self._dispatch()

    def acknowledged(self, wait_seconds: float) -> list[Parcel]:
        """Parcels acknowledged since the last call, in order; waits `wait_seconds` for the first of them."""
        done: list[Parcel] = []
        deadline = time.monotonic() + wait_seconds
        while self._under_way:
            left = 0.0 if done else max(0.0, deadline - time.monotonic())
            if not self._head_acknowledged(left):
                break
            done.append(self._under_way.popleft()[0])
            self._last_progress = time.monotonic()
        return done

    def _head_acknowledged(self, wait_seconds: float) -> bool:
        future = self._under_way[0][1]
        if future is None:
            self._dispatch()
            return False
        try:
            if not future.is_done and wait_seconds == 0:
                return False
            future.get(timeout=wait_seconds)
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            size = len(self._under_way[0][0].value)
            raise SendError(
                f"the broker refuses a record of {size:,} bytes: raise max.message.bytes of {self._topic}"
            ) from error
        except KafkaError as error:
            if future.is_done:
                self._start_again(error)
            else:
                self._check_patience(error)
            return False
        return True

    def _dispatch(self) -> None:
        """Give the producer everything that it does not have yet, in order."""
        try:
            producer = self._connected()
            for index, (parcel, future) in enumerate(self._under_way):
                if future is None:
                    sent = producer.send(self._topic, value=parcel.value, key=self._key)
                    self._under_way[index] = (parcel, sent)
        except KafkaError as error:
            self._start_again(error)

    def _start_again(self, error: KafkaError) -> None:
        self._check_patience(error)
        self._close()
        self._under_way = deque((parcel, None) for parcel, _ in self._under_way)

    def _check_patience(self, error: KafkaError) -> None:
        silent = time.monotonic() - self._last_progress
        if silent > GIVE_UP_SECONDS:
            raise SendError(
                f"Kafka at {self._bootstrap} acknowledged nothing for {silent:.0f} s "
                f"({type(error).__name__}): see that it runs, then run the same command again"
            ) from error

    def _connected(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = KafkaProducer(
                bootstrap_servers=self._bootstrap,
                acks="all",
                enable_idempotence=True,
                batch_size=0,
                max_request_size=REQUEST_BYTES,
                delivery_timeout_ms=120_000,
                max_block_ms=10_000,
                bootstrap_timeout_ms=10_000,
                reconnect_backoff_max_ms=1_000,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        return self._producer

    def _close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=CLOSE_SECONDS)
            self._producer = None
