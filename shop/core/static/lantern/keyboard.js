// Escape leaves a question as its way back does, unless something on the page wants it for itself.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) document.querySelector("a[data-escape]")?.click();
});
