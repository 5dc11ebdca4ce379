// What scripts make of a form has names too, for those who do not see it.
(() => {
  "use strict";
  const words = (label) => label?.textContent.replace(/\s+/g, " ").replace(/[*:：\s]+$/, "").trim();
  const nameOf = (input) => input.getAttribute("aria-label") || words(input.labels?.[0]);

  // Select2 takes the place of a select.
  const nameChoices = () => {
    for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
      const name = nameOf(select) || select.dataset.placeholder;
      const shown = select.nextElementSibling?.querySelector("[role=combobox]");
      if (!name || !shown) continue;
      for (const each of [shown, ...shown.querySelectorAll("[role=textbox], [role=searchbox]")]) {
        each.setAttribute("aria-label", name);
      }
    }
  };

  // Its search is made anew each time that it opens, and gets the focus.
  document.addEventListener("focusin", ({ target }) => {
    if (!target.matches(".select2-search__field")) return;
    const select = document.querySelector(".select2-container--open")?.previousElementSibling;
    const name = select && nameOf(select);
    if (name) target.setAttribute("aria-label", name);
  });

  // A day and a time are two inputs under one label.
  const nameTimes = () => {
    for (const pair of document.querySelectorAll(".datetime")) {
      const name = words(pair.closest("td, .field-line, .group")?.querySelector("label"));
      if (!name) continue;
      for (const input of pair.querySelectorAll("input")) {
        input.setAttribute("aria-label", [name, input.placeholder].filter(Boolean).join(" "));
      }
    }
  };

  // Rows come and go: each cell is named by its column and by where its row stands now.
  const countRows = () => {
    for (const table of document.querySelectorAll(".formset")) {
      table.querySelectorAll(":scope > .form-group").forEach((row, index) => {
        for (const number of row.querySelectorAll(".row-number")) number.textContent = index + 1;
      });
    }
  };

  const nameAll = () => {
    countRows();
    nameTimes();
    nameChoices();
  };

  window.addEventListener("load", nameAll);
  // Rows, and Select2, are made by others' scripts, before or after the page has loaded.
  for (const event of ["formset:added", "formset:removed"]) document.addEventListener(event, nameAll);
  new MutationObserver((changes) => {
    let made = false;
    for (const { type, target, addedNodes } of changes) {
      if (type === "childList") made ||= [...addedNodes].some((node) => node.matches?.(".select2-container"));
      // Select2 says what it has opened as was the custom before ARIA 1.2.
      else if (target.hasAttribute("aria-owns")) target.setAttribute("aria-controls", target.getAttribute("aria-owns"));
      else target.removeAttribute("aria-controls");
    }
    if (made) nameChoices();
  }).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["aria-owns"] });
})();
