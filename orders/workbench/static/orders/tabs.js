// The counts of the tabs come after the list, which does not wait for them.
const tabs = document.getElementById("order-tabs");
if (tabs) {
  fetch(tabs.dataset.counts)
    .then((answer) => (answer.ok ? answer.json() : {}))
    .then((counts) => {
      for (const place of tabs.querySelectorAll("[data-count]")) {
        place.textContent = counts[place.dataset.count] ?? "";
      }
    });
}
