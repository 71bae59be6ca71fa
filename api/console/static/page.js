// Small parts of the page: elements, words, times and numbers. Everything from outside is set as text.
"use strict";

import { WORDS } from "./words.js";

export const page = { language: localStorage.getItem("language") === "en" ? "en" : "vi" };

const ZONE = "Asia/Ho_Chi_Minh";
const locale = () => (page.language === "vi" ? "vi-VN" : "en-GB");
const fill = (text, parts) => parts.reduce((said, part, index) => said.replace(`{${index}}`, part), text);

export const find = (id) => document.getElementById(id);
export const word = (group, name) => WORDS[page.language][group]?.[name] ?? String(name ?? "");
export const say = (name, ...parts) => fill(word("text", name), parts);
export const named = (value) => (value && typeof value === "object" ? value[page.language] ?? value.vi : value) ?? "";

export function element(tag, properties = {}, ...children) {
  const { text, className, ...attributes } = properties;
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function button(id, text, act, className = "") {
  const made = element("button", { id, text, className, type: "button" });
  made.addEventListener("click", act);
  return made;
}

export function labelled(text, field) {
  return element("label", { text: `${text} `, for: field.id }, field);
}

function formatted(value, form) {
  return value ? new Intl.DateTimeFormat(locale(), { timeZone: ZONE, hour12: false, ...form }).format(new Date(value)) : "–";
}

export const clock = (value) => formatted(value, { hour: "2-digit", minute: "2-digit" });

export function moment(value) {
  if (!value) return "–";
  const day = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, day: "2-digit", month: "2-digit" }).format(new Date(value));
  return `${clock(value)} ${day}`;
}

export function ago(value) {
  const minutes = Math.round((new Date(value) - Date.now()) / 60000);
  const form = new Intl.RelativeTimeFormat(locale(), { numeric: "always" });
  if (Math.abs(minutes) < 90) return form.format(minutes, "minute");
  return Math.abs(minutes) < 2880 ? form.format(Math.round(minutes / 60), "hour") : form.format(Math.round(minutes / 1440), "day");
}

export function duration(seconds) {
  const minutes = Math.max(0, Math.round(Math.abs(seconds) / 60));
  const hours = Math.floor(minutes / 60);
  const rest = say("minutes", minutes % 60);
  return hours ? `${say("hour", hours)} ${minutes % 60 ? rest : ""}`.trim() : rest;
}

export function number(value, digits = 1) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: Math.abs(value) >= 10 ? 0 : digits }).format(value);
}

export const percent = (value) => (value === null || value === undefined ? "–" : `${number(value * 100, 0)} %`);
