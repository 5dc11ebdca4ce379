// While criteria are chosen, say how many members meet them.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector("#live-count");
  const form = document.querySelector("#content-main form");
  if (!place || !form) return;
  let timer, asked = 0;
  const count = async () => {
    const mine = ++asked;
    const answer = await fetch(place.dataset.address, { method: "POST", body: new FormData(form) });
    if (!answer.ok || mine !== asked) return;
    place.textContent = (await answer.json()).said;
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(count, 300);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  // Fields that search tell jQuery only.
  window.django?.jQuery(form).on("change", later);
  count();
});
