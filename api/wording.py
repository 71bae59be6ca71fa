"""The words of messages to people, in Vietnamese and English: pure."""

from dataclasses import dataclass

from api.letter import Language
from detectors.events import AlertKind, DecisionReason, Severity


@dataclass(frozen=True)
class Words:
    """The words of one language; braces are filled by ``api/message.py``."""

    language: Language
    comma: str
    what: str
    since: str
    more: str
    said: str
    todo: str
    look: str
    deadline: str
    until: str
    counts: str
    times: str
    shares: str
    negatives: str
    nothing_said: str
    group: str
    further: str
    escalated: str
    left: str
    overdue: str
    disabled: str
    todo_disabled: str
    todo_closed: str
    todo_critical: str
    trial: str
    trial_more: str
    severities: dict[Severity, str]
    todo_kinds: dict[AlertKind, str]
    todo_reasons: dict[DecisionReason, str]
    goals: dict[str, str]
    disabled_reasons: dict[str, str]


_VI = Words(
    language=Language.VI,
    comma=",",
    what="Việc gì",
    since="Từ lúc",
    more="So với thường lệ",
    said="Người dân nói",
    todo="Cần làm",
    look="Xem tại",
    deadline="Hạn",
    until="{} đến {}",
    counts="{} lượt nhắc, thường {}",
    times="gấp {} lần",
    shares="; tiêu cực {:.0%}, thường {:.0%}",
    negatives="; {} lượt tiêu cực, thường {}",
    nothing_said="chưa có cụm từ nào nổi bật",
    group="{} cảnh báo: {}",
    further="và {} cảnh báo nữa",
    escalated="Sắp quá hạn",
    left="còn {} phút",
    overdue="đã quá hạn",
    disabled="Đã ngừng gửi cho điểm nhận {}",
    todo_disabled="Kiểm tra điểm nhận, bật lại, rồi gửi lại những gì đã lỡ.",
    todo_closed="Ghi kết luận cho cảnh báo để hệ thống học.",
    todo_critical="Nhận cảnh báo ngay; xác minh với đơn vị phụ trách; báo lãnh đạo; chuẩn bị thông tin "
    "đầu tiên cho công chúng.",
    trial="Thử kết nối từ Haidang",
    trial_more="Đây là tin thử, không phải cảnh báo. Không cần làm gì.",
    todo_reasons=dict.fromkeys(
        (DecisionReason.COPIES, DecisionReason.FEW_VOICES),
        "Đọc tin mẫu; xem có thêm ai nói không; chưa coi là dư luận chung.",
    ),
    severities={
        Severity.INFO: "mức theo dõi",
        Severity.WARNING: "mức cảnh báo",
        Severity.CRITICAL: "mức khẩn cấp",
    },
    todo_kinds={
        AlertKind.CRISIS: "Nhận cảnh báo; đọc tin mẫu; hỏi đơn vị phụ trách; chuẩn bị câu trả lời.",
        AlertKind.SURGE: "Xem người dân hỏi gì nhiều nhất; cập nhật câu trả lời trên các kênh chính thức.",
        AlertKind.NEGATIVITY: "Nhận cảnh báo; xem người dân bức xúc điều gì; hỏi đơn vị phụ trách.",
        AlertKind.NARRATIVE: "Tìm hiểu câu chuyện từ đâu; xác minh với đơn vị phụ trách; chuẩn bị thông tin.",
        AlertKind.POSITIVE: "Chưa cần xử lý; có thể cảm ơn và thông tin thêm.",
        AlertKind.FORECAST: "Theo dõi; chuẩn bị sẵn câu trả lời.",
    },
    goals={"acknowledged": "chưa ai nhận cảnh báo", "informed": "chưa thông tin cho công chúng"},
    disabled_reasons={
        "gone": "Điểm nhận báo rằng nó không còn nữa (410).",
        "failing": "Điểm nhận không nhận được gì trong một thời gian dài.",
    },
)

_EN = Words(
    language=Language.EN,
    comma=".",
    what="What",
    since="Since",
    more="Against usual",
    said="People say",
    todo="Do next",
    look="See",
    deadline="Deadline",
    until="{} to {}",
    counts="{} mentions, usually {}",
    times="{} times as many",
    shares="; {:.0%} negative, usually {:.0%}",
    negatives="; {} negative, usually {}",
    nothing_said="no phrase stands out yet",
    group="{} alerts: {}",
    further="and {} more alerts",
    escalated="About to be overdue",
    left="{} min left",
    overdue="overdue",
    disabled="Endpoint {} was disabled",
    todo_disabled="Check the receiver, enable it again, then replay what it missed.",
    todo_closed="Give the alert a verdict, so that the system learns.",
    todo_critical="Acknowledge now; verify with the office in charge; tell the leadership; prepare the first "
    "public information.",
    trial="Connection test from Haidang",
    trial_more="This is a test, not an alert. Nothing needs to be done.",
    todo_reasons=dict.fromkeys(
        (DecisionReason.COPIES, DecisionReason.FEW_VOICES),
        "Read the samples; see whether others join in; not public opinion so far.",
    ),
    severities={Severity.INFO: "to watch", Severity.WARNING: "warning", Severity.CRITICAL: "critical"},
    todo_kinds={
        AlertKind.CRISIS: "Acknowledge; read the samples; ask the office in charge; prepare an answer.",
        AlertKind.SURGE: "See what people ask most; update the answers on the official channels.",
        AlertKind.NEGATIVITY: "Acknowledge; see what angers people; ask the office in charge.",
        AlertKind.NARRATIVE: "Find where the story comes from; verify it with the office in charge.",
        AlertKind.POSITIVE: "Nothing has to be done; a thank-you and more information may help.",
        AlertKind.FORECAST: "Watch; have an answer ready.",
    },
    goals={"acknowledged": "nobody has acknowledged", "informed": "the public is not informed"},
    disabled_reasons={
        "gone": "The receiver says that it is gone (410).",
        "failing": "The receiver has taken nothing for a long time.",
    },
)

WORDS = {Language.VI: _VI, Language.EN: _EN}
