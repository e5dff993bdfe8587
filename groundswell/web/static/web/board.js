// The board stands still while somebody uses it: nothing moves from under a finger, a focus or an open table.
document.addEventListener("htmx:beforeRequest", (event) => {
  const board = event.target;
  if (board.id !== "board") return;
  const used = board.contains(document.activeElement) || board.querySelector("details[open]");
  if (used || document.hidden) event.preventDefault();
});

// Where the site does not answer, the board says so until it does.
const away = (hidden) => document.querySelector("#away .notice")?.toggleAttribute("hidden", hidden);
document.addEventListener("htmx:sendError", () => away(false));
document.addEventListener("htmx:responseError", () => away(false));
document.addEventListener("htmx:afterOnLoad", () => away(true));
