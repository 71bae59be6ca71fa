// The console: a list that the live stream keeps current, and the detail of one alert.
// Everything that comes from outside is set as text, never as markup.
"use strict";

const WORDS = {
  vi: {
    critical: "▲▲ KHẨN CẤP", warning: "▲ CẢNH BÁO", info: "● THÔNG TIN",
    crisis: "khủng hoảng", surge: "tăng đột biến", negativity: "tiêu cực tăng", narrative: "luồng ý kiến mới",
    positive: "tích cực", forecast: "dự báo",
    open: "đang diễn ra", closed: "đã kết thúc", new: "chưa xử lý", acknowledged: "đã tiếp nhận", assigned: "đã giao", resolved: "đã xử lý xong",
    assign: "giao", hand_over: "bàn giao", reopen: "mở lại", take_up: "Mở lại",
    false_alarm: "báo nhầm", useful: "hữu ích", planned: "có kế hoạch", duplicate: "trùng lặp",
    volume: "lượng đề cập", novelty: "cụm từ mới", spread: "số nguồn", authors: "số người nói", duplication: "lặp lại",
    press: "báo chí", social: "mạng xã hội", forum: "diễn đàn", video: "video", other: "khác",
    topic: "Chủ đề", onset: "Bắt đầu từ", at: "Cập nhật", count: "Số đề cập", share: "Tỷ lệ tiêu cực",
    phrases: "Người ta nói", sources: "Nguồn", state: "Tình trạng", handling: "Xử lý", samples: "Ví dụ (đã che)",
    evidence: "Căn cứ", score: "điểm", threshold: "ngưỡng", since: "từ", history: "Diễn biến", reason: "Lý do",
    usual: "bình thường", times: "gấp {0} lần bình thường", verdict: "Kết luận", comment: "Ghi chú",
    acknowledge: "Tiếp nhận", close: "Đóng", live: "trực tiếp", lost: "mất kết nối, đang thử lại…",
    confirm: "Kết luận của bạn", opened: "mở", raised: "tăng mức", updated: "cập nhật", model: "Mô hình",
    counts_high: "lượng đề cập cao", volume_and_hostility: "lượng đề cập cao và lời lẽ gay gắt",
    volume_and_negativity: "lượng đề cập và tỷ lệ tiêu cực đều cao",
    volume_without_negativity: "lượng đề cập cao, không tiêu cực hơn", volume_positive: "lượng đề cập tích cực cao",
    negativity_alone: "tỷ lệ tiêu cực cao", few_voices: "ít người nói",
    copies: "phần lớn là bản sao chép", first_heard: "lần đầu được nhắc nhiều", warming_up: "đang học mức bình thường",
    quiet: "đã lắng xuống", normal: "bình thường",
    failed: "Không thực hiện được: ", window: "Trong khoảng", language: "English",
  },
  en: {
    critical: "▲▲ CRITICAL", warning: "▲ WARNING", info: "● INFO",
    crisis: "crisis", surge: "surge", negativity: "negativity", narrative: "new narrative", positive: "positive",
    forecast: "forecast",
    open: "ongoing", closed: "over", new: "not handled", acknowledged: "acknowledged", assigned: "assigned", resolved: "resolved",
    assign: "assigned", hand_over: "handed over", reopen: "reopened", take_up: "Reopen",
    false_alarm: "false alarm", useful: "useful", planned: "planned", duplicate: "duplicate",
    volume: "volume", novelty: "new phrase", spread: "sources", authors: "people", duplication: "repetition",
    press: "press", social: "social media", forum: "forum", video: "video", other: "other",
    topic: "Topic", onset: "Since", at: "Updated", count: "Mentions", share: "Negative share",
    phrases: "What people say", sources: "Sources", state: "State", handling: "Handling", samples: "Samples (masked)",
    evidence: "Evidence", score: "score", threshold: "threshold", since: "since", history: "History", reason: "Reason",
    usual: "usually", times: "{0} times the usual", verdict: "Verdict", comment: "Comment",
    acknowledge: "Acknowledge", close: "Close", live: "live", lost: "connection lost, trying again…",
    confirm: "Your verdict", opened: "opened", raised: "raised", updated: "updated", model: "Model",
    counts_high: "many mentions", volume_and_hostility: "many mentions, in hostile words",
    volume_and_negativity: "many mentions and a high negative share",
    volume_without_negativity: "many mentions, no more negative than usual", volume_positive: "many positive mentions",
    negativity_alone: "a high negative share", few_voices: "few people speaking",
    copies: "mostly copies of one text", first_heard: "much talked about for the first time", warming_up: "still learning what is usual",
    quiet: "calmed down", normal: "as usual",
    failed: "That failed: ", window: "Within", language: "Tiếng Việt",
  },
};
const VERDICTS = ["crisis", "useful", "false_alarm", "planned", "duplicate"];
const role = document.querySelector("main").dataset.role;
const alerts = new Map();
let language = localStorage.getItem("language") === "en" ? "en" : "vi";
let chosen = null;
let past = [];
let draft = { verdict: "", comment: "" };
let next = null;
let link = "connecting";

