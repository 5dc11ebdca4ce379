// The API of the shop for somebody of the staff: tokens live as long as the tab, and are renewed once when they are refused.

const KEPT = "store-page-tokens";
const PATIENCE_MS = 15000;
const { api, language } = document.body.dataset;

export class Refused extends Error {
  constructor(status, body) {
    super(body.message || String(status));
    this.status = status;
    this.code = body.code || "";
    this.data = body.data || {};
  }
}

// No answer came: the connection is gone or too slow.
export class Unanswered extends Error {}

let renewing = null;

export const tokens = () => JSON.parse(sessionStorage.getItem(KEPT) || "null");
const keep = (fresh) => sessionStorage.setItem(KEPT, JSON.stringify(fresh));
export const forget = () => sessionStorage.removeItem(KEPT);

async function send(method, path, body, access) {
  const headers = { "Accept-Language": language };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (access) headers.Authorization = `Bearer ${access}`;
  let answer;
  try {
    answer = await fetch(api + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "omit",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    throw new Unanswered(error.message);
  }
  const read = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (answer.status >= 500) throw new Unanswered(read.message || String(answer.status));
  if (!answer.ok) throw new Refused(answer.status, read);
  return read;
}

export async function signIn(username, password) {
  keep(await send("POST", "staff/auth/login", { username, password }));
}

export async function signOut() {
  const held = tokens();
  forget();
  if (held) await send("POST", "staff/auth/logout", {}, held.access).catch(() => {});
}

async function renew(refresh) {
  // One renewal at a time: a refresh token works once.
  renewing ??= send("POST", "staff/auth/refresh", { refresh }).then(keep).finally(() => { renewing = null; });
  await renewing;
}

export async function ask(method, path, body) {
  const held = tokens();
  if (!held) throw new Refused(401, {});
  try {
    return await send(method, path, body, held.access);
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 401) throw error;
  }
  await renew(held.refresh);
  return send(method, path, body, tokens().access);
}
