// The console: what needs handling, kept current by the live stream, and the detail of one alert.
// It uses the same HTTP API as everyone else.
"use strict";

import { detail, deadlines } from "./detail.js";
import { ago, button, element, find, moment, named, number, page, say, word } from "./page.js";

const SEVERITIES = ["critical", "warning", "info"];
const UNRESOLVED = ["new", "acknowledged", "assigned"].map((state) => `human_state=${state}`).join("&");
const HOUR_SECONDS = 3600, STEP_SECONDS = 300, TICK_MS = 15000, NIGHT = { from: 18, to: 6 };
const role = document.querySelector("main").dataset.role;

const alerts = new Map();
let shown = null; // the alert in the detail, with what was asked about it
let chosen = null;
let next = null;
let link = "connecting";

async function ask(path, options = {}) {
  const answer = await fetch(path, { credentials: "same-origin", ...options });
  if (answer.status === 401) location.assign("/login");
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.detail), { problem: body });
  return body;
}

function post(path, body) {
  const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const options = { method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": key }, body: JSON.stringify(body) };
  // a lost answer is asked for again: the key makes that safe
  return ask(path, options).catch((error) => (error.problem ? Promise.reject(error) : ask(path, options)));
}

function tell(text, failed = false) {
  const notice = find("notice");
  notice.textContent = text;
  notice.className = failed ? "failed" : "done";
  notice.hidden = !text;
}

function failure(error) {
  const problem = error.problem;
  if (!problem) return say("offline");
  return problem.human_state ? say("conflict", word("human", problem.human_state)) : say("failed", error.message);
}

// The list

function byUrgency(one, other) {
  const rank = SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity);
  return rank || (one.opened_at < other.opened_at ? 1 : one.opened_at > other.opened_at ? -1 : one.alert_id < other.alert_id ? 1 : -1);
}

function item(alert) {
  const made = button(undefined, undefined, () => choose(alert.alert_id, true), `${alert.severity} ${alert.state}`);
  made.setAttribute("aria-current", String(alert.alert_id === chosen));
  made.append(
    element("span", { className: "line" }, element("span", { text: word("severity", alert.severity), className: `badge ${alert.severity}` }),
      element("span", { text: word("human", alert.human_state), className: `human ${alert.human_state}` })),
    element("span", { text: named(alert.headline), className: "headline" }),
    element("span", { text: `${named(alert.topic?.name)} · ${word("kind", alert.kind)} · ${word("state", alert.state)} · ${ago(alert.onset)}`, className: "small" }));
  return element("li", {}, made);
}

function drawList() {
  const all = find("all").checked;
  const focused = document.activeElement?.closest("#alerts li")?.dataset.id;
  const listed = [...alerts.values()].filter((alert) => all || alert.human_state !== "resolved").sort(byUrgency);
  find("alerts").replaceChildren(...listed.map((alert) => Object.assign(item(alert), { id: "" })).map((made, index) => {
    made.dataset.id = listed[index].alert_id;
    return made;
  }));
  find("none").hidden = listed.length > 0;
  find("more").hidden = next === null;
  const open = [...alerts.values()].filter((alert) => alert.human_state === "new").length;
  document.title = open ? `(${open}) Haidang` : "Haidang";
  if (focused) document.querySelector(`#alerts li[data-id="${CSS.escape(focused)}"] button`)?.focus();
}

function keep(alert) {
  const present = alerts.get(alert.alert_id);
  alerts.set(alert.alert_id, present && present.revision > alert.revision ? { ...alert, ...latest(present) } : alert);
}

// what belongs to the machine's latest revision, when an older event arrives after it
function latest(alert) {
  const { revision, event, at, severity, kind, observed, expected, interval, headline, state } = alert;
  return { revision, event, at, severity, kind, observed, expected, interval, headline, state };
}

