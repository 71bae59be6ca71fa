"""The closed sets of words that the store's columns hold."""

from enum import StrEnum


class AlertState(StrEnum):
    """What the machine says of an alert."""

    OPEN = "open"
    CLOSED = "closed"


class HumanState(StrEnum):
    """How far an officer is with an alert."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    RESOLVED = "resolved"


class AlertVerdict(StrEnum):
    """What an officer says of an alert at its end."""

    CRISIS = "crisis"
    USEFUL = "useful"
    FALSE_ALARM = "false_alarm"
    PLANNED = "planned"
    DUPLICATE = "duplicate"


class Origin(StrEnum):
    """Who wrote a line of the journal."""

    MACHINE = "machine"
    OFFICER = "officer"
    CLOCK = "clock"
    DELIVERY = "delivery"


class Action(StrEnum):
    """What an officer did with an alert."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    HAND_OVER = "hand_over"
    COMMENT = "comment"
    PUBLISH = "publish"
    CLOSE = "close"
    REOPEN = "reopen"


class SampleAction(StrEnum):
    """What an officer said of a sample of an alert."""

    CORRECT = "correct"
    TAKE_BACK = "take_back"


class EndpointState(StrEnum):
    """Whether an endpoint receives deliveries."""

    ACTIVE = "active"
    DISABLED = "disabled"


class DeliveryState(StrEnum):
    """Where a delivery stands.

    ``due`` and ``sending`` are not over yet, ``carried`` goes with another delivery, ``withheld`` never
    began.
    """

    DUE = "due"
    SENDING = "sending"
    CARRIED = "carried"
    DELIVERED = "delivered"
    DEAD = "dead"
    WITHHELD = "withheld"


class Purpose(StrEnum):
    """What a delivery is for; an escalation's also names its deadline, so that each is told once."""

    EVENT = "event"
    ESCALATION = "escalation"
    NOTICE = "notice"


class ChannelName(StrEnum):
    """By what an endpoint is reached."""

    WEBHOOK = "webhook"
    ALERTMANAGER = "alertmanager"
    EMAIL = "email"
    APPRISE = "apprise"


PENDING = (DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.CARRIED)