const word = (name) => WORDS[language][name] ?? String(name ?? "");
const find = (id) => document.getElementById(id);

function element(tag, text = "", className = "", ...children) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function time(value) {
  if (!value) return "–";
  const form = { timeZone: "Asia/Ho_Chi_Minh", dateStyle: "short", timeStyle: "short", hour12: false };
  return new Intl.DateTimeFormat(language === "vi" ? "vi-VN" : "en-GB", form).format(new Date(value)) + " (+07:00)";
}

function number(value, digits = 1) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(language === "vi" ? "vi-VN" : "en-GB", { maximumFractionDigits: digits }).format(value);
}

const percent = (value) => (value === null || value === undefined ? "–" : number(value * 100, 0) + " %");
const named = (value) => (value && typeof value === "object" ? value[language] ?? value.vi : value) ?? "";
const handling = (alert) => word(alert.human_state);

function counts(alert) {
  const interval = (alert.interval ?? []).map((edge) => number(edge)).join("–");
  const usual = `${number(alert.observed)} (${word("usual")} ${number(alert.expected)}, ${interval})`;
  if (!(alert.expected > 0)) return usual;
  return `${usual}; ${word("times").replace("{0}", number(alert.observed / alert.expected))}`;
}

function item(alert) {
  const button = element("button", "", `${alert.severity} ${alert.state}`);
  button.type = "button";
  button.setAttribute("aria-current", String(alert.alert_id === chosen));
  button.append(
    element("span", word(alert.severity), `badge ${alert.severity}`),
    ` · ${word(alert.kind)} · ${word(alert.state)} · ${handling(alert)}`,
    element("span", named(alert.headline), "small"),
    element("span", `${named(alert.topic?.name)} · ${time(alert.at)}`, "small"),
  );
  button.addEventListener("click", () => choose(alert.alert_id));
  return element("li", "", "", button);
}

function newestFirst(one, other) {
  return one.opened_at === other.opened_at
    ? (one.alert_id < other.alert_id ? 1 : -1) : (one.opened_at < other.opened_at ? 1 : -1);
}

function drawList() {
  const onlyOpen = find("only-open").checked;
  const shown = [...alerts.values()].filter((alert) => !onlyOpen || alert.state === "open").sort(newestFirst);
  find("alerts").replaceChildren(...shown.map(item));
  find("none").hidden = shown.length > 0;
  find("more").hidden = next === null;
}

function facts(alert) {
  const shares = alert.negative ?? {};
  const sources = Object.entries(alert.sources ?? {}).filter(([, count]) => count > 0);
  const rows = [
    ["topic", named(alert.topic?.name)],
    ["state", `${word(alert.state)} · ${word(alert.kind)}`],
    ["handling", [handling(alert), alert.assignee && `→ ${alert.assignee}`, alert.handled_by, alert.verdict && word(alert.verdict)].filter(Boolean).join(" · ")],
    ["onset", time(alert.onset)],
    ["at", time(alert.at)],
    ["window", `${time(alert.window?.from)} – ${time(alert.window?.to)}`],
    ["count", counts(alert)],
    ["share", `${percent(shares.observed)} (${word("usual")} ${percent(shares.expected)})`],
    ["phrases", (alert.phrases ?? []).join(" · ") || "–"],
    ["sources", sources.map(([kind, count]) => `${word(kind)} ${number(count)}`).join(" · ") || "–"],
    ["reason", word(alert.reason)],
    ["model", `${alert.model?.version ?? ""} ${alert.model?.config_hash ?? ""}`],
  ];
  return element("dl", "", "", ...rows.flatMap(([name, text]) => [element("dt", word(name)), element("dd", text)]));
}

function evidence(alert) {
  const head = element("tr", "", "", ...["evidence", "score", "threshold", "since"].map((name) => {
    const cell = element("th", word(name));
    cell.scope = "col";
    return cell;
  }));
  const rows = (alert.evidence ?? []).map((one) => element("tr", "", "",
    element("td", word(one.name)), element("td", number(one.score, 2)), element("td", number(one.threshold, 2)),
    element("td", time(one.since))));
  return element("table", "", "", element("thead", "", "", head), element("tbody", "", "", ...rows));
}

function sample(one) {
  const quote = element("blockquote", one.title_or_text);
  const source = element("span", `${one.source ?? ""} · ${time(one.published_at)} `, "small");
  if (/^https?:\/\//i.test(one.url ?? "")) {
    const anchor = element("a", "↗");
    anchor.href = one.url;
    anchor.rel = "noopener noreferrer nofollow";
    anchor.target = "_blank";
    anchor.setAttribute("aria-label", one.source || "link");
    source.append(anchor);
  }
  quote.append(source);
  return quote;
}

