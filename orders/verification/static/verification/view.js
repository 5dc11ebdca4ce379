// What is seen: one part of the page at a time.

const PARTS = ["sign-in", "work"];
const TABS = ["scan", "card", "today"];

export const words = JSON.parse(document.getElementById("words").textContent);
export const element = (id) => document.getElementById(id);
export const fill = (id, text) => { element(id).textContent = text; };
export const yuan = (fen) => `¥${(fen / 100).toFixed(2)}`;

export function show(part, tab) {
  for (const each of PARTS) element(each).hidden = each !== part;
  for (const each of TABS) element(each).hidden = each !== tab;
  element("sign-out").hidden = part === "sign-in";
  element("tab-scan").setAttribute("aria-pressed", String(tab !== "today"));
  element("tab-today").setAttribute("aria-pressed", String(tab === "today"));
}

// The refusal of a part, or of the card where none is named; no message takes it away.
export function refuse(part, message) {
  const place = part ? part.querySelector(".refusal") : element("message");
  place.textContent = message;
  place.hidden = !message;
}

export function busy(is) {
  element("busy").hidden = !is;
  for (const button of document.querySelectorAll("main button")) button.disabled = is;
}
