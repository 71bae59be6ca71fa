// A topic's counts with what is usual, as SVG that the console's policy allows: no inline style, no script.
"use strict";

import { clock, element, number, say } from "./page.js";

const NARROW = innerWidth < 800;
const WIDTH = NARROW ? 400 : 720, HEIGHT = NARROW ? 210 : 240, MARK_HOURS = NARROW ? 3 : 2, LEFT = 44, RIGHT = 8, TOP = 18, BOTTOM = 26;
const HOUR = 3600000;

function svg(tag, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function scales(points, step) {
  const first = +new Date(points[0].at), last = +new Date(points.at(-1).at) + step * 1000;
  const top = Math.max(4, ...points.map((point) => Math.max(point.count, point.interval?.[1] ?? 0))) * 1.05;
  return {
    first, last, top,
    x: (time) => LEFT + ((+new Date(time) - first) / (last - first)) * (WIDTH - LEFT - RIGHT),
    y: (count) => TOP + (1 - count / top) * (HEIGHT - TOP - BOTTOM),
  };
}

function bars(points, step, scale, name, value) {
  const width = Math.max(1, ((WIDTH - LEFT - RIGHT) * step * 1000) / (scale.last - scale.first) - 0.5);
  return points.filter((point) => value(point) > 0).map((point) => svg("rect", {
    class: name, x: scale.x(point.at).toFixed(1), width: width.toFixed(1),
    y: scale.y(value(point)).toFixed(1), height: (scale.y(0) - scale.y(value(point))).toFixed(1),
  }));
}

function usual(points, step, scale) {
  const known = points.filter((point) => point.interval);
  if (known.length < 2) return [];
  const place = (point, count) => `${(scale.x(+new Date(point.at) + step * 500)).toFixed(1)},${scale.y(count).toFixed(1)}`;
  const upper = known.map((point) => place(point, point.interval[1]));
  const lower = known.map((point) => place(point, point.interval[0])).reverse();
  return [
    svg("polygon", { class: "band", points: [...upper, ...lower].join(" ") }),
    svg("polyline", { class: "usual", points: known.map((point) => place(point, point.expected)).join(" ") }),
  ];
}

function axes(scale) {
  const marks = [0, scale.top / 2, scale.top].flatMap((count) => [
    svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: scale.y(count), y2: scale.y(count) }),
    svg("text", { class: "tick end", x: LEFT - 6, y: scale.y(count) + 4 }, number(count, 0)),
  ]);
  const gap = MARK_HOURS * HOUR;
  for (let time = Math.ceil(scale.first / gap) * gap; time < scale.last; time += gap)
    marks.push(svg("text", { class: "tick middle", x: scale.x(time), y: HEIGHT - 8 }, clock(time)));
  return marks;
}

function mark(time, text, scale) {
  if (+new Date(time) < scale.first || +new Date(time) > scale.last) return [];
  const x = scale.x(time).toFixed(1);
  const side = x > WIDTH * 0.8 ? "end" : "start";
  return [
    svg("line", { class: "mark", x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM }),
    svg("text", { class: `tick ${side}`, x: Number(x) + (side === "end" ? -4 : 4), y: TOP - 5 }, text),
  ];
}

function summary(points, step) {
  const highest = points.reduce((one, other) => (other.count > one.count ? other : one));
  const sum = points.reduce((total, point) => total + point.count, 0);
  return say("chart_says", number(sum), number(highest.count), number(step / 60), clock(highest.at), number(highest.expected));
}

export function chart(series, alert) {
  const { points, step } = series;
  if (!points.some((point) => point.count > 0)) return element("p", { text: say("no_series") });
  const scale = scales(points, step);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": summary(points, step) });
  picture.append(
    ...axes(scale), ...usual(points, step, scale).slice(0, 1),
    ...bars(points, step, scale, "bar", (point) => point.count), ...bars(points, step, scale, "bar bad", (point) => point.negative),
    ...usual(points, step, scale).slice(1), ...mark(alert.onset, `${say("started")} ${clock(alert.onset)}`, scale),
  );
  const legend = element("p", { className: "legend small" },
    ...[["bar", "observed"], ["bad", "negative"], ["usual", "expected"], ["band", "band"]].map(([name, text]) =>
      element("span", { text: say(text), className: `key ${name}` })),
    element("span", { text: say("step", number(step / 60)) }));
  return element("figure", {}, picture, element("figcaption", {}, legend, element("p", { text: summary(points, step), className: "small" })));
}
