// The rule in plain words, renewed by the server while the form is filled in.
document.addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("rule-sentence");
  const form = document.getElementById("earningrule_form");
  if (!box || !form) return;
  const text = box.querySelector("p");
  let waiting, asked = 0;

  const renew = async () => {
    const mine = ++asked;
    const answer = await fetch(box.dataset.url, {method: "POST", body: new FormData(form)});
    if (!answer.ok || mine !== asked) return;
    text.textContent = (await answer.json()).sentence || box.dataset.empty;
  };
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(renew, 250);
  };

  form.addEventListener("input", later);
  form.addEventListener("change", later);
  // Fields that search tell jQuery only.
  window.django?.jQuery(form).on("change", later);
  renew();
});
