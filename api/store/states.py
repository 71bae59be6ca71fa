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


class Action(StrEnum):
    """What an officer did with an alert."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    HAND_OVER = "hand_over"
    COMMENT = "comment"
    CLOSE = "close"
    REOPEN = "reopen"


class EndpointState(StrEnum):
    """Whether an endpoint receives deliveries."""

    ACTIVE = "active"
    DISABLED = "disabled"


class DeliveryState(StrEnum):
    """Where a delivery stands; ``due`` and ``sending`` are not over yet, ``withheld`` never began."""

    DUE = "due"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"
    WITHHELD = "withheld"


PENDING = (DeliveryState.DUE, DeliveryState.SENDING)
