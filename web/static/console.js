// Takes a notice back when it is old news, says whether events come in live, keeps their table short,
// and stops a form from being sent twice.
// Everything works without it.
(() => {
  const here = new URL(location.href);
  if (here.searchParams.has("notice")) {
    here.searchParams.delete("notice");
    history.replaceState(null, "", here);
    setTimeout(() => document.querySelector("main > .note[role=status]")?.remove(), 10000);
  }
  const say = (text) => {
    const place = document.getElementById("stream-state");
    if (place && place.textContent !== text) place.textContent = text;
  };
  document.addEventListener("htmx:sse:after:connection", () => say("live"));
  for (const name of ["htmx:sse:error", "htmx:sse:close", "interrupted"]) {
    document.addEventListener(name, () => say("reconnecting…"));
  }
  document.addEventListener("htmx:sse:after:message", () => {
    const rows = document.getElementById("events")?.rows;
    while (rows && rows.length > 300) rows[rows.length - 1].remove();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
  });
  // A page brought back by the browser's history may be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
    }
  });
})();
