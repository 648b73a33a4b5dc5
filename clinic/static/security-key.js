/* Ties the one button of a page to the library's scripts, and says it in words when the key did not work. */
(() => {
  const button = document.querySelector("[data-security-key]");
  const problem = document.getElementById("key-problem");
  const forms = window.allauth?.webauthn?.forms;
  if (!button || !forms) return;

  const say = (words) => {
    problem.textContent = words;
    problem.hidden = false;
  };
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    say(problem.dataset.failedWords);
  });
  if (!window.PublicKeyCredential || !window.isSecureContext) {
    say(problem.dataset.unableWords);
    button.disabled = true;
    return;
  }
  button.addEventListener("click", () => { problem.hidden = true; });
  forms[button.dataset.securityKey]({
    ids: { [button.dataset.action]: button.id, credential: button.dataset.credential, data: "key-data" },
  });
})();