async function load(cursor) {
  const filter = find("all").checked ? "" : `&${UNRESOLVED}`;
  if (!cursor) alerts.clear(); // before asking: what the stream tells meanwhile stays
  const found = await ask(`/v1/alerts?limit=100${filter}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
  found.items.forEach(keep);
  next = found.next;
  drawList();
}

// The detail

function seriesOf(alert) {
  const newest = Math.max(+new Date(alert.at), Math.min(Date.now(), +new Date(alert.at) + 2 * HOUR_SECONDS * 1000));
  const end = Math.ceil(newest / (STEP_SECONDS * 1000)) * STEP_SECONDS;
  const iso = (seconds) => new Date(seconds * 1000).toISOString();
  const query = new URLSearchParams({ from: iso(end - 12 * HOUR_SECONDS), to: iso(end), step: STEP_SECONDS });
  return ask(`/v1/topics/${encodeURIComponent(alert.topic.id)}/series?${query}`).catch(() => null);
}

async function choose(id, moveFocus = false) {
  if (chosen !== id) tell("");
  chosen = id;
  const path = `/v1/alerts/${encodeURIComponent(id)}`;
  try {
    const alert = await ask(path);
    const [events, series, deliveries, endpoints] = await Promise.all([
      ask(`${path}/events?limit=500`), seriesOf(alert),
      ask(`/v1/deliveries?limit=50&alert=${encodeURIComponent(id)}`), ask("/v1/endpoints?limit=500"),
    ]);
    if (chosen !== id) return;
    keep(alert);
    const names = new Map(endpoints.items.map((one) => [one.id, one.name || one.url]));
    shown = { alert, past: events.items.reverse(), series, deliveries: deliveries.items, endpoints: names };
    history.replaceState(null, "", `#${encodeURIComponent(id)}`);
    drawList();
    drawDetail(moveFocus);
  } catch (error) {
    tell(failure(error), true);
  }
}

