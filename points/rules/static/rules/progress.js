// While a backtest is computed its page renews itself.
document.addEventListener("DOMContentLoaded", () => {
  if (document.querySelector("[data-running]")) setTimeout(() => location.reload(), 2000);
});
