// Asks before a page is left whose form holds something that was typed and not saved.
(() => {
  "use strict";
  const before = new Map();

  const counts = (form) =>
    form instanceof HTMLFormElement &&
    form.method === "post" &&
    !form.hasAttribute("data-no-warning") &&
    !(form.id === "changelist-form" && !form.elements["form-TOTAL_FORMS"]);

  const content = (form) => {
    const parts = [];
    for (const [name, value] of new FormData(form)) {
      if (name === "csrfmiddlewaretoken" || name === "action" || name === "_selected_action") continue;
      parts.push([name, value instanceof File ? `${value.name} ${value.size}` : value]);
    }
    return JSON.stringify(parts);
  };

  // Widgets fill themselves in while a page loads: a form is as it was when somebody first turns to it.
  const remember = (event) => {
    const form = event.target.closest?.("form") || event.target.form;
    if (event.isTrusted && counts(form) && !before.has(form)) before.set(form, content(form));
  };
  for (const kind of ["pointerdown", "focusin", "keydown", "dragenter"]) document.addEventListener(kind, remember, true);

  // What comes back with a complaint was typed and is not saved.
  const complained = (form) => form.isConnected && form.querySelector(".errornote, .errorlist, #conflict") !== null;

  const unsaved = (form) =>
    form.isConnected && (before.has(form) ? content(form) !== before.get(form) : false);

  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.forms) if (counts(form) && complained(form)) before.set(form, "");
  });

  document.addEventListener("submit", (event) => {
    // Dialogs ask first and send themselves; a form that stays on the page afterwards is remembered anew.
    if (!event.defaultPrevented) before.delete(event.target);
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-discard]")) before.clear();
  });

  window.addEventListener("beforeunload", (event) => {
    if ([...before.keys()].some(unsaved)) {
      event.preventDefault();
      event.returnValue = "";
    }
  });
})();
