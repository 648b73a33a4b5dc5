/* Warns before the idle log-out, and keeps what was typed until the same person is back on the same page.
 *
 * The server decides: it logs out after data-minutes without a request. Typing and clicking count here, so they are
 * told to the server, at most once a minute. All tabs share the time of the last activity. What was typed stays in
 * this tab's sessionStorage, is given back to the same user alone, on the same page, straight after the log-in, and
 * is forgotten in every other case. Passwords and files are never kept. */
(() => {
  const { minutes, user, here, login } = document.currentScript.dataset;
  const dialog = document.getElementById("idle");
  const left = document.getElementById("idle-left");
  const LIMIT = Number(minutes) * 60_000;
  const WARNING = Math.min(120_000, LIMIT / 2);
  const TELL_EVERY = Math.min(60_000, LIMIT / 4);
  const page = location.pathname + location.search;
  let told = Date.now();
  let leaving = false;

  const active = () => Math.max(Number(localStorage.getItem("active")) || 0, told);
  localStorage.setItem("active", told);

  // --- What was typed --------------------------------------------------------------------------------------------
  const fields = () => [...document.querySelectorAll("main form :is(input, textarea, select)[name]")]
    .filter((field) => !["hidden", "password", "file", "search", "submit"].includes(field.type) && !field.readOnly);
  const isTicked = (field) => ["checkbox", "radio"].includes(field.type);
  const keyOf = (field) => `${field.form.action} ${field.name} ${isTicked(field) ? field.value : ""}`;
  const valueOf = (field) => (isTicked(field) ? field.checked : field.value);

  const keep = () => {
    const typed = Object.fromEntries(fields().map((field) => [keyOf(field), valueOf(field)]));
    sessionStorage.setItem("draft", JSON.stringify({ user, page, typed }));
  };

  const giveBack = () => {
    const draft = JSON.parse(sessionStorage.getItem("draft") || "null");
    sessionStorage.removeItem("draft");
    const fromLogIn = document.referrer.startsWith(`${location.origin}/accounts/`);
    if (!draft || !fromLogIn || draft.user !== user || draft.page !== page) return;
    let changed = false;
    for (const field of fields()) {
      const typed = draft.typed[keyOf(field)];
      if (typed === undefined || typed === valueOf(field)) continue;
      if (isTicked(field)) field.checked = typed;
      else field.value = typed;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      changed = true;
    }
    const kept = document.getElementById("idle-kept");
    if (changed) kept.textContent = kept.dataset.keptWords;
  };

  // --- The clock -------------------------------------------------------------------------------------------------
  const leave = () => {
    if (leaving) return;
    leaving = true;
    keep();
    location.assign(`${login}?next=${encodeURIComponent(page)}`);
  };

  const tell = async () => {
    told = Date.now();
    localStorage.setItem("active", told);
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(here, { method: "POST", headers: { "X-CSRFToken": token }, redirect: "manual" })
      .catch(() => null);
    if (answer && answer.status !== 204) leave();
  };

  const noteActivity = () => {
    if (!dialog.open && Date.now() - told > TELL_EVERY) tell();
  };

  const look = () => {
    const rest = LIMIT - (Date.now() - active());
    if (rest <= -5000) { // The server began to count a moment later than we did.
      leave();
    } else if (rest <= WARNING) {
      if (!dialog.open) dialog.showModal();
      const seconds = Math.max(0, Math.ceil(rest / 1000));
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    } else if (dialog.open) {
      dialog.close();
    }
  };

  giveBack();
  document.addEventListener("submit", keep, true);
  for (const event of ["input", "keydown", "pointerdown"]) document.addEventListener(event, noteActivity, true);
  document.getElementById("idle-stay").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { if (!leaving) tell(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  setInterval(look, 1000);
})();
