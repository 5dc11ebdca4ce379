// What scripts make of a form has names too, for those who do not see it.
(() => {
  "use strict";
  const nameOf = (input) =>
    input.getAttribute("aria-label") || input.labels?.[0]?.textContent.replace(/\s+/g, " ").replace(/[*:：\s]+$/, "").trim();

  // Select2 takes the place of a select.
  const nameChoices = () => {
    for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
      const name = nameOf(select) || select.dataset.placeholder;
      const shown = select.nextElementSibling?.querySelector("[role=combobox]");
      if (!name || !shown) continue;
      shown.setAttribute("aria-label", name);
      shown.querySelector("[role=textbox]")?.setAttribute("aria-label", name);
      shown.parentElement.querySelector("[role=searchbox]")?.setAttribute("aria-label", name);
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
    for (const [day, time] of [...document.querySelectorAll(".datetime")].map((each) => each.querySelectorAll("input"))) {
      const name = day && nameOf(day);
      if (!name || !time) continue;
      time.setAttribute("aria-label", `${name} ${time.placeholder}`.trim());
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
    const added = changes.flatMap((change) => [...change.addedNodes]);
    if (added.some((node) => node.matches?.(".select2-container"))) nameChoices();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
