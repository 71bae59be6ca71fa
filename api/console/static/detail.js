// The detail of one alert, from what matters most at three in the morning to what matters least.
"use strict";

import { chart } from "./chart.js";
import { ago, button, clock, duration, element, labelled, moment, named, number, page, percent, say, word } from "./page.js";

const LABELS = ["negative", "neutral", "positive"];
const VERDICTS = ["crisis", "useful", "false_alarm", "planned", "duplicate"];
const SILENCE_HOURS = [1, 4, 12, 24];

const section = (name, ...children) => element("section", { className: name },
  element("h3", { text: say(name) }), ...children);

function big(name, value, explained, className = "") {
  return element("div", { className: `big ${className}` }, element("dt", { text: say(name) }),
    element("dd", {}, element("strong", { text: value }), element("span", { text: explained, className: "small" })));
}

function usual(alert) {
  const [low, high] = alert.interval ?? [];
  const range = low === undefined ? say("usual", number(alert.expected)) : say("between", number(low), number(high));
  if (!(alert.expected > 0) || alert.observed / alert.expected < 1.5) return range;
  return `${say("times", number(alert.observed / alert.expected))}; ${range}`;
}

function facts(alert) {
  const shares = alert.negative ?? {};
  return element("dl", { className: "bigs" },
    big("mentions", number(alert.observed), usual(alert)),
    big("since", clock(alert.onset), `${moment(alert.onset)} (+07:00), ${ago(alert.onset)}`),
    big("share", percent(shares.observed), say("usual", percent(shares.expected)),
      shares.observed > shares.expected * 1.3 ? "worse" : ""));
}

function todo(alert) {
  const name = alert.state === "closed" ? "closed" : alert.severity === "critical" ? "critical" : alert.kind;
  if (alert.human_state === "resolved") return null;
  const said = document.querySelector(`#todo [data-name=${name}][lang=${page.language}]`);
  return said && element("p", { className: "todo" }, element("strong", { text: `${say("todo")}: ` }), said.textContent);
}

function standing(deadline) {
  const seconds = (new Date(deadline.due_at) - Date.now()) / 1000;
  if (deadline.state === "running" && seconds >= 0) return word("deadline", "running").replace("{0}", duration(seconds));
  if (deadline.state === "met") return `${word("deadline", "met")} ${clock(deadline.met_at)}`;
  if (deadline.state === "ended") return word("deadline", "ended");
  const late = deadline.met_at ? (new Date(deadline.met_at) - new Date(deadline.due_at)) / 1000 : -seconds;
  return `${word("deadline", "missed")}, ${say("late", duration(late))}`;
}

export function deadlines(alert) {
  const rows = (alert.deadlines ?? []).map((one) => {
    const late = one.state === "missed" || (one.state === "running" && new Date(one.due_at) < Date.now());
    return element("li", { className: late ? "missed" : one.state },
      element("span", { text: `${word("goal", one.goal)}${one.number > 1 ? ` (${one.number})` : ""}` }),
      element("span", { text: moment(one.due_at) }), element("strong", { text: standing(one) }));
  });
  return element("ol", { id: "deadlines", className: "rows" }, ...rows);
}

function choice(id, options, first) {
  const made = element("select", { id }, ...(first ? [element("option", { text: first, value: "" })] : []),
    ...options.map(([value, text]) => element("option", { value, text })));
  return made;
}

