// What was verified today in the stores of whoever looks, and undoing it where they may.

import { Unanswered, ask } from "./api.js";
import { element, refuse, words, yuan } from "./view.js";

const PAGE = "verifications?limit=30";

export async function showHistory(guarded) {
  element("history").replaceChildren();
  await more(guarded, "");
}

async function more(guarded, cursor) {
  const failed = (error) => refuse(element("today"), error instanceof Unanswered ? words.offline : error.message);
  refuse(element("today"), "");
  await guarded(async () => {
    const page = await ask("GET", PAGE + (cursor && `&cursor=${encodeURIComponent(cursor)}`));
    element("history").append(...page.items.map((each) => row(each, guarded, failed)));
    if (!element("history").children.length) refuse(element("today"), words.none);
    element("more").hidden = !page.next_cursor;
    element("more").onclick = () => more(guarded, page.next_cursor);
  }, failed);
}

function row(each, guarded, failed) {
  const line = document.createElement("li");
  const [title, about] = ["b", "small"].map((tag) => document.createElement(tag));
  const time = new Date(each.verified_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" });
  title.textContent = each.title;
  const said = [time, each.kind_label, each.reference, each.store.name, each.verified_by];
  if (each.off_fen !== null) said.push(words.off.replace("{amount}", yuan(each.off_fen)));
  if (each.undone_at) said.push(words.undone.replace("{reason}", each.undo_reason));
  about.textContent = said.join(" · ");
  line.className = each.undone_at ? "undone" : "";
  line.append(title, about);
  if (element("today").dataset.mayUndo && each.kind === "coupon" && !each.undone_at) line.append(undoing(each, guarded, failed));
  return line;
}

function undoing(each, guarded, failed) {
  const form = document.createElement("form");
  const [field, button] = [document.createElement("input"), document.createElement("button")];
  field.required = true;
  field.maxLength = 200;
  field.placeholder = words.reason;
  field.setAttribute("aria-label", words.reason);
  button.textContent = words.undo;
  form.append(field, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    guarded(async () => {
      await ask("POST", `verifications/${each.id}/undo`, { reason: field.value });
      await showHistory(guarded);
    }, failed);
  });
  return form;
}
