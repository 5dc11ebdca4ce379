// Escape leaves a question as its way back does, unless something on the page wants it for itself.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) document.querySelector("a[data-escape]")?.click();
});

// What opens something on its page and leads nowhere is reached by Tab, and pressed by Enter or Space.
window.addEventListener("load", () => {
  for (const opener of document.querySelectorAll("a[x-on\\:click]:not([href]), h2[x-on\\:click], span[x-on\\:click]")) {
    opener.tabIndex = 0;
    opener.setAttribute("role", "button");
  }
});
document.addEventListener("keydown", (event) => {
  if (!["Enter", " "].includes(event.key) || !event.target.matches("[role=button]:not(button, a[href])")) return;
  event.preventDefault();
  event.target.click();
});