function drawDetail(moveFocus = false) {
  if (!shown) return find("detail").replaceChildren(element("p", { text: say("choose") }));
  const box = find("detail");
  const same = box.dataset.alert === shown.alert.alert_id;
  const kept = same ? written(box) : new Map();
  document.body.classList.add("reading");
  box.dataset.alert = shown.alert.alert_id;
  box.replaceChildren(...detail(shown, { role, act, correct, silence, back: leave }));
  restore(box, kept);
  if (moveFocus) {
    find("headline").focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

// a redraw must take away neither what is half written nor the keyboard
function written(box) {
  const fields = [...box.querySelectorAll("input, textarea, select, details[id]")].map((field) => [field.id,
    { value: field.value, open: field.open, focused: field === document.activeElement, place: field.selectionStart }]);
  const pressed = document.activeElement?.closest("#detail button")?.id;
  return new Map([...fields, ...(pressed ? [[pressed, { focused: true }]] : [])]);
}

function restore(box, kept) {
  for (const [id, was] of kept) {
    const field = box.querySelector(`#${CSS.escape(id)}`);
    if (!field) continue;
    if (was.value !== undefined) field.value = was.value;
    if (was.open !== undefined) field.open = was.open;
    if (was.focused) field.focus();
    if (was.focused && Number.isInteger(was.place)) field.setSelectionRange(was.place, was.place);
  }
}

function leave() {
  const id = chosen;
  chosen = shown = null;
  document.body.classList.remove("reading");
  history.replaceState(null, "", location.pathname);
  drawDetail();
  drawList();
  document.querySelector(`#alerts li[data-id="${CSS.escape(id ?? "")}"] button`)?.focus();
}

async function act(action, body = {}, missing = "", field = null) {
  if (missing) {
    tell(missing, true);
    return field?.focus();
  }
  const { alert_id: id, handling_revision } = shown.alert;
  try {
    await post(`/v1/alerts/${encodeURIComponent(id)}/${action}`, { ...body, handling_revision });
    for (const field of find("detail").querySelectorAll("input, textarea, select")) field.value = "";
    tell(say("done"));
  } catch (error) {
    tell(failure(error), true);
  }
  await choose(id);
}

// what a sample is called; no label takes back what was said
async function correct(sample, label) {
  const id = shown.alert.alert_id;
  const path = label ? `/v1/alerts/${encodeURIComponent(id)}/samples/${encodeURIComponent(sample.mention)}/polarity`
    : `/v1/corrections/${encodeURIComponent(sample.correction.id)}/take_back`;
  try {
    await post(path, label ? { label } : undefined);
    tell(say("done"));
  } catch (error) {
    tell(failure(error), true);
  }
  await choose(id);
}

// Silences and the calendar

async function silence(topic, hours, reason, missing, field) {
  if (missing) {
    tell(missing, true);
    return field.focus();
  }
  const ends_at = new Date(Date.now() + hours * HOUR_SECONDS * 1000).toISOString();
  await change("/v1/silences", { topics: [topic], reason, ends_at });
}

async function change(path, body) {
  let done = true;
  try {
    await post(path, body);
    tell(say("done"));
  } catch (error) {
    tell(failure(error), true);
    done = false;
  }
  await Promise.all([loadSilences(), loadCalendar()]);
  return done;
}

async function loadCalendar() {
  const found = await ask("/v1/calendar?expected=true&limit=100");
  find("planned").replaceChildren(...found.items.map((one) => element("li", {},
    element("span", { text: `${one.name}: ${one.topics.join(", ") || say("all_topics")}, ${say("times", number(one.factor))}` }),
    element("span", { className: "small", text: `${moment(one.from)} – ${moment(one.to)} · ${one.created_by}` }),
    role === "viewer" ? null : button(undefined, say("cancel"), () => change(`/v1/calendar/${encodeURIComponent(one.id)}/cancel`, {})))));
  find("calendar-count").textContent = found.items.length ? ` (${found.items.length})` : "";
}

async function loadTopics() {
  const found = await ask("/v1/topics?limit=1000");
  find("plan-topic")?.replaceChildren(element("option", { text: say("all_topics"), value: "" }),
    ...found.items.map((one) => element("option", { text: named(one.name), value: one.id })));
}

async function plan(event) {
  event.preventDefault();
  const said = Object.fromEntries(new FormData(event.target));
  const planned = { name: said.name, topics: said.topic ? [said.topic] : [], factor: Number(said.factor),
    from: `${said.from}:00+07:00`, to: `${said.to}:00+07:00` };
  if (await change("/v1/calendar", planned)) event.target.reset();
}

async function loadSilences() {
  const found = await ask("/v1/silences?active=true&limit=100");
  find("silences").replaceChildren(...found.items.map((one) => element("li", {},
    element("span", { text: `${[...one.topics, ...one.alerts, ...one.kinds.map((kind) => word("kind", kind)), ...one.severities.map((name) => word("severity", name))].join(", ")}: ${one.reason}` }),
    element("span", { className: "small", text: `${say("until", moment(one.ends_at))} · ${one.created_by}` }),
    role === "viewer" ? null : button(undefined, say("end_silence"), () => change(`/v1/silences/${encodeURIComponent(one.id)}/end`, {})))));
  find("silence-count").textContent = found.items.length ? ` (${found.items.length})` : "";
  find("no-silences").hidden = found.items.length > 0;
}

// The page

function night() {
  const hour = Number(new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Ho_Chi_Minh", hour: "2-digit", hour12: false }).format(new Date()));
  return hour >= NIGHT.from || hour < NIGHT.to;
}

function drawTheme() {
  const dark = (localStorage.getItem("theme") ?? (night() || matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  find("theme").textContent = say(dark ? "light" : "dark");
}

function drawLink() {
  find("link").textContent = say(link);
  find("link").className = link;
}

function draw() {
  document.documentElement.lang = page.language;
  for (const node of document.querySelectorAll("[data-vi]")) node.textContent = node.dataset[page.language];
  find("language").textContent = say("language");
  find("language").lang = page.language === "vi" ? "en" : "vi";
  drawTheme();
  drawLink();
  drawList();
  drawDetail();
}

function arrived(event) {
  const alert = JSON.parse(event.data);
  const known = alerts.has(alert.alert_id);
  keep(alert);
  if (!known && event.type === "alert") find("announce").textContent = say("new_alert", named(alert.headline));
  if (alert.alert_id === chosen) choose(chosen); else drawList();
}

function listen() {
  const stream = new EventSource("/v1/stream");
  stream.addEventListener("ready", () => {
    link = "live";
    drawLink();
    load(null).catch((error) => tell(failure(error), true));
    if (chosen) choose(chosen);
  });
  stream.addEventListener("alert", arrived);
  stream.addEventListener("action", arrived);
  stream.addEventListener("error", () => { link = "lost"; drawLink(); });
}

function linked() {
  const named = location.hash.length > 1 ? location.hash.slice(1) : sessionStorage.getItem("goto") ?? "";
  sessionStorage.removeItem("goto");
  return decodeURIComponent(named);
}

find("language").addEventListener("click", () => {
  page.language = page.language === "vi" ? "en" : "vi";
  localStorage.setItem("language", page.language);
  draw();
  Promise.all([loadSilences(), loadCalendar(), loadTopics()]);
});
find("plan")?.addEventListener("submit", plan);
find("theme").addEventListener("click", () => {
  localStorage.setItem("theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  drawTheme();
});
find("all").addEventListener("change", () => load(null));
find("more").addEventListener("click", () => load(next));
document.addEventListener("keydown", (event) => {
  const rows = [...document.querySelectorAll("#alerts button")];
  const place = rows.indexOf(document.activeElement);
  if (event.key === "Escape" && shown) leave();
  if (place < 0 || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  rows[place + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
});
addEventListener("hashchange", () => { if (linked()) choose(linked(), true); });
setInterval(() => { if (shown?.alert.deadlines?.length) find("deadlines")?.replaceWith(deadlines(shown.alert)); }, TICK_MS);
draw();
chosen = linked() || null;
listen();
Promise.all([loadSilences(), loadCalendar(), loadTopics()]).catch((error) => tell(failure(error), true));