function handling(alert, act) {
  if (alert.human_state === "resolved") return element("div", { className: "actions" }, button("reopen", say("reopen"), () => act("reopen")));
  const [to, comment, verdict, reason] = [
    element("input", { id: "to", maxlength: 100, autocomplete: "off" }),
    element("textarea", { id: "comment", rows: 2, maxlength: 2000 }),
    choice("verdict", VERDICTS.map((name) => [name, word("verdict", name)]), say("pick")),
    element("input", { id: "reason", maxlength: 2000, autocomplete: "off" }),
  ];
  const give = alert.human_state === "new" ? "assign" : "hand_over";
  return element("div", {},
    element("div", { className: "actions" },
      alert.human_state === "new" ? button("acknowledge", say("acknowledge"), () => act("acknowledge"), "first") : null,
      button("publish", say("publish"), () => act("publish"))),
    element("div", { className: "fields" }, labelled(say("assign_to"), to),
      button(give, say(give), () => act(give, { to: to.value.trim() }, !to.value.trim() && say("name_first"), to))),
    element("div", { className: "fields" }, labelled(say("comment"), comment),
      button("note", say("note"), () => act("comment", { comment: comment.value }, !comment.value.trim() && say("write_first"), comment))),
    element("div", { className: "fields" }, labelled(say("verdict"), verdict), labelled(say("reason"), reason),
      button("close", say("close"), () => act("close", { verdict: verdict.value, reason: reason.value || null },
        !verdict.value && say("pick_first"), verdict))));
}

// what officers call a sample: pressed is what was said last; pressed again, it is taken back
function tone(one, correct) {
  const said = one.correction;
  const label = (name) => {
    const pressed = said?.label === name;
    const made = button(`tone-${one.mention}-${name}`, word("label", name), () => correct(one, pressed ? null : name), "tone");
    made.setAttribute("aria-pressed", pressed);
    return made;
  };
  return element("div", { className: "tones", title: say("tone_help") }, element("span", { className: "small", text: `${say("tone")}:` }),
    ...LABELS.map(label), said && element("span", { className: "small", text: said.by }));
}

function sample(one, correct) {
  const quote = element("blockquote", { text: one.title_or_text });
  const source = element("footer", { className: "small", text: `${one.source ?? ""} · ${moment(one.published_at)} ` });
  if (/^https?:\/\//i.test(one.url ?? "")) source.append(element("a", {
    text: "↗", href: one.url, rel: "noopener noreferrer nofollow", target: "_blank", "aria-label": one.source || "link" }));
  quote.append(source);
  if (correct && one.mention) quote.append(tone(one, correct));
  return quote;
}

function evidence(one) {
  const ratio = one.threshold > 0 ? one.score / one.threshold : null;
  const strength = ratio === null ? number(one.score, 2) : say(ratio >= 1 ? "over" : "under", ratio >= 1 ? number(ratio) : percent(ratio));
  return element("li", {}, element("span", { text: word("evidence", one.name) }), element("strong", { text: strength }),
    element("span", { text: one.since ? `${say("since").toLowerCase()} ${moment(one.since)}` : "" }));
}

// the newest of each endpoint and purpose: what was told before is in the history
function newest(deliveries) {
  return [...new Map([...deliveries].reverse().map((one) => [`${one.endpoint} ${one.purpose}`, one])).values()];
}

function delivery(one, endpoints) {
  const attempt = one.attempts.at(-1);
  const told = one.reason ? word("why", one.reason) : attempt?.outcome && one.state !== "delivered" ? word("outcome", attempt.outcome) : "";
  const when = one.delivered_at ?? attempt?.started_at ?? one.decided_at;
  return element("li", { className: one.state }, element("span", { text: endpoints.get(one.endpoint) ?? one.endpoint }),
    element("strong", { text: [word("delivery", one.state), told].filter(Boolean).join(": ") }),
    element("span", { text: `${moment(when)} · #${one.revision}` }));
}

function escalated({ deadline, endpoints }) {
  const whom = (endpoints ?? []).map((each) => each.name || each.id).join(", ");
  return `${say("escalated")} → ${whom} · ${word("goal", deadline?.goal)}: ${moment(deadline?.due_at)}`;
}

