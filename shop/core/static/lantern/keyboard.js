// Escape leaves a question as its way back does, unless something on the page wants it for itself.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) document.querySelector("a[data-escape]")?.click();
});

// Select2 takes the place of a select, but not its name for those who do not see it.
window.addEventListener("load", () => {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const name = select.getAttribute("aria-label") || select.labels?.[0]?.textContent.trim() || select.dataset.placeholder;
    const shown = select.nextElementSibling?.querySelector("[role=combobox]");
    if (!name || !shown) continue;
    shown.setAttribute("aria-label", name);
    shown.querySelector("[role=textbox]")?.setAttribute("aria-label", name);
  }
});