function actions(alert) {
  const box = element("div", "", "actions");
  if (role === "viewer") return box;
  if (alert.human_state === "resolved") {
    const again = element("button", word("take_up"));
    again.id = "reopen";
    again.type = "button";
    again.addEventListener("click", () => act(alert.alert_id, "reopen", {}));
    box.append(again);
    return box;
  }
  if (alert.human_state === "new") {
    const take = element("button", word("acknowledge"));
    take.id = "acknowledge";
    take.type = "button";
    take.addEventListener("click", () => act(alert.alert_id, "acknowledge", {}));
    box.append(take);
  }
  const verdict = element("select", "", "", ...VERDICTS.map((name) => {
    const option = element("option", word(name));
    option.value = name;
    return option;
  }));
  verdict.id = "verdict";
  verdict.setAttribute("aria-label", word("confirm"));
  verdict.value = draft.verdict || VERDICTS[0];
  verdict.addEventListener("change", () => { draft.verdict = verdict.value; });
  const comment = element("input");
  comment.id = "comment";
  comment.maxLength = 2000;
  comment.value = draft.comment; // a redraw must not take away what is half written
  comment.addEventListener("input", () => { draft.comment = comment.value; });
  comment.placeholder = word("comment");
  comment.setAttribute("aria-label", word("comment"));
  const end = element("button", word("close"));
  end.id = "close";
  end.type = "button";
  end.addEventListener("click", () =>
    act(alert.alert_id, "close", { verdict: verdict.value, comment: comment.value || null }));
  box.append(verdict, comment, end);
  return box;
}

function line(one) {
  const what = one.origin === "officer"
    ? [word(one.event), one.by, one.data.to && `→ ${one.data.to}`, one.data.verdict && word(one.data.verdict),
      one.data.reason, one.data.comment]
    : [word(one.event), word(one.data.severity), counts(one.data)];
  return element("li", `${time(one.at)} · ${what.filter(Boolean).join(" · ")}`);
}

function drawDetail() {
  const alert = alerts.get(chosen);
  if (!alert) return;
  const typing = document.activeElement?.id; // a redraw must not take the keyboard away either
  find("detail").replaceChildren(
    element("h2", named(alert.headline)),
    element("p", word(alert.severity), `badge ${alert.severity}`),
    actions(alert),
    facts(alert),
    element("h3", word("samples")), ...(alert.samples ?? []).map(sample),
    evidence(alert),
    element("h3", word("history")), element("ol", "", "", ...past.map(line)),
  );
  if (typing === "comment") find("comment")?.focus();
}

function drawLink() {
  find("link").textContent = link === "connecting" ? find("link").dataset[language] : word(link);
}

function draw() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-vi]")) node.textContent = node.dataset[language];
  drawLink();
  find("language").textContent = word("language");
  find("language").lang = language === "vi" ? "en" : "vi";
  drawList();
  drawDetail();
}

async function ask(path, options = {}) {
  const answer = await fetch(path, { credentials: "same-origin", ...options });
  if (answer.status === 401) location.assign("/login");
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body;
}

async function act(id, action, body) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  try {
    keep(await ask(`/v1/alerts/${encodeURIComponent(id)}/${action}`, options));
  } catch (error) {
    window.alert(word("failed") + error.message);
  }
  await choose(id);
}

async function choose(id) {
  if (chosen !== id) draft = { verdict: "", comment: "" };
  chosen = id;
  const page = await ask(`/v1/alerts/${encodeURIComponent(id)}/events?limit=500`);
  if (chosen !== id) return;
  past = page.items.reverse();
  draw();
}

function keep(alert) {
  const present = alerts.get(alert.alert_id);
  if (present && present.revision > alert.revision) alert = { ...present, ...states(alert) };
  alerts.set(alert.alert_id, alert);
}

function states(alert) {
  const { state, human_state, verdict, verdict_reason, assignee, handling_revision, handled_by, handled_at } = alert;
  return { state, human_state, verdict, verdict_reason, assignee, handling_revision, handled_by, handled_at };
}

async function load(cursor) {
  const page = await ask("/v1/alerts?limit=50" + (cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""));
  page.items.forEach(keep);
  next = page.next;
  draw();
}

function listen() {
  const stream = new EventSource("/v1/stream");
  const changed = (event) => {
    const alert = JSON.parse(event.data);
    keep(alert);
    if (alert.alert_id === chosen) choose(chosen); else drawList();
  };
  stream.addEventListener("ready", () => { link = "live"; load(null); });
  stream.addEventListener("alert", changed);
  stream.addEventListener("action", changed);
  stream.addEventListener("error", () => { link = "lost"; drawLink(); });
}

find("language").addEventListener("click", () => {
  language = language === "vi" ? "en" : "vi";
  localStorage.setItem("language", language);
  draw();
});
find("only-open").addEventListener("change", drawList);
find("more").addEventListener("click", () => load(next));
draw();
listen();