function line(one) {
  const data = one.data ?? {};
  if (one.origin === "clock") return element("li", { className: one.origin, text: `${moment(one.at)} · ${escalated(data)}` });
  const what = one.origin === "officer"
    ? [word("action", one.event), one.by, data.to && `→ ${data.to}`, data.verdict && word("verdict", data.verdict), data.label && word("label", data.label), data.reason, data.comment]
    : [word("event", one.event), word("severity", data.severity), `${number(data.observed)} (${usual(data)})`];
  return element("li", { className: one.origin, text: `${moment(one.at)} · ${what.filter(Boolean).join(" · ")}` });
}

function silencing(alert, silence) {
  const hours = choice("hours", SILENCE_HOURS.map((count) => [count, say("hour", count)]));
  const reason = element("input", { id: "silence-reason", maxlength: 2000, autocomplete: "off" });
  const start = () => silence(alert.topic.id, Number(hours.value), reason.value.trim(), !reason.value.trim() && say("ask_reason"), reason);
  return element("details", { id: "silencing" }, element("summary", { text: say("silence") }),
    element("p", { className: "small", text: say("silence_help") }),
    element("div", { className: "fields" }, labelled(say("hours"), hours), labelled(say("reason"), reason),
      button("start-silence", say("start_silence"), start)));
}

function technical(alert) {
  const rows = [
    ["why_raised", word("reason", alert.reason)], ["confidence", percent(alert.confidence)],
    ["window", `${moment(alert.window?.from)} – ${moment(alert.window?.to)}`],
    ["model", `${alert.model?.version ?? ""} · ${alert.model?.config_hash ?? ""} · ${alert.alert_id} · #${alert.revision}`]];
  return element("details", {}, element("summary", { text: say("technical") }),
    element("dl", { className: "pairs" }, ...rows.flatMap(([name, text]) => [element("dt", { text: say(name) }), element("dd", { text })])));
}

export function detail({ alert, past, series, deliveries, endpoints }, { role, act, correct, silence, back }) {
  const sources = Object.entries(alert.sources ?? {}).filter(([, count]) => count > 0).sort((one, other) => other[1] - one[1]);
  const human = [word("human", alert.human_state), alert.assignee && `→ ${alert.assignee}`, alert.handled_by,
    alert.verdict && word("verdict", alert.verdict)].filter(Boolean).join(" · ");
  const officer = role !== "viewer";
  return [
    button("back", say("back"), back, "back"),
    element("p", { className: "line" }, element("span", { text: word("severity", alert.severity), className: `badge ${alert.severity}` }),
      element("span", { text: `${word("kind", alert.kind)} · ${named(alert.topic?.name)} · ${word("state", alert.state)}` })),
    element("h2", { id: "headline", text: named(alert.headline), tabindex: -1 }),
    element("p", { id: "human", className: `human ${alert.human_state}`, text: human }),
    facts(alert), todo(alert),
    alert.deadlines?.length ? section("deadlines", deadlines(alert)) : null,
    officer ? section("handling", handling(alert, act)) : null,
    section("said", element("p", { className: "phrases" }, ...(alert.phrases ?? []).map((text) => element("q", { text }))),
      element("p", { className: "small", text: `${say("sources")}: ${sources.map(([kind, count]) => `${word("source", kind)} ${number(count)}`).join(" · ") || "–"}` }),
      element("h4", { text: say("samples") }),
      ...((alert.samples ?? []).length ? alert.samples.map((one) => sample(one, officer ? correct : null)) : [element("p", { className: "small", text: say("no_samples") })])),
    section("chart", series ? chart(series, alert) : element("p", { text: say("no_series") })),
    section("evidence", element("p", { text: word("reason", alert.reason), className: "sentence" }),
      element("ul", { className: "rows" }, ...(alert.evidence ?? []).map(evidence))),
    section("delivered", deliveries.length
      ? element("ul", { className: "rows", id: "deliveries" }, ...newest(deliveries).map((one) => delivery(one, endpoints)))
      : element("p", { className: "small", text: say("no_deliveries") })),
    officer ? silencing(alert, silence) : null,
    section("history", element("ol", { className: "history" }, ...past.map(line))),
    technical(alert),
  ].filter(Boolean);
}
