/* Live parts rest while nobody looks: in a hidden tab no part asks again. Those that also listen to visibilitychange
 * ask at once when the tab is shown. */
document.addEventListener("htmx:beforeRequest", (event) => {
  const asksAgain = event.detail.elt.getAttribute("hx-trigger")?.startsWith("every ");
  if (document.hidden && asksAgain) event.preventDefault();
});
