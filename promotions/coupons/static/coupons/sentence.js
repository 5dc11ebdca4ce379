// While a coupon template is typed, its sentence says what the coupon would do.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("#coupontemplate_form");
  const place = document.querySelector("#coupon-sentence");
  if (!form || !place || !form.querySelector("[name=kind]")) return;
  const address = window.location.pathname.replace(/(add|[^/]+\/change)\/$/, "sentence/");
  let timer, asked = 0;
  const say = async () => {
    const mine = ++asked;
    const answer = await fetch(address, { method: "POST", body: new FormData(form) });
    if (!answer.ok || mine !== asked) return;
    place.textContent = (await answer.json()).sentence || "–";
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(say, 250);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  // Fields that search tell jQuery only.
  window.django?.jQuery(form).on("change", later);
});
