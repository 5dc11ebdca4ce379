// A work that is running is shown anew until it is done.
if (document.querySelector('[data-work="running"]')) {
  setTimeout(() => location.reload(), 2000);
}
