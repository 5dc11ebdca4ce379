// The counter of a store: a code is looked at, confirmed, and used, once.

import { Refused, Unanswered, ask, forget, signIn, signOut, tokens } from "./api.js";
import { close, scan } from "./camera.js";
import { showHistory } from "./history.js";
import { busy, element, fill, refuse, show, words, yuan } from "./view.js";

const STORE = "store-page-store";
let code = "";
let billFen = null;

const storeId = () => Number(element("store").value) || null;
const asked = () => ({ code, store_id: storeId(), ...(billFen === null ? {} : { bill_fen: billFen }) });

function signedOut(message) {
  forget();
  close(element("video"));
  show("sign-in");
  refuse(element("sign-in"), message);
}

// Runs what talks to the API; whoever is not signed in any more is sent to the sign-in.
async function guarded(work, failed) {
  busy(true);
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unanswered)) throw error;
    if (error.status === 401) signedOut(words.ended);
    else failed(error);
  } finally {
    busy(false);
  }
}

async function start() {
  if (!tokens()) return signedOut("");
  await guarded(async () => {
    const [stores, me] = await Promise.all([ask("GET", "staff/stores"), ask("GET", "staff/me")]);
    const options = stores.items.map((store) => new Option(store.name, store.id));
    element("store").replaceChildren(...(options.length > 1 ? [new Option("—", "")] : []), ...options);
    const kept = localStorage.getItem(STORE);
    if (options.some((option) => option.value === kept)) element("store").value = kept;
    element("store-label").hidden = options.length < 1;
    element("today").dataset.mayUndo = me.permissions.includes("verification.undo_verification") ? "yes" : "";
    openScan();
  }, (error) => signedOut(error.status === 403 ? words.forbidden : error instanceof Unanswered ? words.offline : error.message));
}

function openScan() {
  code = "";
  billFen = null;
  show("work", "scan");
  refuse(element("scan"), "");
  element("typed").reset();
  closeCamera();
}

function closeCamera() {
  close(element("video"));
  element("video").hidden = element("close-camera").hidden = true;
  element("open-camera").hidden = false;
}

async function openCamera() {
  refuse(element("scan"), "");
  element("video").hidden = element("close-camera").hidden = false;
  element("open-camera").hidden = true;
  try {
    const seen = await scan(element("video"));
    if (seen) await look(seen);
  } catch {
    refuse(element("scan"), words.noCamera);
  }
  closeCamera();
}

async function look(typed) {
  code = typed.trim();
  await guarded(async () => showFound(await ask("POST", "verifications/preview", asked())), (error) => {
    if (error.code === "coupon_threshold_not_met") return refuse(element("bill-form"), error.message);
    return showRefusal(error, error instanceof Unanswered ? words.offline : error.message);
  });
}

async function use() {
  await guarded(async () => {
    const done = await ask("POST", "verifications", asked());
    showFound(done.found);
    card("done", "✓", done.kind === "pickup" ? words.pickupDone : done.kind === "service" ? words.serviceDone : words.couponDone);
    element("confirm").hidden = element("bill-form").hidden = true;
    navigator.vibrate?.(120);
  }, (error) => showRefusal(error, error instanceof Unanswered ? words.unknown : error.message));
}

function card(state, mark, headline) {
  element("card").className = state;
  fill("mark", mark);
  fill("headline", headline);
  refuse(null, "");
  element("again").hidden = true;
  show("work", "card");
}

function showFound(found) {
  card("", "", found.title);
  element("about").hidden = false;
  fill("kind", `${found.kind_label} · ${found.store.name}`);
  fill("reference", found.reference);
  fill("member", found.member);
  fill("hint", found.kind === "pickup" ? words.whoShows : "");
  element("details").replaceChildren(...found.details.map(item));
  element("goods").replaceChildren(...found.goods.map(goods));
  const open = found.needs_bill && found.off_fen === null;
  element("bill-form").hidden = !found.needs_bill;
  refuse(element("bill-form"), "");
  element("sums").hidden = found.off_fen === null;
  if (found.off_fen !== null) {
    const [off, left] = [yuan(found.off_fen), yuan(found.bill_fen - found.off_fen)];
    fill("sums", `${words.off.replace("{amount}", off)} · ${words.left.replace("{amount}", left)}`);
  }
  element("confirm").hidden = open;
}

function showRefusal(error, message) {
  card("refused", "✕", "");
  element("about").hidden = element("bill-form").hidden = element("sums").hidden = element("confirm").hidden = true;
  element("confirm").hidden = true;
  refuse(null, message);
  element("again").hidden = !(error instanceof Unanswered);
}

function item(text) {
  const row = document.createElement("li");
  row.textContent = text;
  return row;
}

function goods(each) {
  const row = document.createElement("li");
  const [name, options, units] = ["span", "small", "b"].map((tag) => document.createElement(tag));
  if (each.image_url) {
    const picture = document.createElement("img");
    picture.src = each.image_url;
    picture.alt = "";
    row.append(picture);
  }
  name.textContent = each.name;
  options.textContent = each.options;
  units.textContent = `× ${each.quantity}`;
  name.append(options);
  row.append(name, units);
  return row;
}

function fen(typed) {
  const found = /^([0-9]{1,6})(?:\.([0-9]{1,2}))?$/.exec(typed.trim());
  return found ? Number(found[1]) * 100 + Number((found[2] || "").padEnd(2, "0")) : null;
}

function submit(id, handle) {
  element(id).addEventListener("submit", (event) => {
    event.preventDefault();
    handle(event.target.elements);
  });
}

submit("sign-in", (fields) => {
  refuse(element("sign-in"), "");
  guarded(async () => {
    await signIn(fields.username.value, fields.password.value).catch((error) => {
      // A wrong password is no sign-in that ended.
      throw error.status === 401 ? Object.assign(error, { status: 400 }) : error;
    });
    fields.password.value = "";
    element("sign-out").hidden = false;
    await start();
  }, (error) => refuse(element("sign-in"), error instanceof Unanswered ? words.offline : error.message));
});
submit("typed", (fields) => look(fields.code.value));
submit("bill-form", (fields) => {
  billFen = fen(fields.bill.value);
  if (billFen) look(code);
  else refuse(element("bill-form"), words.badBill);
});
element("store").addEventListener("change", () => localStorage.setItem(STORE, element("store").value));
element("open-camera").addEventListener("click", openCamera);
element("close-camera").addEventListener("click", closeCamera);
element("confirm").addEventListener("click", use);
element("again").addEventListener("click", () => look(code));
element("next").addEventListener("click", openScan);
element("tab-scan").addEventListener("click", openScan);
element("tab-today").addEventListener("click", () => {
  closeCamera();
  show("work", "today");
  showHistory(guarded);
});
element("sign-out").addEventListener("click", async () => {
  await signOut();
  signedOut("");
});
for (const event of ["online", "offline"]) {
  window.addEventListener(event, () => { element("offline").hidden = navigator.onLine; });
}
element("offline").hidden = navigator.onLine;
start();
